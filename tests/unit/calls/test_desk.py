"""What one agent's desk shows: the pop that follows the call, and the truth about how it ended."""

import pytest

from callcenter.agents.ids import AgentId
from callcenter.calls.call import Call
from callcenter.calls.desk import RECENT_SHOWN, Desk
from callcenter.calls.entries import CallIdentified
from callcenter.telephony.events import (
    CallId,
    CallsMerged,
    Direction,
    EndReason,
    OfferEnd,
    TransferKind,
    Transferred,
)
from tests.unit.calls.story import ANNA, BEN, CALLER, T0, Story, leg_id

CARD = {"id": 7, "name": "Mei Chen"}
NAMES = {ANNA: "Anna", BEN: "Ben"}


class Shown:
    """A desk and the documents it has sent so far, as a browser would hold them."""

    def __init__(self, agent: AgentId = ANNA) -> None:
        self.desk = Desk(agent=agent, name_of=lambda who: NAMES.get(who, who), card_of=self._card)
        self.docs: dict[str, object] = {}
        self.sent = 0

    def _card(self, call: Call) -> object | None:
        return CARD if call.customer_id == 7 else None

    def see(self, *stories: Story) -> "Shown":
        for story in stories:
            own = story.book.own(story.id)
            assert own is not None
            for change in self.desk.show(own):
                self.sent += 1
                if change.doc is None:
                    self.docs.pop(change.key, None)
                else:
                    self.docs[change.key] = change.doc
        return self

    def call(self, key: str = "call:pbx:c") -> dict[str, object]:
        doc = self.docs[key]
        assert isinstance(doc, dict)
        return doc

    @property
    def recent(self) -> list[dict[str, object]]:
        doc = self.docs["recent"]
        assert isinstance(doc, list)
        return doc

    def how(self) -> tuple[object, object]:
        return self.recent[0]["how"], self.recent[0]["by"]


def test_the_documents_are_exactly_those_of_the_contract() -> None:
    story = Story().arrives()
    story.tell(
        CallIdentified(
            at=T0, call=story.id, confidence="exact", customer=7, e164=CALLER, display="(415) 555-0123"
        )
    )
    shown = Shown().see(story.wait(2).rings(ANNA))
    number = {"raw": CALLER, "e164": CALLER, "display": "(415) 555-0123", "kind": "number"}
    assert shown.docs == {
        "call:pbx:c": {
            "id": "pbx:c",
            "direction": "inbound",
            "state": "ringing",
            "number": number,
            "caller_name": "Mei Chen",
            "dialled": "+442079460000",
            "queue": None,
            "arrived_at": T0,
            "ringing_at": T0 + 2,
            "answered_at": None,
            "ended_at": None,
            "how": None,
            "with": [{"name": "Mei Chen", "kind": "outside"}],
            "gap": False,
        }
    }
    shown.see(story.wait(3).answers(ANNA))
    assert (shown.call()["state"], shown.call()["answered_at"]) == ("talking", T0 + 5)
    shown.see(story.wait(5).hold("c", by=ANNA))
    assert shown.call()["state"] == "held"
    shown.see(story.wait(1).unhold("c").wait(4).ends("c", ANNA))
    ended = shown.call()
    assert (ended["state"], ended["how"], ended["ended_at"], ended["with"]) == (
        "ended",
        "completed",
        T0 + 15,
        [],
    )
    assert shown.recent == [
        {
            "call_id": "pbx:c",
            "at": T0 + 2,
            "number": number,
            "name": "Mei Chen",
            "customer": CARD,
            "how": "completed",
            "by": None,
            "talk_seconds": 9.0,
        }
    ]


def test_a_leg_that_is_not_rung_yet_shows_nothing() -> None:
    story = Story().arrives()
    story.tell(story.device(ANNA, "a"), story.bound(ANNA, "a"))
    assert Shown().see(story).docs == {}


def test_two_contacts_of_one_agent_are_one_pop() -> None:
    story = Story().arrives().rings(ANNA, "a1").rings(ANNA, "a2")
    shown = Shown().see(story)
    assert list(shown.docs) == ["call:pbx:c"]
    story.answers("a2").offer_ends("a1", OfferEnd.ELSEWHERE).ends("a1", reason=EndReason.ELSEWHERE)
    assert shown.see(story).call()["state"] == "talking"
    assert "recent" not in shown.docs


