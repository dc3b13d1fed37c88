"""Errors as problem details (RFC 9457): one exception, one way to answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from web.encoding import encode

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:callcenter:problem:"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input; `field` is its path, e.g. `numbers.0`."""

    field: str
    message: str


class Problem(Exception):
    """An answer that is an error. `kind` is stable for programs, `detail` says what to do next for people."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The HTTP answer."""
        body: dict[str, object] = {
            "type": TYPE_PREFIX + self.kind,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return web.Response(
            status=self.status, body=encode(body), content_type=CONTENT_TYPE, headers=self.headers
        )


def not_found(what: str) -> Problem:
    """404; also for what exists but is not this person's to see."""
    return Problem(404, "not-found", f"There is no such {what}, or it is not yours to see.")


def invalid(errors: Iterable[FieldError]) -> Problem:
    """422: well-formed input with wrong fields; nothing was stored."""
    return Problem(
        422, "invalid-input", "Correct the fields named in errors and send it again.", errors=errors
    )


_KINDS = {
    404: ("not-found", "There is nothing at this address. See docs/realtime.md for the addresses."),
    405: ("method-not-allowed", "This address does not take that method; see the Allow header."),
    413: ("too-large", "The body is larger than this address takes."),
}


def from_http(error: web.HTTPException) -> Problem:
    """aiohttp's own refusals (unknown path, wrong method, oversized body) in the same shape."""
    kind, detail = _KINDS.get(error.status, ("refused", error.reason or "The request was refused."))
    headers = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return Problem(error.status, kind, detail, headers=headers)
