"""Whole calls, told in neutral events: one call whatever happens to it, and true times."""

import dataclasses

import pytest

from callcenter.calls.book import CallBook
from callcenter.calls.call import INTERVALS_KEPT, PAST_LEGS_KEPT
from callcenter.calls.changes import Change
from callcenter.calls.entries import (
    CallIdentified,
    CustomerChosen,
    EnteredQueue,
    LeaveReason,
    LeftQueue,
    OfferMade,
)
from callcenter.calls.record import CallOutcome, CallState
from callcenter.calls.transitions import IllegalTransition, LegState
from callcenter.telephony.events import (
    CallId,
    CallsMerged,
    Direction,
    Endpoint,
    EndReason,
    LegAdded,
    LegIdentity,
    LegRole,
    OfferEnd,
    PickedUp,
    QueueExited,
    QueueJoined,
    QueueLeft,
    SwitchGap,
    TransferKind,
    Transferred,
)
from tests.unit.calls.story import ANNA, BEN, CALLER, CLEO, PHONE_OF, T0, Story, leg_id


def test_a_plain_call() -> None:
    story = Story().arrives()
    assert story.stands(CallState.ARRIVING)
    story.wait(2).rings(ANNA)
    assert story.stands(CallState.RINGING)
    story.wait(5).answers(ANNA)
    assert story.stands(CallState.TALKING)
    story.wait(60).talk().ends(ANNA, "c")

    row = story.call.row()
    assert row.state is CallState.ENDED
    assert row.outcome is CallOutcome.ANSWERED
    assert row.caller_raw == CALLER
    assert (row.arrived_at, row.answered_at, row.ended_at) == (T0, T0 + 7, T0 + 67)
    assert (row.wait_seconds, row.talk_seconds, row.hold_seconds) == (5, 60, 0)
    assert row.answered_by == row.last_agent == ANNA
    assert row.end_reason is EndReason.NORMAL
    assert [(part.leg, part.agent, part.talk) for part in row.segments] == [
        (leg_id("anna"), ANNA, ((T0 + 7, T0 + 67),)),
        (leg_id("c"), None, ((T0 + 7, T0 + 67),)),
    ]


def test_each_change_is_told() -> None:
    story = Story().arrives()
    assert [change.what for change in story.changes] == [Change.ARRIVED, Change.LEG]
    story.changes.clear()
    story.rings(ANNA).answers(ANNA).ends("c", ANNA)
    assert [change.what for change in story.changes] == [
        Change.LEG,
        Change.AGENT,
        Change.OFFERED,
        Change.STATE,
        Change.OFFER_ENDED,
        Change.LEG,
        Change.LEG,
        Change.PARTIES,
        Change.STATE,
        Change.ANSWERED,
        Change.LEG,
        Change.STATE,
        Change.LEG,
    ]


def test_a_caller_in_the_menu_is_up_but_not_answered() -> None:
    story = Story().arrives().up("c").wait(30).ends("c")
    assert story.call.row().answered_at is None
    assert story.call.outcome is CallOutcome.LEFT
    assert story.call.row().wait_seconds == 0


def test_music_in_the_queue_is_waiting_not_hold() -> None:
    story = Story().arrives().up("c").hold("c")
    assert story.stands(CallState.WAITING)
    story.wait(40).unhold("c").rings(ANNA).wait(4).answers(ANNA).wait(10).ends("c")
    row = story.call.row()
    assert (row.wait_seconds, row.talk_seconds, row.hold_seconds) == (44, 10, 0)
    assert story.leg("c").hold is None


def test_two_phones_ring_and_one_answers() -> None:
    story = Story().arrives().rings(ANNA).rings(BEN).wait(3)
    story.answers(BEN).offer_ends(ANNA, OfferEnd.ELSEWHERE).ends(ANNA, reason=EndReason.ELSEWHERE)
    assert story.stands(CallState.TALKING)
    assert story.call.answered_by == BEN
    assert story.call.agents() == [ANNA, BEN]
    assert story.leg(ANNA).offer_end is OfferEnd.ELSEWHERE


