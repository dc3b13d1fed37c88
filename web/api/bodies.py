"""What requests may say. Strict types, no unknown fields; texts are bounded and printable."""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from web.ports import AgentWish, DemoCallKind, Language

_MAX_NUMBERS = 20  # numbers of one customer typed by hand
_MAX_ID = 2**53 - 1  # what a browser's number holds exactly
_MAX_LIMIT = 200  # rows in one answer


def _printable(text: str) -> str:
    if not all(char.isprintable() for char in text):
        raise ValueError("control characters are not allowed")
    return text


def _printable_lines(text: str) -> str:
    if not all(char.isprintable() or char in "\n\t" for char in text.replace("\r\n", "\n")):
        raise ValueError("control characters are not allowed")
    return text


def _line(max_length: int) -> object:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length)


Login = Annotated[str, _line(64), AfterValidator(_printable)]
Name = Annotated[str, _line(200), AfterValidator(_printable)]
NumberText = Annotated[str, _line(40), AfterValidator(_printable)]
CallIdText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:\-]{1,160}$")]
RecordId = Annotated[int, Field(ge=1, le=_MAX_ID)]
Password = Annotated[str, Field(min_length=1, max_length=256)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class _Text(BaseModel):
    """From a path or query string, where everything is text."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SetupBody(_Body):
    login: Login
    password: Password
    name: Name
    key: Annotated[str, Field(max_length=128)] | None = None


class SignInBody(_Body):
    login: Login
    password: Password


class PreferencesBody(_Body):
    language: Language


class StateBody(_Body):
    state: AgentWish
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")] | None = None


class NewCustomerBody(_Body):
    name: Name
    company: Name | None = None
    language: Language | None = None
    numbers: Annotated[list[NumberText], Field(max_length=_MAX_NUMBERS)]
    call_id: CallIdText | None = None


class NoteBody(_Body):
    text: Annotated[str, _line(10_000), AfterValidator(_printable_lines)]
    call_id: CallIdText | None = None


class ChosenCustomerBody(_Body):
    customer_id: RecordId


class DemoCallBody(_Body):
    kind: DemoCallKind | None = None


class SearchQuery(_Text):
    q: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_printable)
    ] = ""
    limit: Annotated[int, Field(ge=1, le=_MAX_LIMIT)] = 20


class ListQuery(_Text):
    limit: Annotated[int, Field(ge=1, le=_MAX_LIMIT)] = 50


def _position(cursor: object) -> int | None:
    """What `cursor_of` made; a client only hands it back."""
    if cursor is None:
        return None
    try:
        place = int(base64.urlsafe_b64decode(str(cursor) + "==").decode("ascii"))
    except ValueError:
        raise ValueError("not a cursor of this list") from None
    if not 0 < place <= _MAX_ID:
        raise ValueError("not a cursor of this list")
    return place


def cursor_of(place: int) -> str:
    """An opaque name for a place in a list."""
    return base64.urlsafe_b64encode(str(place).encode("ascii")).decode("ascii").rstrip("=")


class PageQuery(_Text):
    """`cursor` is the `next` of the page before."""

    cursor: Annotated[int | None, BeforeValidator(_position)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class CustomerPath(_Text):
    id: RecordId


class CallPath(_Text):
    id: CallIdText
