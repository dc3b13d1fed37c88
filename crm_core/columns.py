"""Column types that both databases keep exactly."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

DECIMAL_PLACES = 4  # ISO 4217 has currencies of 0 to 4 places, and unit prices go below the cent
_SCALE = 10**DECIMAL_PLACES
_LARGEST = 2**63 - 1

ROW_ID: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit keys; SQLite makes them itself only for a column declared INTEGER."""


def to_scaled(value: Decimal) -> int:
    """`value` in ten-thousandths. Raises ValueError if that is not exact or does not fit 64 bits."""
    if not value.is_finite():
        raise ValueError("a money amount must be finite")
    scaled = value * _SCALE
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"a money amount has at most {DECIMAL_PLACES} decimal places")
    if abs(whole) > _LARGEST:
        raise ValueError("a money amount this large cannot be stored")
    return whole


def from_scaled(scaled: int) -> Decimal:
    """The inverse of `to_scaled`."""
    return Decimal(scaled).scaleb(-DECIMAL_PLACES)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept as an integer of ten-thousandths, for SQLite would make a float of NUMERIC.

    Sums in SQL are exact, and give ten-thousandths when read without this type.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_scaled(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else from_scaled(value)


def sortable_text(length: int) -> TypeEngine[str]:
    """Text whose order is that of its bytes on both databases, so that a prefix is a range of an index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
