"""All agents: whose device is whose, and who may be given a call."""

import pytest

from callcenter.agents.floor import AgentProfile, Floor
from callcenter.agents.ids import AgentId
from callcenter.agents.presence import AgentState, IllegalPresence, Signal, Wish
from callcenter.telephony.events import CallId, Endpoint
from tests.unit.calls.story import ANNA, BEN, PHONE_OF, T0

CALL = CallId("pbx:1")


def floor() -> Floor:
    names = {ANNA: "Anna", BEN: "Ben"}
    return Floor(AgentProfile(id=who, name=name, endpoint=PHONE_OF[who]) for who, name in names.items())


def free(one: Floor) -> list[AgentId]:
    return [agent.id for agent, _ in one.available()]


def test_who_sits_behind_a_device() -> None:
    agent = floor().at(PHONE_OF[ANNA])
    assert agent is not None
    assert agent.name == "Anna"
    assert floor().at(Endpoint("PJSIP/trunk")) is None


def test_available_with_a_phone_that_is_not_gone() -> None:
    one = floor()
    assert free(one) == []
    for agent in (ANNA, BEN):
        one.want(agent, Wish.AVAILABLE, at=T0)
    assert free(one) == [ANNA, BEN]
    one.phone_is(PHONE_OF[ANNA], False)
    assert free(one) == [BEN]
    one.phone_is(PHONE_OF[ANNA], True)
    one.hear(BEN, Signal.RINGS, CALL, at=T0)
    assert free(one) == [ANNA]


def test_only_what_others_can_see_is_a_change() -> None:
    one = floor()
    assert one.want(ANNA, Wish.OFFLINE, at=T0) is None
    assert one.want(ANNA, Wish.AVAILABLE, at=T0) is not None
    assert one.hear(ANNA, Signal.TALKS, CALL, at=T0) is not None
    assert one.want(ANNA, Wish.PAUSED, reason="lunch", at=T0) is None
    change = one.hear(ANNA, Signal.RELEASED, CALL, at=T0 + 1)
    assert change is not None
    assert change.presence.shown_reason == "lunch"


def test_a_phone_is_news_once() -> None:
    one = floor()
    assert one.phone_is(PHONE_OF[ANNA], True) is not None
    assert one.phone_is(PHONE_OF[ANNA], True) is None
    assert one.phone_is(Endpoint("PJSIP/9999"), True) is None


def test_an_unknown_agent_raises() -> None:
    with pytest.raises(KeyError):
        floor().want(AgentId("nobody"), Wish.AVAILABLE, at=T0)


def test_a_refused_reservation_changes_nothing() -> None:
    one = floor()
    with pytest.raises(IllegalPresence):
        one.hear(ANNA, Signal.RESERVED, CALL, at=T0)
    assert one.presence(ANNA).engagements == {}


def profile(agent: AgentId, name: str, endpoint: Endpoint | None) -> AgentProfile:
    return AgentProfile(id=agent, name=name, endpoint=endpoint)


def test_who_comes_changes_and_leaves() -> None:
    one = Floor([profile(ANNA, "Anna", PHONE_OF[ANNA]), profile(BEN, "Ben", PHONE_OF[BEN])])
    anna = profile(ANNA, "Anna Example", PHONE_OF[ANNA])
    cora = profile(AgentId("9"), "Cora", None)
    change = one.staff([anna, cora])
    assert (change.came, change.changed) == ((cora,), (anna,))
    assert [agent.id for agent in change.left] == [BEN]
    assert list(one) == [anna, cora]
    assert one.presence(AgentId("9")).state is AgentState.OFFLINE
    assert not one.staff([anna, cora])


def test_phones_that_are_swapped_at_once() -> None:
    one = floor()
    one.staff([profile(ANNA, "Anna", PHONE_OF[BEN]), profile(BEN, "Ben", PHONE_OF[ANNA])])
    assert (one.agent_at(PHONE_OF[BEN]), one.agent_at(PHONE_OF[ANNA])) == (ANNA, BEN)


def test_who_left_gets_no_call_and_ends_the_one_they_have() -> None:
    one = floor()
    one.want(BEN, Wish.AVAILABLE, at=T0)
    one.hear(BEN, Signal.TALKS, CALL, at=T0)
    anna = profile(ANNA, "Anna", PHONE_OF[ANNA])
    one.staff([anna])
    assert one.at(PHONE_OF[BEN]) is None
    assert one.name_of(BEN) == "Ben"
    assert one.hear(BEN, Signal.RELEASED, CALL, at=T0 + 1) is not None
    assert free(one) == []
    one.want(BEN, Wish.AVAILABLE, at=T0 + 2)
    assert free(one) == []
    change = one.staff([anna, profile(BEN, "Ben", PHONE_OF[BEN])])
    assert [agent.id for agent in change.came] == [BEN]