def test_hold_pressed_on_the_phone() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10).hold("c", by=ANNA)
    assert story.stands(CallState.HELD)
    story.wait(20).unhold("c")
    assert story.stands(CallState.TALKING)
    story.wait(5).ends("c", ANNA)
    row = story.call.row()
    assert (row.talk_seconds, row.hold_seconds) == (15, 20)
    assert story.leg(ANNA).talk == [(T0, T0 + 10), (T0 + 30, T0 + 35)]
    assert story.leg(ANNA).hold == [(T0 + 10, T0 + 30)]


@pytest.mark.parametrize("music_first", [True, False])
def test_hold_by_the_server_takes_the_bridge_apart(music_first: bool) -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10)
    if music_first:
        story.hold("c").hold(ANNA).talk()
    else:
        story.talk().hold("c").hold(ANNA)
    assert story.stands(CallState.HELD)
    story.wait(20)
    if music_first:
        story.talk("c", ANNA, conversation="b2").unhold("c").unhold(ANNA)
    else:
        story.unhold("c").unhold(ANNA).talk("c", ANNA, conversation="b2")
    story.wait(5).ends("c", ANNA)
    row = story.call.row()
    assert (row.talk_seconds, row.hold_seconds) == (15, 20)


def test_the_caller_presses_hold() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(1).hold(ANNA, by="c")
    assert story.stands(CallState.HELD)


def test_a_blind_transfer_is_one_call_and_credits_both() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(30)
    story.tell(
        Transferred(at=story.at, call=story.id, kind=TransferKind.BLIND, by=leg_id(ANNA), to="1002")
    ).talk().ends(ANNA)
    assert story.stands(CallState.WAITING)
    story.rings(BEN).wait(6).answers(BEN, conversation="b2").wait(20).ends("c", BEN)
    row = story.call.row()
    assert row.answered_by == ANNA
    assert row.last_agent == BEN
    assert (row.wait_seconds, row.talk_seconds) == (0, 50)
    assert story.leg(ANNA).talk_seconds(story.at) == 30
    assert story.leg(BEN).talk_seconds(story.at) == 20


def test_a_consultation_in_the_same_call() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10)
    story.hold("c").talk().rings(BEN, for_leg=ANNA)
    assert story.stands(CallState.HELD)
    story.wait(3).answers(BEN, other=ANNA, conversation="b2")
    assert story.stands(CallState.HELD)
    assert story.call.last_agent == ANNA  # Ben has not talked with the caller yet
    story.wait(7).talk(conversation="b2").unhold("c").talk("c", BEN, conversation="b3").ends(ANNA)
    assert story.stands(CallState.TALKING)
    story.wait(5).ends("c", BEN)
    row = story.call.row()
    assert (row.talk_seconds, row.hold_seconds) == (15, 10)
    assert (row.answered_by, row.last_agent) == (ANNA, BEN)
    assert story.leg(BEN).talk_seconds(story.at) == 12


def test_an_attended_transfer_of_two_calls_becomes_one() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10).hold("c", by=ANNA)
    second = Story(book=story.book, id=CallId("pbx:a2"), at=story.at)
    second.places(ANNA, "a2", "1002", Direction.INTERNAL).rings(BEN, for_leg="a2")
    second.wait(2).answers(BEN, other="a2", conversation="b2").wait(8)
    assert second.call.answered_by == BEN

    story.at = second.at
    story.tell(
        CallsMerged(at=story.at, call=story.id, absorbed=second.id),
        Transferred(at=story.at, call=story.id, kind=TransferKind.ATTENDED, by=leg_id(ANNA)),
    )
    story.unhold("c").talk(conversation="b1").talk(conversation="b2").talk("c", BEN, conversation="b3")
    story.ends(ANNA, "a2").wait(30).ends("c", BEN)

    row = story.call.row()
    assert (row.talk_seconds, row.hold_seconds) == (40, 10)
    assert (row.answered_by, row.last_agent) == (ANNA, BEN)
    assert story.leg(BEN).talk_seconds(story.at) == 38
    absorbed = story.book.own(second.id)
    assert absorbed is not None
    assert absorbed.row().merged_into == story.id
    assert absorbed.outcome is CallOutcome.MERGED
    assert story.book.get(second.id) is story.call


