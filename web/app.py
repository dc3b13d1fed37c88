"""The web as one aiohttp application: API, socket and desktop on one port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import ssl
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import web

from web.api import agents, calls, customers, demo, health, live, session, setup
from web.api.endpoint import ApiServices, guarded, request_is_secure
from web.deps import WebDeps
from web.ports import PartUnavailable
from web.problems import Problem, from_http
from web.realtime.fanout import Fanout
from web.realtime.socket import LiveSockets
from web.security.headers import ALWAYS, OVER_TLS
from web.security.passwords import PasswordHasher
from web.security.sessions import Sessions
from web.security.setup import PATH as FIRST_START
from web.security.throttle import LoginThrottle
from web.static import Desktop

log = logging.getLogger(__name__)
access_log = logging.getLogger("web.access")

API: Final = "/api/v1"
ENDPOINTS: Final = (
    *setup.ENDPOINTS,
    *session.ENDPOINTS,
    *agents.ENDPOINTS,
    *customers.ENDPOINTS,
    *calls.ENDPOINTS,
    *demo.ENDPOINTS,
    *health.ENDPOINTS,
)
SERVICES: Final = web.AppKey("services", ApiServices)
_BACKLOG: Final = 1024  # connections waiting to be accepted: every desk returns at once after a restart
_KEEP_ALIVE_SECONDS: Final = 75.0  # longer than the usual proxy's 60 s, so that the proxy closes first
_STOP_SECONDS: Final = 5.0  # for requests under way when the server stops
_LINGER_SECONDS: Final = 1.0  # reading on after a refusal, so that one who still sends gets to see it
_CLIENT_GONE: Final = 499  # in the log only: the client left before its answer

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_app(deps: WebDeps) -> web.Application:
    """The whole web over its ports. Started and stopped by an AppRunner (or `WebServer`)."""
    loop_call = _LoopCall()
    fanout = Fanout(deps.hub, deps.clock, loop_call, deps.fanout)
    services = ApiServices(
        deps=deps,
        sessions=Sessions(deps.accounts, deps.clock, deps.sessions),
        hasher=PasswordHasher(deps.hash_cost),
        throttle=LoginThrottle(),
        live=LiveSockets(
            fanout, per_user=deps.limits.sockets_per_user, close_seconds=deps.limits.close_seconds
        ),
    )
    app = web.Application(middlewares=[_log_access, _answer_problems], client_max_size=deps.limits.body_bytes)
    app[SERVICES] = services
    for endpoint in ENDPOINTS:
        app.router.add_route(endpoint.method, API + endpoint.path, guarded(endpoint, services))
    app.router.add_get(API + "/live", live.LiveEndpoint(services).serve)
    app.router.add_get(FIRST_START, setup.FirstStart(services).serve)
    app.router.add_get("/{path:(?!api/).*}", Desktop(deps.desktop).serve)
    app.on_response_prepare.append(_headers_for(deps))
    app.cleanup_ctx.append(_background(services))
    app.on_shutdown.append(_closer(services))
    return app


class _LoopCall:
    """`loop.call_soon` of whichever loop runs: the application is built before it."""

    def __call__(self, callback: Callable[[], None]) -> object:
        return asyncio.get_running_loop().call_soon(callback)


def _background(services: ApiServices) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(app: web.Application) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(services.live.run(), name="desk-ticks"),
            asyncio.create_task(live.end_dead_sessions(services), name="session-checks"),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        services.hasher.close()

    return run


def _closer(services: ApiServices) -> Callable[[web.Application], Awaitable[None]]:
    async def close(app: web.Application) -> None:
        await services.live.close_all()

    return close


def _headers_for(deps: WebDeps) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(ALWAYS)
        if request_is_secure(request, deps):
            response.headers.update(OVER_TLS)
        if request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
        response.headers.pop("Server", None)

    return add


@web.middleware
async def _answer_problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Every error as a problem document; an unforeseen one is logged without what it was about."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return from_http(error).response()
    except PartUnavailable as error:
        log.warning("request not served: %s", type(error.__cause__ or error).__name__)
        return _unavailable().response()
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            return web.Response(status=_CLIENT_GONE)  # nobody is there to read it; only the log does
        reference = secrets.token_hex(4)
        # The text of an exception may carry a statement's parameters: names and numbers. The places do not.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("request failed ref=%s error=%s\n%s", reference, type(error).__name__, places)
        return Problem(
            500, "fault", f"The server made a mistake; it is in its log under {reference}."
        ).response()


def _unavailable() -> Problem:
    return Problem(
        503,
        "unavailable",
        "A part of the server does not answer now; try again.",
        headers={"Retry-After": "2"},
    )


@web.middleware
async def _log_access(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Method, route, status, time: never the address, the query or the ids in the path."""
    began = time.perf_counter()
    status = _CLIENT_GONE
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "-"
        milliseconds = (time.perf_counter() - began) * 1000
        access_log.info("%s %s %d %.1f ms", request.method, route, status, milliseconds)


class WebServer:
    """The application on one port. `port` is the real one after `start` (0 asks for a free one)."""

    def __init__(
        self, app: web.Application, *, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> None:
        self.app = app
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            shutdown_timeout=_STOP_SECONDS,
            lingering_time=_LINGER_SECONDS,
        )
        self._host = host
        self._tls = tls
        self.port = port

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, self._host, self.port, ssl_context=self._tls, backlog=_BACKLOG)
            await site.start()
        except BaseException:
            await self._runner.cleanup()
            raise
        self.port = int(self._runner.addresses[0][1])

    async def check_sessions(self) -> None:
        """Close the sockets of sessions that are no more, now instead of within a minute."""
        await live.check_sessions(self.app[SERVICES])

    async def stop(self) -> None:
        """Close sockets with 1001, finish requests, stop listening. May be called twice."""
        with contextlib.suppress(RuntimeError):
            await self._runner.cleanup()
