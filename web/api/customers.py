"""Customers: search, quick-create, the record, notes."""

from __future__ import annotations

from aiohttp import web

from web.api.bodies import CustomerPath, NewCustomerBody, NoteBody, PageQuery, SearchQuery
from web.api.endpoint import Asked, Endpoint, answer, granted, items, page
from web.ports import NewCustomer
from web.problems import not_found
from web.security.permissions import Permission


async def search(asked: Asked) -> web.Response:
    query = asked.query(SearchQuery)
    return items(await asked.deps.directory.search(query.q, query.limit))


async def create(asked: Asked) -> web.Response:
    body = await asked.body(NewCustomerBody)
    customer = NewCustomer(
        name=body.name,
        company=body.company,
        language=body.language,
        numbers=tuple(body.numbers),
        call_id=body.call_id,
    )
    return answer(granted(await asked.deps.directory.create(customer, asked.user)), status=201)


async def record(asked: Asked) -> web.Response:
    found = await asked.deps.directory.record(asked.path(CustomerPath).id)
    if found is None:
        raise not_found("customer")
    return answer(found)


async def add_note(asked: Asked) -> web.Response:
    customer_id = asked.path(CustomerPath).id
    body = await asked.body(NoteBody)
    note = await asked.deps.directory.add_note(customer_id, body.text, body.call_id, asked.user)
    return answer(granted(note), status=201)


async def changes(asked: Asked) -> web.Response:
    customer_id = asked.path(CustomerPath).id
    query = asked.query(PageQuery)
    return page(await asked.deps.directory.changes(customer_id, rest=query.cursor, limit=query.limit))


ENDPOINTS = (
    Endpoint(method="GET", path="/customers", handler=search, needs=Permission.SEE_CUSTOMERS),
    Endpoint(method="POST", path="/customers", handler=create, needs=Permission.EDIT_CUSTOMERS),
    Endpoint(method="GET", path="/customers/{id}", handler=record, needs=Permission.SEE_CUSTOMERS),
    Endpoint(method="GET", path="/customers/{id}/changes", handler=changes, needs=Permission.SEE_AUDIT),
    Endpoint(method="POST", path="/customers/{id}/notes", handler=add_note, needs=Permission.EDIT_CUSTOMERS),
)
