"""The demo's button: a made-up caller rings."""

from __future__ import annotations

from aiohttp import web

from web.api.bodies import DemoCallBody
from web.api.endpoint import Asked, Endpoint, answer
from web.problems import not_found
from web.security.permissions import Permission


async def call(asked: Asked) -> web.Response:
    if asked.deps.demo is None:
        raise not_found("demo")
    body = await asked.body(DemoCallBody)
    await asked.deps.demo.call(body.kind)
    return answer({}, status=202)


ENDPOINTS = (Endpoint(method="POST", path="/demo/calls", handler=call, needs=Permission.DEMO_CALL),)