def test_one_contact_declines_and_the_other_rings_on() -> None:
    story = Story().arrives().rings(ANNA, "a1").rings(ANNA, "a2")
    story.offer_ends("a1", OfferEnd.DECLINED).ends("a1")
    assert Shown().see(story).call()["state"] == "ringing"


def test_it_leaves_at_once_when_a_colleague_answers() -> None:
    story = Story().arrives().rings(ANNA).rings(BEN)
    shown = Shown().see(story)
    shown.see(story.wait(2).answers(BEN).offer_ends(ANNA, OfferEnd.ELSEWHERE))
    assert list(shown.docs) == ["recent"]
    assert shown.how() == ("elsewhere", "Ben")


def test_a_cancelled_offer_beside_an_answer_is_elsewhere() -> None:
    story = Story().arrives().rings(ANNA).rings(BEN).answers(BEN).wait(0.01)
    story.offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA)
    assert Shown().see(story).how() == ("elsewhere", "Ben")


@pytest.mark.parametrize(
    ("ends", "how"),
    [
        (OfferEnd.NO_ANSWER, "missed"),
        (OfferEnd.UNREACHABLE, "missed"),
        (OfferEnd.BUSY, "declined"),
        (OfferEnd.DECLINED, "declined"),
        (OfferEnd.UNKNOWN, "unknown"),
        (OfferEnd.CANCELLED, "missed"),
    ],
)
def test_how_an_unanswered_offer_ended(ends: OfferEnd, how: str) -> None:
    story = Story().arrives().rings(ANNA).wait(5).offer_ends(ANNA, ends).ends(ANNA)
    shown = Shown().see(story)
    assert shown.how() == (how, None)
    assert "call:pbx:c" not in shown.docs


def test_a_withdrawn_offer_becomes_abandoned_when_the_caller_is_gone() -> None:
    story = Story().arrives().rings(ANNA).wait(5).offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA)
    shown = Shown().see(story)
    assert shown.how() == ("missed", None)
    assert shown.see(story.wait(0.02).ends("c")).how() == ("abandoned", None)


def test_what_was_missed_stays_missed_when_another_answers_later() -> None:
    story = Story().arrives().rings(ANNA).wait(15).offer_ends(ANNA, OfferEnd.CANCELLED).ends(ANNA)
    shown = Shown().see(story)
    assert shown.see(story.wait(20).rings(BEN).answers(BEN)).how() == ("missed", None)


def test_the_caller_hangs_up_as_the_agent_answers() -> None:
    story = Story().arrives().rings(ANNA).wait(5).offer_ends(ANNA, OfferEnd.ANSWERED).up(ANNA).ends("c", ANNA)
    assert Shown().see(story).how() == ("abandoned", None)


def test_forwarded_by_the_phone() -> None:
    story = Story().arrives().rings(ANNA).offer_ends(ANNA, OfferEnd.FORWARDED).ends(ANNA)
    assert Shown().see(story).how() == ("elsewhere", None)


def test_picked_up_by_a_colleague() -> None:
    story = Story().arrives().rings(ANNA).wait(2)
    story.tell(story.device(BEN, "b"), story.bound(BEN, "b")).up("b").talk("c", "b")
    story.ends(ANNA, reason=EndReason.REPLACED)
    assert Shown().see(story).how() == ("elsewhere", "Ben")
    assert Shown(BEN).see(story).call()["state"] == "talking"


def test_a_blind_transfer_lets_go_of_one_and_pops_at_the_next() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(30)
    story.tell(Transferred(at=story.at, call=story.id, kind=TransferKind.BLIND, by=leg_id(ANNA), to="1002"))
    story.talk().ends(ANNA).rings(BEN)
    anna, ben = Shown().see(story), Shown(BEN).see(story)
    assert (anna.call()["state"], anna.call()["how"]) == ("ended", "transferred")
    assert ben.call()["state"] == "ringing"
    story.answers(BEN, conversation="b2").wait(60).ends("c", BEN)
    assert anna.see(story).call()["how"] == "transferred"
    assert anna.recent[0]["talk_seconds"] == 30.0
    assert ben.see(story).call()["how"] == "completed"


def test_a_transfer_by_the_server_is_seen_by_who_is_left() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10)
    story.talk().hold("c").rings(BEN).answers(BEN, conversation="b2").wait(0.01).ends(ANNA)
    assert Shown().see(story).how() == ("transferred", "Ben")