def test_a_consultation_that_survives_takes_over_the_caller() -> None:
    consult = Story(id=CallId("pbx:a2")).places(ANNA, "a2", "1002", Direction.INTERNAL)
    story = Story(book=consult.book).arrives().rings(BEN).answers(BEN).wait(10)
    consult.at = story.at
    consult.tell(CallsMerged(at=story.at, call=consult.id, absorbed=story.id)).wait(5).ends("c")
    row = consult.call.row()
    assert row.direction is Direction.INBOUND
    assert row.caller_raw == CALLER
    assert row.talk_seconds == 15
    assert row.answered_by == BEN


def test_events_of_a_merged_call_go_on_in_the_other() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA)
    second = Story(book=story.book, id=CallId("pbx:x"))
    second.places(BEN, "x", "1001", Direction.INTERNAL)
    story.tell(CallsMerged(at=story.at, call=story.id, absorbed=second.id))
    second.talk("c", ANNA, "x")
    assert story.leg("x").state is LegState.TALKING
    again = story.book.apply(CallsMerged(at=story.at, call=story.id, absorbed=second.id))
    assert again == []


def test_a_merge_with_a_call_never_seen_is_another_name_for_this_one() -> None:
    story = Story().arrives()
    story.tell(CallsMerged(at=story.at, call=story.id, absorbed=CallId("pbx:never")))
    Story(book=story.book, id=CallId("pbx:never")).rings(ANNA)
    assert story.stands(CallState.RINGING)


def test_an_ended_call_that_gets_another_name_stays_ended() -> None:
    story = Story().arrives().wait(5).ends("c").wait(60)
    story.tell(CallsMerged(at=story.at, call=CallId("pbx:other"), absorbed=story.id))
    row = story.call.row()
    assert (row.id, row.state, row.ended_at) == ("pbx:other", CallState.ENDED, T0 + 5)


def test_a_conference() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10)
    story.rings(BEN, for_leg=ANNA).up(BEN).talk("c", ANNA, BEN).wait(10)
    story.talk("c", BEN).ends(ANNA).wait(10).ends("c", BEN)
    assert story.call.row().talk_seconds == 30
    assert story.leg(ANNA).talk_seconds(story.at) == 20
    assert story.leg(BEN).talk_seconds(story.at) == 20


def test_pickup() -> None:
    story = Story().arrives().rings(ANNA).wait(2)
    story.tell(
        story.device(BEN, "b"),
        story.bound(BEN, "b"),
        PickedUp(at=story.at, call=story.id, by=leg_id("b"), endpoint=PHONE_OF[BEN], instead_of=leg_id(ANNA)),
    )
    story.up("b").talk("c", "b").ends(ANNA, reason=EndReason.REPLACED)
    assert story.call.answered_by == BEN
    assert story.leg(ANNA).offer_end is OfferEnd.ELSEWHERE


def test_a_listening_supervisor_is_no_party() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(5)
    spy = LegAdded(
        at=story.at,
        call=story.id,
        leg=leg_id("spy"),
        role=LegRole.SERVICE,
        direction=Direction.INTERNAL,
        endpoint=Endpoint("PJSIP/1004"),
    )
    story.tell(spy).up("spy").talk("c", ANNA, "spy").wait(5).ends(ANNA, "c")
    assert story.stands(CallState.ENDED)
    assert story.call.row().talk_seconds == 10


def test_a_caller_leaves_and_two_agents_talk_on() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).rings(BEN, for_leg=ANNA)
    story.up(BEN).talk("c", ANNA, BEN).wait(5).talk(ANNA, BEN).ends("c")
    assert story.stands(CallState.TALKING)
    story.ends(ANNA, BEN)
    assert story.stands(CallState.ENDED)


def test_an_agent_parked_after_the_caller_left_is_no_call() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(5).talk().hold(ANNA).ends("c")
    assert story.stands(CallState.ENDED)
    assert story.call.ended_at == T0 + 5
    assert story.leg(ANNA).hold is None


