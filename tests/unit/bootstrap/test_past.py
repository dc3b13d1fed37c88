"""The past as the call service asks for it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from callcenter.bootstrap.past import StoredCalls
from callcenter.bootstrap.server import Server
from tests.storage.journal_parts import AT, fold

THEIRS, OTHER = "+12025550142", "+12025550143"


@pytest.mark.parametrize(
    ("customer_id", "e164", "expected"),
    [
        (None, THEIRS, ["pbx:3", "pbx:2"]),
        (7, THEIRS, ["pbx:4"]),
        (None, None, []),
        (8, None, []),
    ],
)
async def test_the_last_calls_of_a_customer_or_of_a_number_that_is_nobodys(
    server: Server, customer_id: int | None, e164: str | None, expected: list[str]
) -> None:
    server.journal.append(
        (),
        [
            fold("pbx:1", arrived_at=AT + 1, caller_e164=THEIRS),
            fold("pbx:2", arrived_at=AT + 2, caller_e164=THEIRS),
            fold("pbx:3", arrived_at=AT + 3, caller_e164=THEIRS),
            fold("pbx:4", arrived_at=AT + 4, caller_e164=OTHER, customer_id=7),
            fold("pbx:5", arrived_at=AT + 5, caller_e164=None, caller_raw=""),
        ],
    )
    assert await server.journal.flush(20.0)
    found = await StoredCalls(server.history).last_calls(customer_id=customer_id, e164=e164, limit=2)
    assert [cast(Any, row).id for row in found] == expected