def test_an_attended_transfer_of_two_calls_leaves_one_document() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(10).hold("c", by=ANNA)
    second = Story(book=story.book, id=CallId("pbx:a2"), at=story.at)
    second.places(ANNA, "a2", "1002", Direction.INTERNAL).rings(BEN, for_leg="a2")
    anna, ben = Shown().see(story, second), Shown(BEN).see(second)
    assert sorted(anna.docs) == ["call:pbx:a2", "call:pbx:c"]
    assert ben.call("call:pbx:a2")["with"] == [{"name": "Anna", "kind": "agent"}]
    second.answers(BEN, other="a2", conversation="b2").wait(5)
    story.at = second.at
    story.tell(
        CallsMerged(at=story.at, call=story.id, absorbed=second.id),
        Transferred(at=story.at, call=story.id, kind=TransferKind.ATTENDED, by=leg_id(ANNA)),
    )
    story.unhold("c").talk(conversation="b2").talk("c", BEN, conversation="b3").ends(ANNA, "a2")
    for shown in (anna, ben):
        shown.see(second, story)
    assert sorted(anna.docs) == ["call:pbx:c", "recent"]
    assert anna.how()[0] == "transferred"
    assert sorted(ben.docs) == ["call:pbx:c"]
    assert ben.call()["with"] == [{"name": "Mei Chen", "kind": "outside"}]


def test_ended_stays_until_the_next_rings() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(5).ends("c", ANNA)
    shown = Shown().see(story)
    after = Story(book=story.book, id=CallId("pbx:c2"), at=story.at + 60).arrives("c2")
    shown.see(after.rings(ANNA, "a2", for_leg="c2"))
    assert sorted(shown.docs) == ["call:pbx:c2", "recent"]
    shown.see(story)
    assert sorted(shown.docs) == ["call:pbx:c2", "recent"]


def test_ended_is_put_away_and_stays_away() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA)
    shown = Shown().see(story)
    assert shown.desk.put_away(story.id) is None
    shown.see(story.ends("c", ANNA))
    assert [change.key for change in shown.desk.put_away(story.id) or ()] == ["call:pbx:c", "pop:pbx:c"]
    assert shown.desk.put_away(story.id) == []
    assert shown.desk.show(story.call) == []


def test_an_end_nobody_saw_is_unknown() -> None:
    story = Story().arrives().rings(ANNA).answers(ANNA).wait(50)
    story.ends("c", ANNA, reason=EndReason.UNKNOWN)
    assert Shown().see(story).call()["how"] == "unknown"


def test_an_outbound_call() -> None:
    story = Story().places(ANNA, "a", "+442079460111", Direction.OUTBOUND)
    shown = Shown().see(story.dials_out("d", "+442079460111"))
    number = shown.call()["number"]
    assert isinstance(number, dict)
    assert (shown.call()["state"], number["raw"]) == ("ringing", "+442079460111")
    shown.see(story.up("d").talk("a", "d").wait(3).ends("d", "a"))
    assert shown.how() == ("completed", None)


@pytest.mark.parametrize(("raw", "kind"), [("", "anonymous"), ("1002", "extension"), (CALLER, "number")])
def test_the_number_before_the_directory_has_said(raw: str, kind: str) -> None:
    shown = Shown().see(Story().arrives(number=raw).rings(ANNA))
    assert shown.call()["number"] == {"raw": raw, "e164": None, "display": raw, "kind": kind}


def test_nothing_is_sent_twice() -> None:
    story = Story().arrives().rings(ANNA)
    shown = Shown().see(story, story)
    shown.see(story.ends("c", ANNA), story)
    assert shown.sent == 1 + 3  # the call; then its end: two deletions and `recent`


def test_recent_keeps_the_last_ten_newest_first() -> None:
    shown, book = Shown(), Story().book
    for number in range(RECENT_SHOWN + 5):
        story = Story(book=book, id=CallId(f"pbx:{number}"), at=T0 + 60 * number).arrives(f"c{number}")
        story.rings(ANNA, f"a{number}").wait(5).offer_ends(f"a{number}", OfferEnd.NO_ANSWER)
        shown.see(story.ends(f"a{number}"))
    assert [row["call_id"] for row in shown.recent] == [f"pbx:{number}" for number in range(14, 4, -1)]


def test_an_agent_without_part_in_it_sees_nothing() -> None:
    assert Shown(BEN).see(Story().arrives().rings(ANNA).answers(ANNA)).docs == {}
