"""Who calls again, and who answers, while the server runs."""

from __future__ import annotations

from typing import Any

from callcenter.telephony.events import Endpoint
from tests.scenarios.stage import SEEN_SECONDS, SERVICE, Stage

STRANGER = "14155550142"


def pop(stage: Stage, extension: str) -> dict[str, Any] | None:
    """The only pop on that desk."""
    found: list[Any] = [doc for key, doc in stage.docs(extension).items() if key.startswith("pop:")]
    return found[0] if found else None


async def test_a_stranger_who_calls_again_is_shown_with_the_earlier_calls(stage: Stage) -> None:
    async with stage.running("1001"):
        caller, agent = await stage.phones("trunk", "1001")
        stage.pauses("1001")
        await caller.call(SERVICE, number=STRANGER)
        await stage.waiting(1)
        await caller.hang_up()
        await stage.over()
        first = await stage.row()
        stage.available("1001")
        await caller.call(SERVICE, number=STRANGER)
        await agent.ringing(SEEN_SECONDS)
        await stage.until(lambda: pop(stage, "1001"), "the pop")
        shown = pop(stage, "1001")
        assert shown is not None
        assert shown["match"]["confidence"] == "none"
        earlier = [call for call in shown["calls"] if call["id"] != shown["call_id"]]
        assert [(call["id"], call["outcome"]) for call in earlier] == [(first.id, "abandoned")]
        await caller.hang_up()
        await stage.over()


async def test_who_is_disabled_ends_their_call_and_a_new_agent_takes_the_next(stage: Stage) -> None:
    async with stage.running("1001"):
        first, second, leaving, coming = await stage.phones("trunk", "trunk2", "1001", "1002")
        stage.available("1001")
        await first.call(SERVICE)
        await leaving.ringing(SEEN_SECONDS)
        await leaving.answer()
        await stage.desk_shows("1001", "talking")
        await stage.disable("1001")
        await stage.hire("1002")
        floor = stage.server.floor
        await stage.until(lambda: floor.agent_at(Endpoint("PJSIP/1002")), "the new agent")
        await second.call(SERVICE)
        await stage.waiting(1)
        assert stage.calls_on("1001") == ["talking"]
        await first.hang_up()
        await stage.agent_is("1001", "offline")
        assert len(stage.server.dispatcher.board) == 1
        stage.available("1002")
        await coming.ringing(SEEN_SECONDS)
        await coming.answer()
        await stage.desk_shows("1002", "talking")
        await second.hang_up()
        await stage.over()
        rows = await stage.rows()
        assert [row.outcome.value for row in rows] == ["answered", "answered"]
        assert [row.last_agent for row in rows] == [stage.agent("1001"), stage.agent("1002")]
