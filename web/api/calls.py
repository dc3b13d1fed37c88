"""Calls: the record of them, and what a person does with one on the desk."""

from __future__ import annotations

from aiohttp import web

from web.api.bodies import CallPath, ChosenCustomerBody, ListQuery
from web.api.endpoint import Asked, Endpoint, answer, granted, items, no_content
from web.problems import not_found
from web.security.permissions import Permission


def _whose(asked: Asked) -> str | None:
    """Whose calls this person may see: None for all. Raises Problem 404 for somebody without any."""
    if asked.allowed(Permission.SEE_ALL_CALLS):
        return None
    if asked.user.agent_id is None:
        raise not_found("call")
    return asked.user.agent_id


async def recent(asked: Asked) -> web.Response:
    query = asked.query(ListQuery)
    if asked.user.agent_id is None and not asked.allowed(Permission.SEE_ALL_CALLS):
        return items([])
    return items(await asked.deps.calls.recent(agent_id=_whose(asked), limit=query.limit))


async def one(asked: Asked) -> web.Response:
    call_id = asked.path(CallPath).id
    found = await asked.deps.calls.call(call_id, agent_id=_whose(asked))
    if found is None:
        raise not_found("call")
    return answer(found)


async def choose_customer(asked: Asked) -> web.Response:
    call_id = asked.path(CallPath).id
    body = await asked.body(ChosenCustomerBody)
    granted(await asked.deps.desk.choose_customer(call_id, body.customer_id, asked.user))
    return answer({})


async def put_away(asked: Asked) -> web.Response:
    """Take an ended call off my desk; twice is fine."""
    call_id = asked.path(CallPath).id
    if asked.user.agent_id is not None:
        granted(await asked.deps.desk.put_away(call_id, asked.user.agent_id))
    return no_content()


ENDPOINTS = (
    Endpoint(method="GET", path="/calls", handler=recent, needs=Permission.SEE_OWN_CALLS),
    Endpoint(method="GET", path="/calls/{id}", handler=one, needs=Permission.SEE_OWN_CALLS),
    Endpoint(
        method="PUT", path="/calls/{id}/customer", handler=choose_customer, needs=Permission.WORK_AT_DESK
    ),
    Endpoint(method="DELETE", path="/calls/{id}/desk", handler=put_away, needs=Permission.WORK_AT_DESK),
)
