"""The first start: the first administrator, made once, by whoever can read the server's console."""

from __future__ import annotations

from aiohttp import web

from web.api.bodies import SetupBody
from web.api.endpoint import ApiServices, Asked, Endpoint, answer, check_came_from_us, request_is_secure
from web.ports import User
from web.problems import FieldError, Problem, invalid
from web.security.passwords import HasherBusy, weakness
from web.security.setup import COOKIE, key_fits

_KEY_SECONDS = 3600  # to fill in one form


async def setup_state(asked: Asked) -> web.Response:
    """Whether an administrator is still to be made; in the demo, who may sign in."""
    demo = asked.deps.demo
    state: dict[str, object] = {
        "needed": demo is None and not await asked.deps.accounts.has_admin(),
        "demo": demo is not None,
    }
    if demo is not None:
        state["sign_ins"] = list(demo.sign_ins)
    return answer(state)


async def make_first_admin(asked: Asked) -> web.Response:
    body = await asked.body(SetupBody)
    if asked.deps.demo is not None or await asked.deps.accounts.has_admin():
        raise _already_done()
    given = body.key or asked.request.cookies.get(COOKIE)
    if not key_fits(asked.deps.setup_key, given):
        raise Problem(
            403, "setup-key", "Open the link that the server printed on its console when it started."
        )
    weak = weakness(body.password, login=body.login)
    if weak is not None:
        raise invalid([FieldError("password", weak)])
    user = await _create(asked, body)
    response = answer({"user": user}, status=201)
    response.del_cookie(COOKIE, path="/api/v1/setup")
    return response


async def _create(asked: Asked, body: SetupBody) -> User:
    try:
        stored = await asked.services.hasher.hash(body.password)
    except HasherBusy:
        raise Problem(503, "busy", "The server is busy; try again.", headers={"Retry-After": "2"}) from None
    user = await asked.deps.accounts.create_first_admin(
        login=body.login, name=body.name, password_hash=stored
    )
    if user is None:
        raise _already_done()
    return user


def _already_done() -> Problem:
    return Problem(409, "already-set-up", "An administrator exists already; sign in, or ask that person.")


class FirstStart:
    """The page behind the console's link: puts the key into a cookie and goes on to the desktop."""

    def __init__(self, services: ApiServices) -> None:
        self._services = services

    async def serve(self, request: web.Request) -> web.StreamResponse:
        deps = self._services.deps
        check_came_from_us(request, deps)
        response = web.Response(status=303, headers={"Location": "/"})
        key = request.query.get("key", "")
        if key_fits(deps.setup_key, key):
            response.set_cookie(
                COOKIE,
                key,
                httponly=True,
                samesite="Strict",
                secure=request_is_secure(request, deps),
                path="/api/v1/setup",
                max_age=_KEY_SECONDS,
            )
        return response


ENDPOINTS = (
    Endpoint(method="GET", path="/setup", handler=setup_state, needs=None),
    Endpoint(method="POST", path="/setup", handler=make_first_admin, needs=None, csrf=False),
)