def test_an_outbound_call() -> None:
    story = Story().places(ANNA, "a", "+442079460111", Direction.OUTBOUND).dials_out("d", "+442079460111")
    assert story.stands(CallState.RINGING)
    assert story.call.party_number == "+442079460111"
    story.wait(4).up("d").talk("a", "d").wait(9).ends("d", "a")
    row = story.call.row()
    assert row.answered_by == ANNA
    assert (row.wait_seconds, row.talk_seconds) == (4, 9)


def test_a_phones_call_turns_out_to_go_outside() -> None:
    """When the phone's leg comes nobody knows yet whom it dials."""
    story = Story().places(ANNA, "a", "+442079460111", Direction.INTERNAL)
    assert story.call.party_number == "1001"
    story.changes.clear()
    story.dials_out("d", "+442079460111")
    assert (story.call.direction, story.call.party_number) == (Direction.OUTBOUND, "+442079460111")
    assert (Change.IDENTITY, leg_id("a")) in [(change.what, change.leg) for change in story.changes]


def test_a_phone_that_takes_a_caller_outside_leaves_the_call_inbound() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).dials_out("d", "+442079460111")
    assert story.call.direction is Direction.INBOUND


@pytest.mark.parametrize(
    ("how", "reason", "outcome"),
    [
        (None, EndReason.BUSY, CallOutcome.BUSY),
        (None, EndReason.NO_ANSWER, CallOutcome.NO_ANSWER),
        (None, EndReason.NORMAL, CallOutcome.NO_ANSWER),
        (OfferEnd.CANCELLED, EndReason.NORMAL, CallOutcome.NO_ANSWER),
        (OfferEnd.UNREACHABLE, EndReason.NORMAL, CallOutcome.FAILED),
        (None, EndReason.CONGESTION, CallOutcome.FAILED),
        (None, EndReason.UNKNOWN, CallOutcome.UNKNOWN),
    ],
)
def test_an_outbound_call_that_reaches_nobody(
    how: OfferEnd | None, reason: EndReason, outcome: CallOutcome
) -> None:
    story = Story().places(ANNA, "a", "+442079460111", Direction.OUTBOUND).dials_out("d", "+442079460111")
    if how is not None:
        story.offer_ends("d", how)
    story.ends("d", reason=reason).ends("a")
    assert story.call.outcome is outcome


def test_an_inbound_call_sent_on_to_a_mobile_is_forwarded() -> None:
    story = Story().arrives().dials_out("d", "+442079460111").up("d").talk("c", "d").wait(9).ends("c", "d")
    row = story.call.row()
    assert (row.outcome, row.answered_at, row.talk_seconds) == (CallOutcome.FORWARDED, None, 9)


def test_a_second_trunk_tried_after_the_first_is_the_same_call() -> None:
    story = Story().places(ANNA, "a", "+442079460111", Direction.OUTBOUND).dials_out("d", "+442079460111")
    story.ends("d", reason=EndReason.CONGESTION)
    assert story.call.live
    story.dials_out("d2", "+442079460111").talk("a", "d2").ends("d2", "a")
    assert story.call.outcome is CallOutcome.ANSWERED


def _waits_in_our_queue(story: Story) -> Story:
    return story.tell(EnteredQueue(at=story.at, call=story.id, leg=leg_id("c"), queue="service"))


def test_abandoned_while_waiting() -> None:
    story = _waits_in_our_queue(Story().arrives()).wait(42)
    assert story.stands(CallState.WAITING)
    story.ends("c").tell(LeftQueue(at=story.at, call=story.id, queue="service", how=LeaveReason.ABANDONED))
    row = story.call.row()
    assert row.outcome is CallOutcome.ABANDONED
    assert (row.queue, row.wait_seconds) == ("service", 42)


def test_abandoned_while_ringing_also_when_the_offer_ends_first() -> None:
    story = Story().arrives().rings(ANNA).wait(3)
    story.offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA).ends("c", reason=EndReason.UNKNOWN)
    assert story.call.outcome is CallOutcome.UNKNOWN
    story = Story().arrives().rings(ANNA).wait(3)
    story.offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA).ends("c")
    assert story.call.outcome is CallOutcome.ABANDONED


