"""Checks of single cells. Each returns the value, or raises `Wrong` with what is allowed. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from crm_core.columns import to_scaled
from crm_core.numbers import Number, NumberKind, parse_number
from crm_core.tables import MAX_CUSTOMER_NUMBER

_Choice = TypeVar("_Choice", bound=StrEnum)

MAX_PHONES = 10
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?(Z)?")
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,4})?")


class Wrong(ValueError):
    """`field` holds `found`; the text says what is allowed."""

    def __init__(self, field: str, found: str, allowed: str) -> None:
        super().__init__(allowed)
        self.field = field
        self.found = found


def text(fields: Mapping[str, str], field: str, longest: int) -> str | None:
    """The cell, None if empty."""
    value = fields.get(field, "")
    if len(value) > longest:
        raise Wrong(field, value, f"at most {longest} characters")
    return value or None


def required(fields: Mapping[str, str], field: str, longest: int) -> str:
    value = text(fields, field, longest)
    if value is None:
        raise Wrong(field, "", "must not be empty")
    return value


def key(fields: Mapping[str, str], field: str) -> str:
    """A customer's or order's number."""
    return required(fields, field, MAX_CUSTOMER_NUMBER)


def choice(fields: Mapping[str, str], field: str, choices: type[_Choice], default: _Choice | None) -> _Choice:
    value = fields.get(field, "").casefold()
    if not value and default is not None:
        return default
    try:
        return choices(value)
    except ValueError:
        raise Wrong(field, fields.get(field, ""), f"one of {', '.join(choices)}") from None


def language(fields: Mapping[str, str], field: str) -> str | None:
    value = text(fields, field, 16)
    if value is not None and _LANGUAGE.fullmatch(value) is None:
        raise Wrong(field, value, "a language tag like en or zh-CN")
    return value


def email(fields: Mapping[str, str], field: str) -> str | None:
    value = text(fields, field, 254)
    if value is not None and _EMAIL.fullmatch(value) is None:
        raise Wrong(field, value, "an e-mail address like name@example.com")
    return value


def phones(fields: Mapping[str, str], columns: Mapping[str, str], region: str) -> list[tuple[Number, str]]:
    """The numbers in all phone columns with their labels; several in one cell are parted by semicolons."""
    found: list[tuple[Number, str]] = []
    for field, label in columns.items():
        for raw in re.split("[;；]", fields.get(field, "")):
            number = parse_number(raw.strip(), region=region)
            if number.kind is NumberKind.ANONYMOUS:
                continue
            if number.kind is NumberKind.MALFORMED:
                raise Wrong(field, raw, "a telephone number like +44 20 7946 0123; several with ; between")
            found.append((number, label))
    if len(found) > MAX_PHONES:
        raise Wrong(next(iter(columns)), str(len(found)), f"at most {MAX_PHONES} numbers")
    return found


def moment(fields: Mapping[str, str], field: str) -> float | None:
    """UTC seconds of a date, or of a date and time in UTC."""
    value = fields.get(field, "")
    if not value:
        return None
    read = _DATE.fullmatch(unicodedata.normalize("NFKC", value))
    try:
        if read is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in read.groups()[:6])
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        raise Wrong(field, value, "a date like 2026-11-21 or 2026-11-21 14:30 (UTC)") from None


def decimal(fields: Mapping[str, str], field: str) -> Decimal:
    """An exact decimal with a point and at most four places."""
    value = unicodedata.normalize("NFKC", fields.get(field, ""))
    allowed = "a number like 1249.50: no thousands separator, at most 4 decimal places"
    if _DECIMAL.fullmatch(value) is None:
        raise Wrong(field, fields.get(field, ""), allowed)
    try:
        number = Decimal(value)
        to_scaled(number)
    except (InvalidOperation, ValueError):
        raise Wrong(field, value, allowed) from None
    return number


def currency(fields: Mapping[str, str], field: str) -> str:
    value = fields.get(field, "").upper()
    if len(value) != 3 or not value.isascii() or not value.isalpha():
        raise Wrong(field, fields.get(field, ""), "a currency code like USD, GBP or CNY")
    return value
