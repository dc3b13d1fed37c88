"""Signing in and out, and one's own preferences."""

from __future__ import annotations

import math
from dataclasses import replace

from aiohttp import web

from web.api.bodies import PreferencesBody, SignInBody
from web.api.endpoint import Asked, Endpoint, answer, no_content, require_csrf
from web.ports import Credentials
from web.problems import Problem
from web.security.passwords import HasherBusy
from web.security.permissions import Permission
from web.security.sessions import COOKIE, csrf_token, digest_of


async def sign_in(asked: Asked) -> web.Response:
    """Check a password and open a session. A session the browser already had ends."""
    body = await asked.body(SignInBody)
    credentials = await _prove(asked, body)
    if asked.token:
        await _end(asked)
    token = await asked.services.sessions.open(credentials.user)
    response = answer({"user": credentials.user, "csrf": csrf_token(token)})
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="Lax",
        secure=asked.secure,
        path="/",
        max_age=int(asked.services.sessions.policy.absolute),
    )
    return response


async def _prove(asked: Asked, body: SignInBody) -> Credentials:
    services = asked.services
    now = asked.deps.clock.monotonic()
    wait = services.throttle.take(body.login, asked.peer, now)
    if wait > 0:
        raise Problem(
            429,
            "too-many-tries",
            "Too many wrong passwords; wait before the next try.",
            headers={"Retry-After": str(math.ceil(wait))},
        )
    credentials = await asked.deps.accounts.credentials(body.login)
    stored = credentials.password_hash if credentials else None
    try:
        fits = await services.hasher.verify(stored, body.password)
        if fits and credentials and services.hasher.needs_rehash(credentials.password_hash):
            renewed = await services.hasher.hash(body.password)
            await asked.deps.accounts.set_password_hash(credentials.user.id, renewed)
    except HasherBusy:
        raise Problem(
            503, "busy", "Too many people sign in at once; try again.", headers={"Retry-After": "2"}
        ) from None
    if not fits or credentials is None:
        services.throttle.was_wrong(asked.peer, now)
        raise Problem(401, "wrong-password", "Login or password is wrong.")
    services.throttle.was_right(body.login)
    return credentials


async def who_am_i(asked: Asked) -> web.Response:
    return answer(
        {
            "user": asked.user,
            "csrf": csrf_token(asked.token),
            "demo": asked.deps.demo is not None,
            "pause_reasons": list(asked.deps.pause_reasons),
            "queues": list(asked.deps.queues),
        }
    )


async def sign_out(asked: Asked) -> web.Response:
    """End the session and its sockets. Without a session there is nothing to end or protect: also 204."""
    if await asked.services.sessions.find(asked.token) is not None:
        require_csrf(asked.request)
        await _end(asked)
    response = no_content()
    response.del_cookie(COOKIE, path="/")
    return response


async def _end(asked: Asked) -> None:
    await asked.services.sessions.close(asked.token)
    asked.services.live.end_session(digest_of(asked.token))


async def set_preferences(asked: Asked) -> web.Response:
    body = await asked.body(PreferencesBody)
    await asked.deps.accounts.set_language(asked.user.id, body.language)
    return answer({"user": replace(asked.user, language=body.language)})


ENDPOINTS = (
    Endpoint(method="POST", path="/session", handler=sign_in, needs=None, csrf=False),
    Endpoint(method="GET", path="/session", handler=who_am_i, needs=Permission.OWN_SESSION),
    Endpoint(method="DELETE", path="/session", handler=sign_out, needs=None, csrf=False),
    Endpoint(method="PUT", path="/me/preferences", handler=set_preferences, needs=Permission.OWN_SESSION),
)
