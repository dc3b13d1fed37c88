"""After a restart: what the journal believes alive is held against what the switch shows."""

from dataclasses import replace

from callcenter.calls.journal import decode_entry, encode_entry, replay
from callcenter.calls.record import CallOutcome, CallState
from callcenter.calls.recovery import reconciled
from callcenter.telephony.events import AnyCallEvent, CallId, EndReason, LegAdded, OfferEnd
from tests.unit.calls.story import ANNA, BEN, T0, Story, leg_id

DOWN, BACK = T0 + 100, T0 + 130


def _restart(story: Story, snapshot: list[AnyCallEvent], switch: str = "pbx") -> Story:
    lines = [encode_entry(entry) for entry in story.told]
    after = Story(book=replay(decode_entry(line.kind, line.body) for line in lines), id=story.id, at=BACK)
    return after.tell(*reconciled(after.book, snapshot, switch=switch, since=DOWN, until=BACK))


def _seen(story: Story) -> list[AnyCallEvent]:
    """What a fresh tracker makes of the channels there are."""
    return [entry for entry in story.told if not hasattr(entry, "agent")]  # type: ignore[misc]


def test_a_call_that_ended_meanwhile_is_closed_as_unknown_with_the_gap() -> None:
    talking = Story().arrives().rings(ANNA).answers(ANNA)
    after = _restart(talking, [])
    row = after.call.row()
    assert (row.state, row.end_reason, row.gap) == (CallState.ENDED, EndReason.UNKNOWN, True)
    assert (row.outcome, row.answered_by) == (CallOutcome.ANSWERED, ANNA)
    assert row.ended_at == BACK


def test_a_waiting_caller_who_is_gone_has_an_unknown_outcome() -> None:
    ringing = Story().arrives().rings(ANNA)
    after = _restart(ringing, [])
    assert after.call.outcome is CallOutcome.UNKNOWN
    assert after.leg(ANNA).offer_end is OfferEnd.UNKNOWN


def test_a_call_that_goes_on_keeps_its_history() -> None:
    story = Story().arrives().rings(ANNA).wait(5).answers(ANNA)
    snapshot = Story(at=BACK)
    snapshot.arrives().tell(replace(snapshot.device(ANNA, "anna"), up=True)).talk("c", "anna")
    after = _restart(story, _seen(snapshot))
    assert after.stands(CallState.TALKING)
    assert after.call.gap
    after.wait(20).ends("c", ANNA)
    row = after.call.row()
    assert row.answered_at == T0 + 5
    assert row.talk_seconds == BACK + 20 - (T0 + 5)
    assert row.end_reason is EndReason.NORMAL


def test_an_agent_who_left_meanwhile() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA)
    after = _restart(story, _seen(Story(at=BACK).arrives()))
    assert after.stands(CallState.WAITING)
    assert after.leg(ANNA).end_reason is EndReason.UNKNOWN


def test_a_conversation_that_became_another() -> None:
    story = Story().arrives().rings(ANNA).rings(BEN).answers(ANNA)
    snapshot = Story(at=BACK).arrives()
    snapshot.tell(replace(snapshot.device(BEN, "ben"), up=True)).talk("c", "ben", conversation="b9")
    after = _restart(story, _seen(snapshot))
    assert after.stands(CallState.TALKING)
    assert after.call.last_agent == BEN


def test_a_call_whose_first_leg_is_gone_is_the_same_call_under_another_name() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).rings(BEN, for_leg=ANNA).up(BEN).talk(ANNA, BEN)
    snapshot = Story(id=CallId("pbx:anna"), at=BACK)
    snapshot.tell(replace(snapshot.device(ANNA, "anna"), up=True))
    snapshot.tell(replace(snapshot.device(BEN, "ben"), up=True)).talk("anna", "ben")
    after = _restart(story, _seen(snapshot))
    assert [call.id for call in after.book if call.live] == [story.id]
    assert after.leg(ANNA).conversation == after.leg(BEN).conversation
    later = Story(book=after.book, id=CallId("pbx:anna"), at=BACK + 9).ends(ANNA, BEN)
    assert later.book.get(story.id) is after.call
    assert after.stands(CallState.ENDED)


def test_a_call_that_came_meanwhile_is_new_and_marked() -> None:
    snapshot = Story(at=BACK)
    up = [replace(entry, up=True) for entry in _seen(snapshot.arrives()) if isinstance(entry, LegAdded)]
    after = _restart(Story(), list(up))
    assert after.call.gap
    assert leg_id("c") in after.call.legs


def test_calls_of_another_switch_are_left_alone() -> None:
    story = Story(id=CallId("lab:c")).arrives()
    after = _restart(story, [])
    assert after.call.live
    assert not after.call.gap
