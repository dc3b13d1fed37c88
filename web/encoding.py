"""JSON out, in one place: orjson with the house's rules.

What has a `to_json()` says itself what it is; other dataclasses go out by their fields, StrEnums by value, a
Decimal as a string (money is never a float), a datetime as UTC seconds since the epoch. Text that is not
valid Unicode (bytes of a switch kept by surrogateescape) is mended rather than refused: a caller's broken
name must not cost the pop.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import orjson

Document: TypeAlias = object
"""Anything `encode` takes: dicts, lists, frozen dataclasses, or bytes that already are JSON."""

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def encode(document: Document) -> bytes:
    """UTF-8 JSON of `document`; bytes are taken as JSON already. Raises TypeError for the unsayable."""
    if type(document) is bytes:
        return document
    try:
        return orjson.dumps(document, default=_plain, option=_OPTIONS)
    except orjson.JSONEncodeError:
        return _encode_mended(document)


def _plain(value: object) -> object:
    to_json = getattr(value, "to_json", None)
    if to_json is not None:
        return to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a datetime without a time zone cannot be sent")
        return value.timestamp()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")


def _encode_mended(document: Document) -> bytes:
    """The slow way for lone surrogates: each becomes `?`. Anything else wrong raises TypeError again."""
    text = json.dumps(document, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return orjson.dumps(orjson.loads(text.encode("utf-8", "replace")))
