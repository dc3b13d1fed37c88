"""The call service with fakes all around it: what is written, shown and asked, and in which order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from callcenter.calls import identify
from callcenter.calls.changes import CallChange, Change
from callcenter.calls.entries import AgentStateChanged, EnteredQueue, NoteAdded
from callcenter.calls.identify import LONGEST_PAUSE, Identification, Question
from callcenter.calls.journal import fold
from callcenter.calls.record import CallState
from callcenter.calls.service import KEEP_ENDED_SECONDS, CallService
from callcenter.calls.transitions import IllegalTransition
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    Conversation,
    EndReason,
    LegIdentity,
    OfferEnd,
    SwitchGap,
)
from tests.unit.calls.fakes import FakeCard, Office, read_number, settled
from tests.unit.calls.story import ANNA, BEN, CALLER, T0, Story, leg_id

OTHER = "+442079460123"


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    office = Office()
    yield office
    await office.service.stop()
    await office.service.stop()


def events(story: Story) -> list[AnyCallEvent]:
    """What the switch would say of `story`: without what the service adds itself. Begins anew."""
    told = [entry for entry in story.told if not hasattr(entry, "agent")]
    story.told.clear()
    return told  # type: ignore[return-value]


async def test_the_record_stands_behind_the_pop_when_the_phone_rings(office: Office) -> None:
    story = Story().arrives()
    office.service.handle(events(story))
    await settled()
    assert office.directory.asked == [CALLER]
    office.hub.sent.clear()
    office.service.handle(events(story.rings(ANNA)))
    assert office.hub.sent == [("put", "agent:anna", "call:pbx:c"), ("put", "agent:anna", "pop:pbx:c")]
    assert office.hub.doc(ANNA, "pop:pbx:c") == {
        "call_id": "pbx:c",
        "match": {"confidence": "exact", "candidates": [{"id": 7, "name": "Mei Chen"}]},
        "customer": {"id": 7, "name": "Mei Chen", "orders": []},
        "calls": [{"id": "pbx:old", "customer": 7}],
        "missing": [],
    }
    number = office.hub.doc(ANNA, "call:pbx:c")["number"]
    assert number == read_number(CALLER).to_json()
    assert office.journal.rows[story.id].customer_id == 7
    assert office.journal.rows[story.id].caller_e164 == CALLER


async def test_a_slow_directory_holds_nothing_up(office: Office) -> None:
    office.directory.hold = asyncio.Event()
    office.service.handle(events(Story().arrives().rings(ANNA).answers(ANNA)))
    await settled()
    assert office.hub.keys(ANNA) == ["call:pbx:c"]
    assert office.hub.doc(ANNA, "call:pbx:c")["state"] == "talking"
    office.directory.hold.set()
    await settled()
    assert office.hub.keys(ANNA) == ["call:pbx:c", "pop:pbx:c"]


async def test_a_locked_database_is_said_and_asked_again_when_it_is_back(office: Office) -> None:
    office.directory.broken = True
    office.service.handle(events(Story().arrives().rings(ANNA)))
    await settled()
    pop = office.hub.doc(ANNA, "pop:pbx:c")
    assert (pop["match"], pop["missing"]) == ({"confidence": "unavailable", "candidates": []}, ["database"])
    written, sent = len(office.journal.lines), len(office.hub.sent)
    office.service.ask_again()
    await settled()
    assert (len(office.journal.lines), len(office.hub.sent)) == (written, sent)
    office.directory.broken = False
    office.clock.advance(LONGEST_PAUSE)
    office.service.ask_again()
    await settled()
    assert office.hub.doc(ANNA, "pop:pbx:c")["missing"] == []


async def test_a_record_that_cannot_be_loaded_is_named(office: Office) -> None:
    office.directory.records_broken = True
    office.service.handle(events(Story().arrives().rings(ANNA)))
    await settled()
    pop = office.hub.doc(ANNA, "pop:pbx:c")
    assert (pop["customer"], pop["missing"]) == (None, ["customer"])
    office.directory.records_broken = False
    office.clock.advance(LONGEST_PAUSE)
    office.service.ask_again()
    await settled()
    assert office.hub.doc(ANNA, "pop:pbx:c")["missing"] == []


async def test_an_outage_is_logged_once_and_asked_about_ever_more_rarely(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.directory.broken = True
    office.service.handle(events(Story().arrives().rings(ANNA)))
    await settled()
    for _ in range(60):
        office.clock.advance(1.0)
        office.service.ask_again()
        await settled()
    assert len(office.directory.asked) == 1 + 3 + (60 - 7) // 5
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "database is locked" not in caplog.text
    office.directory.broken = False
    with caplog.at_level(logging.INFO):
        office.clock.advance(LONGEST_PAUSE)
        office.service.ask_again()
        await settled()
    assert "look-ups work again: database" in caplog.text


async def test_when_one_look_up_works_again_no_other_waits(office: Office) -> None:
    office.directory.broken = True
    office.service.handle(events(Story().arrives().rings(ANNA)))
    await settled()
    office.clock.advance(LONGEST_PAUSE)
    office.service.handle(events(Story(id=CallId("pbx:d")).arrives("d").rings(BEN)))
    await settled()
    office.directory.broken = False
    office.service.ask_again()  # the one that waits no longer
    await settled()
    assert office.hub.doc(BEN, "pop:pbx:d")["missing"] == ["database"]
    office.service.ask_again()
    await settled()
    assert office.hub.doc(BEN, "pop:pbx:d")["missing"] == []


async def test_a_customer_whose_record_is_gone_is_not_asked_for_for_ever(office: Office) -> None:
    story = Story().arrives().rings(ANNA)
    office.service.handle(events(story))
    await settled()
    await office.service.choose_customer(story.id, 404, ANNA)
    await settled()
    pop = office.hub.doc(ANNA, "pop:pbx:c")
    assert (pop["customer"], pop["missing"]) == (None, ["customer"])
    asked = len(office.directory.asked)
    office.clock.advance(60.0)
    office.service.ask_again()
    await settled()
    assert len(office.directory.asked) == asked


async def test_a_directory_that_never_answers_has_a_deadline() -> None:
    office, found = Office(), []
    office.directory.hold = asyncio.Event()
    asking = Identification(
        callers=office.directory,
        read_number=read_number,
        done=lambda question, answer: found.append((question.call, answer.confidence, answer.missing)),
        seconds=0,
    )
    asking.ask(Question(call=CallId("pbx:c"), raw=CALLER))
    await settled()
    assert found == [("pbx:c", "unavailable", ("database",))]
    await asking.stop()
    asking.ask(Question(call=CallId("pbx:late"), raw=CALLER))
    await settled()
    assert len(found) == 1


async def test_a_storm_of_callers_is_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identify, "LOOKUPS_AT_ONCE", 2)
    monkeypatch.setattr(identify, "LOOKUPS_WAITING", 3)
    office.directory.hold = asyncio.Event()
    for number in range(20):
        story = Story(id=CallId(f"pbx:{number}")).arrives(f"c{number}", number=OTHER)
        office.service.handle(events(story))
    await settled()
    assert len(office.directory.asked) <= 2
    unavailable = [
        entry for entry in office.journal.entries() if getattr(entry, "confidence", "") == "unavailable"
    ]
    assert len(unavailable) == 20 - 3
    office.directory.hold.set()
    await settled()
    assert len(office.directory.asked) == 3


async def test_several_customers_are_offered_and_one_is_chosen(office: Office) -> None:
    office.directory.by_number[CALLER] = (FakeCard(7, "Mei"), FakeCard(8, "Jun"))
    office.service.handle(events(Story().arrives().rings(ANNA)))
    await settled()
    pop = office.hub.doc(ANNA, "pop:pbx:c")
    assert pop["customer"] is None
    assert office.journal.rows[CallId("pbx:c")].customer_id is None
    assert await office.service.choose_customer(CallId("pbx:c"), 8, ANNA)
    await settled()
    pop = office.hub.doc(ANNA, "pop:pbx:c")
    match = pop["match"]
    assert isinstance(match, dict)
    assert (match["confidence"], pop["customer"]) == ("chosen", {"id": 8, "name": "Jun", "orders": []})
    assert office.journal.rows[CallId("pbx:c")].customer_id == 8


async def test_a_customer_is_chosen_for_a_call_of_yesterday(office: Office) -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).ends("c", ANNA)
    office.service.handle(events(story))
    await settled()
    today = Office(journal=office.journal)
    assert await today.service.choose_customer(story.id, 9, ANNA)
    assert office.journal.rows[story.id].customer_id == 9
    assert fold(office.journal.entries()) == office.journal.rows
    assert not await today.service.choose_customer(CallId("pbx:none"), 9, ANNA)


async def test_late_caller_id_is_looked_up(office: Office) -> None:
    story = Story().arrives(number="").rings(ANNA)
    office.service.handle(events(story))
    await settled()
    office.service.handle([LegIdentity(at=T0, call=story.id, leg=leg_id("c"), number=CALLER, name="Mei")])
    await settled()
    customer = office.hub.doc(ANNA, "pop:pbx:c")["customer"]
    assert isinstance(customer, dict)
    assert customer["id"] == 7


async def test_the_pop_goes_when_a_colleague_answers(office: Office) -> None:
    story = Story().arrives().rings(ANNA).rings(BEN)
    office.service.handle(events(story))
    await settled()
    office.service.handle(events(story.wait(2).answers(BEN).offer_ends(ANNA, OfferEnd.ELSEWHERE)))
    assert office.hub.keys(ANNA) == ["recent"]
    assert office.hub.keys(BEN) == ["call:pbx:c", "pop:pbx:c"]
    recent = office.hub.docs["agent:anna"]["recent"]
    assert isinstance(recent, list)
    assert (recent[0]["how"], recent[0]["by"], recent[0]["customer"]) == (
        "elsewhere",
        "Ben",
        {"id": 7, "name": "Mei Chen"},
    )


async def test_answer_and_hang_up_in_one_batch_show_only_the_truth(office: Office) -> None:
    story = Story().arrives().rings(ANNA)
    office.service.handle(events(story))
    office.hub.sent.clear()
    office.service.handle(events(story.offer_ends(ANNA, OfferEnd.ANSWERED).up(ANNA).ends("c", ANNA)))
    assert office.hub.keys(ANNA) == ["recent"]
    assert ("put", "agent:anna", "call:pbx:c") not in office.hub.sent


async def test_everything_is_in_the_journal_and_its_fold_is_the_table(office: Office) -> None:
    story = Story().arrives()
    office.service.handle(events(story))
    await settled()
    office.service.record(EnteredQueue(at=T0, call=story.id, leg=leg_id("c"), queue="service"))
    office.service.handle(events(story.rings(ANNA).wait(3).answers(ANNA).wait(5)))
    office.service.handle([SwitchGap(switch="pbx", since=T0 + 6, until=T0 + 7, why="cut")])
    office.service.handle(events(story.ends("c", ANNA, reason=EndReason.UNKNOWN)))
    assert office.journal.kinds() == [
        "leg_added",
        "call_identified",
        "entered_queue",
        "leg_added",
        "agent_bound",
        "offered",
        "leg_ringing",
        "offer_ended",
        "leg_up",
        "leg_up",
        "conversation",
        "switch_gap",
        "gap_marked",
        "leg_ended",
        "leg_ended",
    ]
    assert fold(office.journal.entries()) == office.journal.rows
    own = await office.journal.entries_of(story.id)
    assert fold(own)[story.id] == office.journal.rows[story.id]


async def test_what_is_about_nobody_is_not_written(office: Office) -> None:
    office.service.handle([Conversation(at=T0, call=CallId("pbx:?"), conversation="b", members=())])
    assert office.journal.lines == []
    assert office.service.book.strays == 1


async def test_one_bad_event_harms_no_other(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.service.handle(["nonsense", *events(Story().arrives().rings(ANNA))])  # type: ignore[list-item]
    assert office.hub.keys(ANNA) == ["call:pbx:c"]
    assert "a str could not be taken" in caplog.text
    assert CALLER not in caplog.text


async def test_what_cannot_be_is_refused_and_not_written(office: Office) -> None:
    story = Story().arrives().ends("c")
    office.service.handle(events(story))
    written = len(office.journal.lines)
    entered = EnteredQueue(at=T0, call=story.id, leg=leg_id("c"), queue="service")
    with pytest.raises(IllegalTransition):
        office.service.record(entered)
    assert not office.service.note(entered)
    assert office.service.note(NoteAdded(at=T0, call=story.id, note=1, by=ANNA))
    assert len(office.journal.lines) == written + 1


async def test_an_agents_state_goes_to_the_journal_without_a_call(office: Office) -> None:
    office.service.record(AgentStateChanged(at=T0, agent=ANNA, state="paused", reason="lunch"))
    assert office.journal.lines[0].call_id == ""


async def test_listeners_hear_in_order_also_of_what_they_cause(office: Office) -> None:
    heard: list[tuple[str, Change]] = []
    service: CallService = office.service

    def router(changes: Sequence[CallChange]) -> None:
        for change in changes:
            heard.append(("router", change.what))
            if change.what is Change.ARRIVED:
                service.record(EnteredQueue(at=T0, call=change.call.id, leg=leg_id("c"), queue="service"))

    service.listen(router)
    service.listen(lambda changes: heard.extend(("floor", change.what) for change in changes))
    service.handle(events(Story().arrives()))
    assert heard == [
        ("router", Change.ARRIVED),
        ("router", Change.LEG),
        ("floor", Change.ARRIVED),
        ("floor", Change.LEG),
        ("router", Change.QUEUE),
        ("router", Change.STATE),
        ("floor", Change.QUEUE),
        ("floor", Change.STATE),
    ]


async def test_a_listener_that_fails_stops_nobody(office: Office) -> None:
    heard: list[Change] = []

    def broken(changes: Sequence[CallChange]) -> None:
        raise RuntimeError("oops")

    office.service.listen(broken)
    office.service.listen(lambda changes: heard.extend(change.what for change in changes))
    office.service.handle(events(Story().arrives()))
    assert heard == [Change.ARRIVED, Change.LEG]


async def test_an_ended_call_is_put_away(office: Office) -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA)
    office.service.handle(events(story))
    await settled()
    assert not office.service.put_away(story.id, ANNA)
    office.service.handle(events(story.ends("c", ANNA)))
    assert office.service.on_desk(story.id, ANNA)
    assert office.service.put_away(story.id, ANNA)
    assert office.service.put_away(story.id, ANNA)
    assert office.hub.keys(ANNA) == ["recent"]
    assert office.journal.kinds()[-1] == "desk_dismissed"


async def test_ended_calls_leave_memory_but_not_the_desk(office: Office) -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).ends("c", ANNA)
    missed = Story(id=CallId("pbx:m")).arrives("m").rings(BEN, "b", for_leg="m").ends("b", "m")
    office.service.handle([*events(story), *events(missed)])
    await settled()
    office.clock.advance(KEEP_ENDED_SECONDS + 1)
    office.service.handle(events(Story(id=CallId("pbx:x")).arrives("x")))
    assert office.service.get(missed.id) is None
    assert office.service.get(story.id) is not None
    office.service.put_away(story.id, ANNA)
    office.clock.advance(KEEP_ENDED_SECONDS + 1)
    office.service.handle(events(Story(id=CallId("pbx:y")).arrives("y")))
    assert office.service.get(story.id) is None


async def test_a_restart_shows_what_was_on_the_desks(office: Office) -> None:
    done = Story().arrives().rings(ANNA).answers(ANNA).wait(9).ends("c", ANNA)
    talk = Story(id=CallId("pbx:t"), at=T0 + 60).arrives("t").rings(BEN, "b", for_leg="t")
    talk.answers("b", other="t", conversation="b7")
    office.service.handle([*events(done), *events(talk)])
    await settled()
    after = Office(clock=office.clock, journal=office.journal)
    lines = len(office.journal.lines)
    after.service.restore(office.journal.entries())
    assert len(office.journal.lines) == lines
    assert after.hub.doc(ANNA, "call:pbx:c")["state"] == "ended"
    assert after.hub.doc(BEN, "call:pbx:t")["state"] == "talking"
    await settled()
    assert after.hub.keys(BEN) == ["call:pbx:t", "pop:pbx:t"]
    call = after.service.get(talk.id)
    assert call is not None
    assert call.state is CallState.TALKING
    await after.service.stop()


async def test_a_restart_does_not_bring_back_what_was_put_away(office: Office) -> None:
    first = Story().arrives().rings(ANNA).answers(ANNA).wait(9).ends("c", ANNA)
    second = Story(id=CallId("pbx:2"), at=T0 + 60).arrives("d").rings(ANNA, "a2", for_leg="d")
    second.answers("a2", other="d").ends("d", "a2")
    office.service.handle([*events(first), *events(second)])
    await settled()
    after = Office(clock=office.clock, journal=office.journal)
    after.service.restore(office.journal.entries())
    assert after.hub.keys(ANNA) == ["call:pbx:2", "recent"]
    office.service.put_away(second.id, ANNA)
    again = Office(clock=office.clock, journal=office.journal)
    again.service.restore(office.journal.entries())
    assert again.hub.keys(ANNA) == ["recent"]
