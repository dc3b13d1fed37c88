"""The router at work, from the caller in the queue to the end of the call, with fakes for switch and storage."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from callcenter.agents.floor import AgentProfile, Floor
from callcenter.agents.ids import AgentId
from callcenter.agents.presence import IllegalPresence, Wish
from callcenter.calls.entries import OfferClosed
from callcenter.calls.journal import decode_entry
from callcenter.calls.record import CallOutcome, CallState
from callcenter.routing.board import (
    GRACE_SECONDS,
    REFUSALS_BEFORE_FALLBACK,
    RETRY_SECONDS,
    SILENT_SECONDS,
    Connect,
)
from callcenter.routing.dispatcher import EARLY_SECONDS, Dispatcher, Place
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    CallsMerged,
    Direction,
    EndReason,
    LegId,
    OfferEnd,
    PickedUp,
    Signalled,
    TransferKind,
    Transferred,
)
from callcenter.telephony.port import CommandResult, Outcome
from tests.unit.calls.fakes import Office
from tests.unit.calls.story import ANNA, BEN, PHONE_OF, THE_CALL, Story, leg_id

RING = 15


@dataclass
class Room:
    """A call service, a floor of agents and the router, on one clock that tests move."""

    office: Office = field(default_factory=Office)
    sent: list[Connect] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.floor = Floor(
            AgentProfile(id=who, name=who, extension=PHONE_OF[who].rpartition("/")[2], endpoint=PHONE_OF[who])
            for who in (ANNA, BEN)
        )
        self.router = Dispatcher(
            floor=self.floor,
            calls=self.office.service,
            clock=self.office.clock,
            ring_seconds=RING,
            send=self.sent.append,
            on_presence=lambda change: self.seen.append((change.agent.id, change.presence.state.value)),
            on_queues=lambda *_: None,
        )
        self.office.service.listen(self.router.changed)

    def available(self, *agents: AgentId) -> None:
        for agent in agents:
            self.router.want(agent, Wish.AVAILABLE)
            self.office.clock.advance(1)
        self.seen.clear()

    def story(self, name: str = "c", call: CallId = THE_CALL) -> Story:
        """A caller who has arrived."""
        story = Story(id=call, at=self.office.clock.now())
        self.hear(story.arrives(name).up(name))
        return story

    def hear(self, story: Story) -> None:
        """The switch tells what was added to `story`."""
        events: list[AnyCallEvent] = [one for one in story.told if not hasattr(one, "agent")]  # type: ignore[misc]
        story.told.clear()
        self.office.service.handle(events)

    def waits(self, story: Story, name: str = "c", since: float | None = None) -> None:
        since = self.office.clock.now() if since is None else since
        self.router.waits(Place(call=story.id, leg=leg_id(name), queue="service", since=since))

    def passes(self, seconds: float, story: Story | None = None) -> None:
        self.office.clock.advance(seconds)
        if story is not None:
            story.at = self.office.clock.now()
        self.router.tick()

    def state(self, agent: AgentId) -> str:
        return self.floor.presence(agent).state.value

    def asked(self) -> list[tuple[CallId, AgentId]]:
        return [(one.assignment.waiting.call, one.assignment.agent) for one in self.sent]

    def answer(self, outcome: Outcome) -> None:
        self.router.sent(self.sent[-1], CommandResult(outcome))

    def kinds(self) -> list[str]:
        return self.office.journal.kinds()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    await room.office.service.stop()


async def test_a_whole_call(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    assert room.asked() == [(story.id, ANNA)]
    assert room.sent[0].assignment.endpoint == PHONE_OF[ANNA]
    assert room.sent[0].ring_seconds == RING
    assert room.state(ANNA) == "reserved"
    room.answer(Outcome.DONE)
    room.hear(story.rings(ANNA))
    assert room.state(ANNA) == "ringing"
    room.passes(4, story)
    room.hear(story.answers(ANNA))
    assert room.state(ANNA) == "talking"
    assert not room.router.is_waiting(story.id)
    room.passes(60, story)
    room.hear(story.ends("c", ANNA))
    assert [state for _, state in room.seen] == ["reserved", "ringing", "talking", "available"]
    row = room.office.journal.rows[story.id]
    assert (row.outcome, row.queue, row.answered_by, row.talk_seconds) == (
        CallOutcome.ANSWERED,
        "service",
        ANNA,
        60,
    )
    for kind in ("entered_queue", "offer_made", "left_queue", "offer_closed", "agent_state_changed"):
        assert kind in room.kinds()
    assert len(room.sent) == 1


async def test_nobody_is_there_and_then_somebody_is(room: Room) -> None:
    story = room.story()
    room.waits(story)
    assert room.sent == []
    room.available(BEN)
    assert room.asked() == [(story.id, BEN)]


async def test_nobody_answers_the_next_is_asked_and_the_place_is_kept(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    since = room.sent[0].assignment.waiting.since
    room.hear(story.rings(ANNA))
    room.passes(RING, story)
    room.hear(story.offer_ends(ANNA, OfferEnd.NO_ANSWER).ends(ANNA))
    assert (room.state(ANNA), room.floor.presence(ANNA).shown_reason) == ("paused", "no_answer")
    assert room.asked() == [(story.id, ANNA), (story.id, BEN)]
    assert room.sent[1].assignment.waiting.since == since


@pytest.mark.parametrize(
    ("how", "reason"),
    [(OfferEnd.DECLINED, "declined"), (OfferEnd.BUSY, "busy"), (OfferEnd.UNREACHABLE, "unreachable")],
)
async def test_who_cannot_take_it_is_not_asked_again(room: Room, how: OfferEnd, reason: str) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).offer_ends(ANNA, how).ends(ANNA))
    assert room.floor.presence(ANNA).shown_reason == reason
    assert len(room.sent) == 1
    room.available(BEN)
    assert room.asked()[1:] == [(story.id, BEN)]


async def test_a_phone_for_which_the_switch_makes_no_channel(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    said = Signalled(
        at=story.at,
        call=story.id,
        leg=leg_id("c"),
        word="Dial",
        detail="Extension=1001,Status=CHANUNAVAIL",
    )
    room.router.signalled(said)
    assert room.floor.presence(ANNA).shown_reason == "unreachable"
    assert room.asked()[1:] == [(story.id, BEN)]


async def test_the_last_word_of_a_dial_that_is_over_does_not_end_the_next_offer(room: Room) -> None:
    """The phone's refusal is seen first, the dialplan's word of the same dial a moment later."""
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).offer_ends(ANNA, OfferEnd.BUSY).ends(ANNA))
    room.router.want(ANNA, Wish.AVAILABLE)
    assert room.asked()[1:] == [(story.id, ANNA)]
    said = "Extension=1001,Status=BUSY"
    word = Signalled(at=story.at, call=story.id, leg=leg_id("c"), word="Dial", detail=said)
    room.router.signalled(word)
    assert room.state(ANNA) == "reserved"
    room.router.signalled(word)  # this one is of the offer that is out: its phone has no channel
    assert room.floor.presence(ANNA).shown_reason == "busy"


async def test_the_late_word_of_one_phone_does_not_hide_that_of_the_next(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).offer_ends(ANNA, OfferEnd.BUSY).ends(ANNA))
    for said in ("Extension=1002,Status=CHANUNAVAIL", "Extension=1001,Status=BUSY"):
        room.router.signalled(
            Signalled(at=story.at, call=story.id, leg=leg_id("c"), word="Dial", detail=said)
        )
    assert room.floor.presence(BEN).shown_reason == "unreachable"


async def test_the_word_of_a_dial_is_not_waited_for_when_the_next_one_rings(room: Room) -> None:
    """A caller who was redirected in between never comes to the step that says it."""
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).offer_ends(ANNA, OfferEnd.BUSY).ends(ANNA))
    room.router.want(ANNA, Wish.AVAILABLE)
    room.hear(story.rings(ANNA, "a2").offer_ends("a2", OfferEnd.FORWARDED))
    said = "Extension=1001,Status=NOANSWER"
    room.router.signalled(Signalled(at=story.at, call=story.id, leg=leg_id("c"), word="Dial", detail=said))
    assert room.floor.presence(ANNA).shown_reason == "no_answer"


async def test_refused_by_the_switch_is_tried_again_later_not_at_once(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.answer(Outcome.REFUSED)
    assert room.state(ANNA) == "available"
    assert len(room.sent) == 1
    room.passes(RETRY_SECONDS)
    assert room.asked() == [(story.id, ANNA)] * 2


async def test_unknown_is_never_sent_twice_while_it_may_still_ring(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    room.answer(Outcome.UNKNOWN)
    room.passes(SILENT_SECONDS - 1, story)
    assert len(room.sent) == 1
    room.hear(story.rings(ANNA))
    room.passes(RING - 1, story)
    assert len(room.sent) == 1
    room.hear(story.answers(ANNA))
    assert (room.state(ANNA), room.state(BEN)) == ("talking", "available")
    assert len(room.sent) == 1


async def test_unknown_and_silent_until_the_deadline_goes_to_the_next(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    room.answer(Outcome.UNKNOWN)
    room.passes(SILENT_SECONDS + 0.1, story)
    assert room.asked() == [(story.id, ANNA), (story.id, BEN)]
    assert room.state(ANNA) == "available"


async def test_ringing_without_an_end_has_a_deadline(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    room.passes(RING + GRACE_SECONDS - 0.1)
    assert room.router.board.agent_of(story.id) == ANNA
    room.passes(0.2)
    assert room.router.board.offer(story.id) is None
    assert room.state(ANNA) == "ringing"  # as far as anybody knows: her phone is not rung twice
    room.hear(story.ends(ANNA))
    assert room.asked() == [(story.id, ANNA)] * 2


async def test_an_agent_whose_offer_was_silent_is_asked_for_one_caller_only(room: Room) -> None:
    """Giving up an offer releases the agent before anybody is offered anew."""
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.passes(SILENT_SECONDS + 0.1, story)
    assert room.asked() == [(story.id, ANNA)] * 2
    assert room.state(ANNA) == "reserved"
    other = room.story("d", CallId("pbx:d"))
    room.waits(other, "d")
    assert room.asked() == [(story.id, ANNA)] * 2


async def test_a_caller_in_the_dialplans_fallback_is_left_there(room: Room) -> None:
    story = room.story()
    room.waits(story)
    room.router.signalled(Signalled(at=story.at, call=story.id, leg=leg_id("c"), word="Fallback"))
    assert not room.router.is_waiting(story.id)
    room.available(ANNA)
    assert room.asked() == []


async def test_a_switch_that_refuses_everything_cannot_serve(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    for _ in range(REFUSALS_BEFORE_FALLBACK):
        assert room.router.serves(story.id)
        room.answer(Outcome.REFUSED)
        room.passes(RETRY_SECONDS + 0.1, story)
    assert not room.router.serves(story.id)


async def test_a_caller_who_is_never_seen_is_not_kept_for_ever(room: Room) -> None:
    unseen = CallId("pbx:unseen")
    room.router.waits(Place(call=unseen, leg=leg_id("x"), queue="service", since=1.0))
    assert room.router.serves(unseen)
    room.passes(EARLY_SECONDS + 1)
    assert not room.router.serves(unseen)
    room.passes(2 * EARLY_SECONDS)
    assert not room.router.is_waiting(unseen)


async def test_the_late_end_of_an_earlier_dial_does_not_end_the_next_offer(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    board, now = room.router.board, room.office.clock.now()
    assert board.ended(story.id, PHONE_OF[ANNA], OfferEnd.CANCELLED, now, leg=leg_id("earlier")) == []
    assert board.agent_of(story.id) == ANNA


async def test_every_wish_is_told(room: Room) -> None:
    told: list[tuple[str, str, str | None]] = []
    room.router.on_wish = lambda agent, wish, reason: told.append((agent, wish.value, reason))
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).answers(ANNA))
    room.router.want(ANNA, Wish.PAUSED, reason="lunch")
    assert room.state(ANNA) == "talking"
    assert told == [(ANNA, "available", None), (ANNA, "paused", "lunch")]


@pytest.mark.parametrize("rung", [False, True])
async def test_the_caller_hangs_up_and_the_agent_is_free(room: Room, rung: bool) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    if rung:
        room.hear(story.rings(ANNA))
        story.offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA)
    room.passes(3, story)
    room.hear(story.ends("c"))
    assert room.state(ANNA) == "available"
    assert len(room.router.board) == 0
    assert room.office.journal.rows[story.id].outcome is CallOutcome.ABANDONED
    room.answer(Outcome.REFUSED)  # the answer to the command comes after the caller has gone
    room.passes(RETRY_SECONDS)
    assert len(room.sent) == 1


async def test_the_caller_hangs_up_in_the_batch_of_the_answer(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    room.hear(story.offer_ends(ANNA, OfferEnd.ANSWERED).up(ANNA).ends("c").ends(ANNA))
    assert room.state(ANNA) == "available"
    assert not room.router.is_waiting(story.id)
    assert room.office.journal.rows[story.id].outcome is CallOutcome.ABANDONED


async def test_two_callers_and_two_agents(room: Room) -> None:
    first, second = room.story("c1", CallId("pbx:c1")), room.story("c2", CallId("pbx:c2"))
    room.waits(first, "c1")
    room.passes(1)
    room.waits(second, "c2")
    room.available(ANNA, BEN)
    assert room.asked() == [(first.id, ANNA), (second.id, BEN)]


async def test_one_caller_is_offered_to_one_agent_at_a_time(room: Room) -> None:
    story = room.story()
    room.waits(story)
    room.available(ANNA, BEN)
    room.passes(1)
    assert room.asked() == [(story.id, ANNA)]


async def test_the_queue_entered_twice_is_one_place(room: Room) -> None:
    story = room.story()
    since = room.office.clock.now()
    room.waits(story)
    room.passes(5)
    room.waits(story)
    room.available(ANNA)
    assert [one.assignment.waiting.since for one in room.sent] == [since]


async def test_the_script_may_be_ahead_of_the_events(room: Room) -> None:
    room.available(ANNA)
    story = Story(at=room.office.clock.now())
    room.waits(story)
    assert room.router.is_waiting(story.id)
    assert room.sent == []
    room.hear(story.arrives())
    assert room.asked() == [(story.id, ANNA)]


async def test_a_colleague_picks_it_up(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    story.tell(
        story.device(BEN, "b"),
        PickedUp(at=story.at, call=story.id, by=leg_id("b"), endpoint=PHONE_OF[BEN], instead_of=leg_id(ANNA)),
    )
    room.hear(story.up("b").talk("c", "b").ends(ANNA, reason=EndReason.REPLACED))
    assert (room.state(ANNA), room.state(BEN)) == ("available", "talking")
    assert not room.router.is_waiting(story.id)
    assert len(room.sent) == 1


async def test_a_transfer_back_to_the_queue(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    room.hear(story.answers(ANNA))
    room.available(BEN)
    room.passes(29, story)
    story.tell(Transferred(at=story.at, call=story.id, kind=TransferKind.BLIND, by=leg_id(ANNA)))
    room.hear(story.talk().ends(ANNA))
    room.waits(story)
    assert len(room.sent) == 2
    agent = room.asked()[1][1]
    room.hear(story.rings(agent, "again").answers("again", conversation="b2"))
    room.passes(5, story)
    room.hear(story.ends("c", "again"))
    row = room.office.journal.rows[story.id]
    assert (row.answered_by, row.last_agent, row.talk_seconds) == (ANNA, agent, 35)
    assert (room.state(ANNA), room.state(BEN)) == ("available", "available")


async def test_every_event_twice(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    steps: list[Callable[[], Story]] = [
        lambda: story.rings(ANNA),
        lambda: story.answers(ANNA),
        lambda: story.ends("c", ANNA),
    ]
    for step in steps:
        told = list(step().told)
        room.hear(story)
        story.told += told
        room.hear(story)
    assert [state for _, state in room.seen] == ["reserved", "ringing", "talking", "available"]
    assert len(room.sent) == 1


async def test_a_private_call_keeps_the_router_away(room: Room) -> None:
    room.available(ANNA)
    private = (
        Story(id=CallId("pbx:p"), at=room.office.clock.now()).arrives("p").rings(ANNA, "pa", for_leg="p")
    )
    room.hear(private)
    story = room.story()
    room.waits(story)
    assert room.sent == []
    room.hear(private.ends("p", "pa"))
    assert room.asked() == [(story.id, ANNA)]


async def test_a_pause_while_talking_begins_after_the_call(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).answers(ANNA))
    room.router.want(ANNA, Wish.PAUSED, reason="lunch")
    assert room.state(ANNA) == "talking"
    room.hear(story.ends("c", ANNA))
    assert room.state(ANNA) == "paused"


async def test_an_ended_caller_cannot_wait(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.hear(story.ends("c"))
    room.waits(story)
    assert room.sent == []
    assert not room.router.is_waiting(story.id)


async def test_a_wish_without_sense_is_refused(room: Room) -> None:
    with pytest.raises(IllegalPresence):
        room.router.want(ANNA, Wish.PAUSED)
    with pytest.raises(KeyError):
        room.router.want(AgentId("nobody"), Wish.AVAILABLE)


async def test_a_phone_that_comes_back_is_rung(room: Room) -> None:
    room.available(ANNA)
    room.router.phone_is(PHONE_OF[ANNA], False)
    story = room.story()
    room.waits(story)
    assert room.sent == []
    room.router.phone_is(PHONE_OF[ANNA], True)
    assert room.asked() == [(story.id, ANNA)]


async def test_the_state_of_a_waiting_call(room: Room) -> None:
    story = room.story()
    room.waits(story)
    call = room.office.service.get(story.id)
    assert call is not None
    assert (call.state, call.queue, LegId("pbx:c") in call.legs) == (CallState.WAITING, "service", True)


async def test_who_dials_out_is_offered_nobody(room: Room) -> None:
    room.available(ANNA)
    out = Story(id=CallId("pbx:a"), at=room.office.clock.now())
    room.hear(out.places(ANNA, "a", "+442079460111", Direction.INTERNAL))
    assert room.state(ANNA) == "ringing"
    room.waits(room.story())
    assert room.sent == []
    room.hear(out.ends("a"))
    assert len(room.sent) == 1


async def test_a_phone_that_sends_the_call_on_is_not_rung_again_while_the_other_rings(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    room.hear(story.offer_ends(ANNA, OfferEnd.FORWARDED).ends(ANNA))
    room.hear(story.rings(BEN))
    assert (room.asked(), room.state(ANNA), room.state(BEN)) == ([(story.id, ANNA)], "ringing", "ringing")
    room.hear(story.answers(BEN))
    assert (room.state(ANNA), room.state(BEN)) == ("available", "talking")
    told = [decode_entry(line.kind, line.body) for line in room.office.journal.lines]
    assert [entry.how for entry in told if isinstance(entry, OfferClosed)] == [OfferEnd.FORWARDED]


async def test_nobody_answers_where_the_phone_sent_the_call(room: Room) -> None:
    room.available(ANNA)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).offer_ends(ANNA, OfferEnd.FORWARDED).ends(ANNA).rings(BEN))
    room.hear(story.offer_ends(BEN, OfferEnd.NO_ANSWER).ends(BEN))
    said = "Extension=1001,Status=NOANSWER"
    room.router.signalled(Signalled(at=story.at, call=story.id, leg=leg_id("c"), word="Dial", detail=said))
    assert room.floor.presence(ANNA).shown_reason == "no_answer"
    assert room.router.is_waiting(story.id)


async def test_who_goes_on_in_the_call_that_took_theirs_is_never_free_in_between(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).answers(ANNA))
    consult = Story(id=CallId("pbx:a2"), at=story.at)
    room.hear(consult.places(ANNA, "a2", "1002", Direction.INTERNAL).rings(BEN, for_leg="a2"))
    room.hear(consult.up(BEN).talk("a2", BEN))
    room.seen.clear()
    story.tell(CallsMerged(at=story.at, call=story.id, absorbed=consult.id))
    room.hear(story.talk("c", BEN, conversation="b2").ends(ANNA, "a2"))
    assert [state for who, state in room.seen if who == BEN] == []
    assert (room.state(ANNA), room.state(BEN)) == ("available", "talking")


async def test_what_rang_before_a_restart_rings_on(room: Room) -> None:
    """The offer of the last run counts as ours: nobody else is asked, and how it ends counts."""
    room.available(ANNA, BEN)
    story = room.story()
    room.hear(story.rings(ANNA))
    place = Place(call=story.id, leg=leg_id("c"), queue="service", since=story.at)
    room.router.resumes(place, PHONE_OF[ANNA])
    room.router.resumes(place, PHONE_OF[ANNA])
    assert (room.sent, room.state(ANNA)) == ([], "ringing")
    room.passes(RING, story)
    room.hear(story.offer_ends(ANNA, OfferEnd.NO_ANSWER).ends(ANNA))
    assert room.floor.presence(ANNA).shown_reason == "no_answer"
    assert room.asked() == [(story.id, BEN)]


async def test_who_waits_already_is_not_written_down_twice(room: Room) -> None:
    story = room.story()
    room.waits(story)
    restarted = Dispatcher(
        floor=room.floor,
        calls=room.office.service,
        clock=room.office.clock,
        ring_seconds=RING,
        send=room.sent.append,
        on_presence=lambda change: None,
        on_queues=lambda *_: None,
    )
    restarted.waits(Place(call=story.id, leg=leg_id("c"), queue="service", since=story.at))
    assert restarted.is_waiting(story.id)
    assert room.kinds().count("entered_queue") == 1


async def test_nobody_is_asked_for_a_caller_who_is_just_hanging_up(room: Room) -> None:
    """The end of the ringing and the end of the caller may come in two reads of the socket."""
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA))
    room.hear(story.offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA))
    assert len(room.sent) == 1
    room.hear(story.ends("c"))
    assert room.office.journal.rows[story.id].outcome is CallOutcome.ABANDONED


async def test_a_caller_whose_ringing_was_withdrawn_is_offered_again(room: Room) -> None:
    room.available(ANNA, BEN)
    story = room.story()
    room.waits(story)
    room.hear(story.rings(ANNA).offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA))
    room.passes(RETRY_SECONDS, story)
    assert len(room.sent) == 2
