"""Is the server well? For load balancers and people; no sign-in, no secrets."""

from __future__ import annotations

from aiohttp import web

from web.api.endpoint import Asked, Endpoint, answer


async def check(asked: Asked) -> web.Response:
    report = await asked.deps.health.check()
    return answer(report, status=200 if report.status == "ok" else 503)


ENDPOINTS = (Endpoint(method="GET", path="/health", handler=check, needs=None),)