def test_missed_when_it_rings_out_and_goes_to_voicemail() -> None:
    story = Story().arrives().rings(ANNA).wait(15).offer_ends(ANNA, OfferEnd.NO_ANSWER).ends(ANNA)
    assert story.stands(CallState.WAITING)
    story.wait(20).ends("c")
    assert story.call.outcome is CallOutcome.MISSED


def test_missed_when_the_switch_turns_the_caller_away_in_the_queue() -> None:
    story = _waits_in_our_queue(Story().arrives()).wait(5).ends("c", reason=EndReason.CONGESTION)
    assert story.call.outcome is CallOutcome.MISSED


def test_a_queue_of_the_switch() -> None:
    story = Story().arrives().up("c")
    joined = QueueJoined(at=story.at, call=story.id, leg=leg_id("c"), queue="400", position=1)
    story.tell(joined).wait(10).rings(ANNA, queue="400")
    assert story.call.queue == "400"
    story.tell(
        QueueExited(at=story.at, call=story.id, leg=leg_id("c"), queue="400", how=QueueLeft.HUNG_UP)
    ).offer_ends(ANNA, OfferEnd.CANCELLED).ends("c", ANNA)
    assert story.call.outcome is CallOutcome.ABANDONED
    assert story.call.row().wait_seconds == 10


def test_place_is_kept_when_the_queue_is_entered_twice() -> None:
    story = _waits_in_our_queue(Story().arrives())
    story.changes.clear()
    _waits_in_our_queue(story.wait(5))
    assert story.changes == []
    assert story.call.queued_at == T0


def test_the_caller_hangs_up_in_the_same_batch_as_the_answer() -> None:
    story = Story().arrives().rings(ANNA).wait(5)
    story.offer_ends(ANNA, OfferEnd.ANSWERED).up(ANNA).ends("c").ends(ANNA)
    row = story.call.row()
    assert row.answered_at is None
    assert row.outcome is CallOutcome.ABANDONED
    assert row.wait_seconds == 5


def test_two_agents_answer_at_once() -> None:
    story = Story().arrives().rings(ANNA).rings(BEN).up(ANNA).up(BEN).talk("c", ANNA)
    assert story.call.answered_by == ANNA
    story.ends(BEN, reason=EndReason.ELSEWHERE)
    assert story.stands(CallState.TALKING)


def test_every_event_twice_changes_nothing_the_second_time() -> None:
    once = Story().arrives().rings(ANNA).wait(4).answers(ANNA).wait(9).hold("c", by=ANNA).wait(2)
    once.unhold("c").wait(1).ends("c", ANNA)
    twice = CallBook()
    for entry in once.told:
        twice.apply(entry)
        before = twice.get(once.id)
        assert before is not None
        row = before.row()
        assert twice.apply(entry) == []
        assert before.row() == row
    found = twice.get(once.id)
    assert found is not None
    assert found.row() == once.call.row()


def test_late_events_of_an_ended_leg_change_nothing() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).ends("c", ANNA)
    row = story.call.row()
    story.wait(1).up("c").talk("c", ANNA).hold("c").unhold("c").ends("c")
    story.rings(ANNA)
    assert story.call.row() == row


def test_a_conversation_told_before_its_leg() -> None:
    story = Story().arrives().talk("c", "anna")
    assert story.stands(CallState.ARRIVING)
    story.wait(1).tell(story.device(ANNA, "anna"), story.bound(ANNA, "anna"))
    assert story.stands(CallState.TALKING)
    assert story.call.answered_by == ANNA


def test_a_clock_that_goes_back_makes_no_negative_time() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(-30).ends("c", ANNA)
    row = story.call.row()
    assert row.talk_seconds == 0
    assert row.ended_at == T0
    assert all(until >= since for part in row.segments for since, until in part.talk)


def test_an_event_of_an_unknown_call_is_a_stray() -> None:
    story = Story().up("c").talk("c", "x").ends("c")
    assert story.book.strays == 3
    assert len(story.book) == 0


def test_a_new_leg_reopens_an_ended_call() -> None:
    story = Story().arrives().ends("c")
    assert story.stands(CallState.ENDED)
    story.wait(1).rings(ANNA)
    assert story.stands(CallState.RINGING)
    assert story.call.row().ended_at is None
    assert story.call.outcome is CallOutcome.OPEN


