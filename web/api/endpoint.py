"""One way in for every REST call: host, origin, session, CSRF, permission, deadline; then the handler.

A route is declared with what it needs (`needs=None`: open to everybody), so none can forget it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from web.api.bodies import cursor_of
from web.deps import WebDeps
from web.encoding import Document, encode
from web.ports import Page, Refusal, Refused, SessionRecord, User
from web.problems import FieldError, Problem, invalid, not_found
from web.realtime.socket import LiveSockets
from web.security.origin import SAFE_METHODS, host_is_ours, is_secure, origin_is_ours, peer_address
from web.security.passwords import PasswordHasher
from web.security.permissions import Permission, may
from web.security.sessions import COOKIE, CSRF_HEADER, Sessions, csrf_fits
from web.security.throttle import LoginThrottle

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """What the handlers share."""

    deps: WebDeps
    sessions: Sessions
    hasher: PasswordHasher
    throttle: LoginThrottle
    live: LiveSockets


@dataclass(slots=True, kw_only=True)
class Asked:
    """One request on its way through a handler."""

    request: web.Request
    services: ApiServices
    session: SessionRecord | None

    @property
    def deps(self) -> WebDeps:
        return self.services.deps

    @property
    def user(self) -> User:
        """Who asks. Raises Problem 401 on a route that is open to everybody."""
        if self.session is None:
            raise not_signed_in()
        return self.session.user

    @property
    def token(self) -> str:
        """The session cookie's value, `""` if there is none."""
        return self.request.cookies.get(COOKIE, "")

    @property
    def secure(self) -> bool:
        return request_is_secure(self.request, self.deps)

    @property
    def peer(self) -> str:
        return peer_address(self.request.remote or "", self.request.headers, self.deps.surroundings)

    def allowed(self, permission: Permission) -> bool:
        return may(self.user.role, permission)

    async def body(self, model: type[Body]) -> Body:
        """The JSON body as `model`. Raises Problem 415, 413, 400 or 422."""
        if self.request.content_type != "application/json":
            raise Problem(415, "not-json", "Send the body as application/json.")
        try:
            fields = orjson.loads(await self.request.read())
        except orjson.JSONDecodeError:
            raise Problem(400, "broken-json", "The body is not valid JSON in UTF-8.") from None
        return _checked(model, fields)

    def query(self, model: type[Body]) -> Body:
        """The query string as `model`. Raises Problem 422."""
        return _checked(model, dict(self.request.query))

    def path(self, model: type[Body]) -> Body:
        """The parts of the path as `model`; one of the wrong form names nothing. Raises Problem 404."""
        try:
            return model.model_validate(dict(self.request.match_info))
        except ValidationError:
            raise not_found("thing") from None


Handler = Callable[[Asked], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A route. `csrf=False` only where the request itself carries a secret (signing in, setting up)."""

    method: str
    path: str
    handler: Handler
    needs: Permission | None
    csrf: bool = True


def guarded(
    endpoint: Endpoint, services: ApiServices
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of an endpoint. It raises Problems; the application's middleware answers them."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(services.deps.limits.request_seconds):
                return await endpoint.handler(await _admit(endpoint, request, services))
        except TimeoutError:
            raise Problem(
                503, "too-slow", "The answer took too long; try again.", headers={"Retry-After": "5"}
            ) from None

    return handle


async def _admit(endpoint: Endpoint, request: web.Request, services: ApiServices) -> Asked:
    check_came_from_us(request, services.deps)
    session = None
    if endpoint.needs is not None:
        session = await services.sessions.find(request.cookies.get(COOKIE))
        if session is None:
            raise not_signed_in()
        if endpoint.csrf and request.method not in SAFE_METHODS:
            require_csrf(request)
        if not may(session.user.role, endpoint.needs):
            raise Problem(403, "not-allowed", "Your role does not allow this.")
    return Asked(request=request, services=services, session=session)


def require_csrf(request: web.Request) -> None:
    """Raises Problem 403 unless the header carries the token that belongs to the session cookie."""
    if not csrf_fits(request.cookies.get(COOKIE, ""), request.headers.get(CSRF_HEADER)):
        raise Problem(403, "csrf", f"Send the token of GET /api/v1/session in the header {CSRF_HEADER}.")


def check_came_from_us(request: web.Request, deps: WebDeps, *, always: bool = False) -> None:
    """Host on every request; Origin on those that may change something (`always`: on this one too).

    Raises Problem 421 or 403.
    """
    around = deps.surroundings
    if not host_is_ours(request.host, around):
        raise Problem(
            421, "other-host", "This server does not answer for that host name; see server.public_url."
        )
    if request.method in SAFE_METHODS and not always:
        return
    headers = request.headers
    if not origin_is_ours(
        headers.get("Origin"),
        headers.get("Sec-Fetch-Site"),
        host=request.host,
        secure=request_is_secure(request, deps),
        around=around,
    ):
        raise Problem(
            403, "other-origin", "The request comes from a page of another site; see server.public_url."
        )


def request_is_secure(request: web.Request, deps: WebDeps) -> bool:
    """Whether the browser spoke TLS."""
    return is_secure(request.scheme, request.remote or "", request.headers, deps.surroundings)


def not_signed_in() -> Problem:
    return Problem(401, "not-signed-in", "Sign in first.")


def answer(document: Document, *, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=encode(document), status=status, content_type="application/json")


def items(documents: Document) -> web.Response:
    """A JSON answer `{items: […]}`."""
    return answer({"items": documents})


def page(found: Page) -> web.Response:
    """A JSON answer `{items: […], next}`: `next` is the cursor of the page after this one, null at the end."""
    rest = found.rest
    return answer({"items": found.items, "next": None if rest is None else cursor_of(rest)})


def no_content() -> web.Response:
    return web.Response(status=204)


_STATUS = {Refused.NOT_FOUND: 404, Refused.NOT_NOW: 409, Refused.INVALID: 422, Refused.UNAVAILABLE: 503}


def granted(outcome: Refusal | Document) -> Document:
    """What a port answered; a Refusal becomes the Problem it stands for."""
    if not isinstance(outcome, Refusal):
        return outcome
    errors = [FieldError(outcome.field, outcome.detail)] if outcome.field else []
    headers = {"Retry-After": "2"} if outcome.why is Refused.UNAVAILABLE else {}
    raise Problem(_STATUS[outcome.why], outcome.why.value, outcome.detail, errors=errors, headers=headers)


def _checked(model: type[Body], fields: object) -> Body:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise invalid(
            FieldError(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found
        ) from None
