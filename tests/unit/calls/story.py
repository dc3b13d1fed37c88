"""Tell calls in a few words: each verb makes the neutral events that a switch would tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from callcenter.agents.ids import AgentId
from callcenter.calls.book import CallBook
from callcenter.calls.call import Call, Leg
from callcenter.calls.changes import CallChange
from callcenter.calls.entries import AgentBound, Entry
from callcenter.calls.record import CallState
from callcenter.telephony.events import (
    CallId,
    Conversation,
    Direction,
    Endpoint,
    EndReason,
    HoldEnded,
    HoldStarted,
    LegAdded,
    LegEnded,
    LegId,
    LegRinging,
    LegRole,
    LegUp,
    Offered,
    OfferEnd,
    OfferEnded,
)

T0 = 1_795_000_000.0
CALLER = "+14155550123"

THE_CALL = CallId("pbx:c")

ANNA = AgentId("anna")
BEN = AgentId("ben")
CLEO = AgentId("cleo")
PHONES = {Endpoint("PJSIP/1001"): ANNA, Endpoint("PJSIP/1002"): BEN, Endpoint("PJSIP/1003"): CLEO}
PHONE_OF = {agent: endpoint for endpoint, agent in PHONES.items()}


def leg_id(name: str) -> LegId:
    return LegId(f"pbx:{name}")


@dataclass
class Story:
    """One call told to `book`; every entry is kept in `told`. `at` is now; `wait` moves it."""

    book: CallBook = field(default_factory=CallBook)
    id: CallId = THE_CALL
    at: float = T0
    told: list[Entry] = field(default_factory=list)
    changes: list[CallChange] = field(default_factory=list)

    def tell(self, *entries: Entry) -> Story:
        for entry in entries:
            self.told.append(entry)
            self.changes += self.book.apply(entry)
        return self

    def wait(self, seconds: float) -> Story:
        self.at += seconds
        return self

    @property
    def call(self) -> Call:
        found = self.book.get(self.id)
        assert found is not None
        return found

    def stands(self, state: CallState) -> bool:
        return self.call.state is state

    def leg(self, name: str) -> Leg:
        found = self.call.leg(leg_id(name))
        assert found is not None
        return found

    def arrives(self, name: str = "c", number: str = CALLER, dialled: str = "+442079460000") -> Story:
        return self.tell(
            LegAdded(
                at=self.at,
                call=self.id,
                leg=leg_id(name),
                role=LegRole.OUTSIDE,
                direction=Direction.INBOUND,
                endpoint=Endpoint("PJSIP/trunk"),
                number=number,
                name="Mei Chen",
                dialled=dialled,
            )
        )

    def places(self, agent: AgentId, name: str, dialled: str, direction: Direction) -> Story:
        """An agent's phone dials."""
        self.tell(self.device(agent, name, direction, dialled=dialled), self.bound(agent, name))
        return self

    def device(
        self, agent: AgentId, name: str, direction: Direction = Direction.INBOUND, **more: object
    ) -> LegAdded:
        return LegAdded(
            at=self.at,
            call=self.id,
            leg=leg_id(name),
            role=LegRole.DEVICE,
            direction=direction,
            endpoint=PHONE_OF[agent],
            number=PHONE_OF[agent].rpartition("/")[2],
            **more,  # type: ignore[arg-type]
        )

    def bound(self, agent: AgentId, name: str) -> AgentBound:
        return AgentBound(at=self.at, call=self.id, leg=leg_id(name), agent=agent)

    def rings(self, agent: AgentId, name: str = "", *, for_leg: str = "c", queue: str = "") -> Story:
        name = name or agent
        return self.tell(
            self.device(agent, name, made_by=leg_id(for_leg)),
            self.bound(agent, name),
            Offered(
                at=self.at,
                call=self.id,
                leg=leg_id(name),
                endpoint=PHONE_OF[agent],
                for_leg=leg_id(for_leg),
                queue=queue,
            ),
            LegRinging(at=self.at, call=self.id, leg=leg_id(name)),
        )

    def dials_out(self, name: str, number: str) -> Story:
        return self.tell(
            LegAdded(
                at=self.at,
                call=self.id,
                leg=leg_id(name),
                role=LegRole.OUTSIDE,
                direction=Direction.OUTBOUND,
                endpoint=Endpoint("PJSIP/trunk"),
                number=number,
                made_by=leg_id("a"),
            ),
            LegRinging(at=self.at, call=self.id, leg=leg_id(name)),
        )

    def up(self, *names: str) -> Story:
        return self.tell(*(LegUp(at=self.at, call=self.id, leg=leg_id(name)) for name in names))

    def offer_ends(self, name: str, how: OfferEnd, endpoint: str = "PJSIP/1001") -> Story:
        return self.tell(
            OfferEnded(at=self.at, call=self.id, leg=leg_id(name), endpoint=Endpoint(endpoint), how=how)
        )

    def talk(self, *names: str, conversation: str = "b1") -> Story:
        members = tuple(leg_id(name) for name in names)
        return self.tell(Conversation(at=self.at, call=self.id, conversation=conversation, members=members))

    def answers(self, name: str, *, other: str = "c", conversation: str = "b1") -> Story:
        self.offer_ends(name, OfferEnd.ANSWERED).up(name, other)
        return self.talk(other, name, conversation=conversation)

    def hold(self, name: str, by: str | None = None) -> Story:
        return self.tell(
            HoldStarted(at=self.at, call=self.id, leg=leg_id(name), by=leg_id(by) if by else None)
        )

    def unhold(self, name: str) -> Story:
        return self.tell(HoldEnded(at=self.at, call=self.id, leg=leg_id(name)))

    def ends(self, *names: str, reason: EndReason = EndReason.NORMAL) -> Story:
        return self.tell(
            *(LegEnded(at=self.at, call=self.id, leg=leg_id(name), reason=reason) for name in names)
        )