def test_what_we_ask_of_an_ended_call_is_refused_and_changes_nothing() -> None:
    story = Story().arrives().ends("c")
    row = story.call.row()
    offer = OfferMade(at=story.at, call=story.id, leg=leg_id("c"), agent=ANNA, endpoint=PHONE_OF[ANNA])
    with pytest.raises(IllegalTransition):
        _waits_in_our_queue(story)
    with pytest.raises(IllegalTransition):
        story.tell(offer)
    assert story.call.row() == row


def test_what_a_person_chose_is_not_undone_by_a_lookup() -> None:
    story = Story().arrives()
    story.tell(CallIdentified(at=T0, call=story.id, confidence="exact", customer=7, e164=CALLER))
    assert story.call.row().customer_id == 7
    story.tell(CustomerChosen(at=T0, call=story.id, customer=8, by=ANNA))
    story.tell(CallIdentified(at=T0, call=story.id, confidence="likely", customer=7, e164=CALLER))
    assert story.call.row().customer_id == 8
    assert story.call.row().caller_e164 == CALLER


def test_late_caller_identity() -> None:
    story = Story().arrives(number="")
    story.tell(LegIdentity(at=T0, call=story.id, leg=leg_id("c"), number=CALLER, name="Sales:Mei"))
    assert (story.call.caller_raw, story.call.caller_name) == (CALLER, "Sales:Mei")


def test_a_gap_marks_the_live_calls_of_that_switch_only() -> None:
    story = Story().arrives()
    over = Story(book=story.book, id=CallId("pbx:over")).arrives("o").ends("o")
    other = Story(book=story.book, id=CallId("lab:c")).arrives("l")
    changed = story.book.apply(SwitchGap(switch="pbx", since=T0, until=T0 + 9, why="link lost"))
    assert [change.call.id for change in changed] == [story.id]
    assert (story.call.gap, over.call.gap, other.call.gap) == (True, False, False)
    story.ends("c", reason=EndReason.UNKNOWN)
    assert story.call.outcome is CallOutcome.UNKNOWN


def test_a_call_first_seen_up_has_a_gap() -> None:
    story = Story()
    story.tell(dataclasses.replace(story.device(ANNA, "a"), up=True))
    assert story.call.gap


def test_hostile_text_is_made_fit() -> None:
    story = Story().arrives(number="1" * 500)
    story.tell(
        LegIdentity(at=T0, call=story.id, leg=leg_id("c"), number="+1\x00415", name="\udc80<script>\x1b[0m")
    )
    assert (story.call.caller_raw, story.call.caller_name) == ("+1415", "?<script>[0m")


def test_a_waiting_hour_before_a_ring_all_queue_keeps_no_heap_of_legs() -> None:
    story = Story().arrives()
    for turn in range(200):
        name = f"try{turn}"
        story.rings(CLEO, name).wait(15).offer_ends(name, OfferEnd.NO_ANSWER).ends(name)
    assert len(story.call.past or {}) == PAST_LEGS_KEPT


def test_a_hold_key_held_down_keeps_the_sum() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA)
    for _ in range(INTERVALS_KEPT + 50):
        story.wait(1).hold("c", by=ANNA).wait(1).unhold("c")
    assert len(story.leg("c").hold or []) == INTERVALS_KEPT
    assert sum(until - since for since, until in story.leg("c").hold or []) == INTERVALS_KEPT + 50
    assert story.call.hold == INTERVALS_KEPT + 50


def test_a_forgotten_call_does_not_come_back_as_a_ghost() -> None:
    story = Story().arrives().ends("c")
    story.book.forget(story.id)
    assert story.book.get(story.id) is None
    story.arrives()
    assert story.book.get(story.id) is None
    assert story.book.strays == 1


def test_a_live_call_is_not_forgotten() -> None:
    story = Story().arrives()
    story.book.forget(story.id)
    assert story.call.live


def test_what_is_no_entry_raises() -> None:
    with pytest.raises(TypeError, match="str is no entry"):
        CallBook().apply("hello")  # type: ignore[arg-type]
