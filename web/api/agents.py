"""The agent's own state."""

from __future__ import annotations

from aiohttp import web

from web.api.bodies import StateBody
from web.api.endpoint import Asked, Endpoint, answer, granted
from web.problems import FieldError, Problem, invalid
from web.security.permissions import Permission


async def set_my_state(asked: Asked) -> web.Response:
    body = await asked.body(StateBody)
    agent_id = asked.user.agent_id
    if agent_id is None:
        raise Problem(409, "not-an-agent", "You answer no calls: no phone is assigned to your sign-in.")
    known = {reason.id for reason in asked.deps.pause_reasons}
    if body.reason is not None and (body.state != "paused" or body.reason not in known):
        raise invalid([FieldError("reason", "only with paused, and one of the reasons of GET /session")])
    granted(await asked.deps.desk.set_state(agent_id, body.state, body.reason))
    return answer({})


ENDPOINTS = (Endpoint(method="PUT", path="/me/state", handler=set_my_state, needs=Permission.WORK_AT_DESK),)
