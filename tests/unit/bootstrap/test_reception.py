"""What the scripts and the desks are told: where a caller goes, and what an agent may do now."""

from __future__ import annotations

from typing import cast

import pytest

from callcenter.agents.ids import AgentId
from callcenter.asterisk.scripts import Arrival, Next
from callcenter.bootstrap.reception import PATIENCE_WITHOUT_SWITCH, Reception
from callcenter.bootstrap.server import Server
from callcenter.kit.clock import ManualClock
from callcenter.telephony.events import (
    AnyCallEvent,
    CallId,
    CallsMerged,
    Conversation,
    Direction,
    Endpoint,
    EndReason,
    LegAdded,
    LegEnded,
    LegId,
    LegRole,
    Offered,
    OfferEnd,
    OfferEnded,
)
from ivr.flow import Enqueue, Flow
from tests.storage.actors import ANNA
from web.ports import AgentWish, Refusal, Refused, User, agent_desk
from web.security.permissions import Role

CALL, LEG, PHONE = CallId("pbx:1.1"), LegId("pbx:1.1"), LegId("pbx:1.2")


def arrival(leg: LegId = LEG, dialled: str = "14155550100") -> Arrival:
    return Arrival(leg=leg, number="12025550142", name="", dialled=dialled)


def added(
    leg: LegId,
    endpoint: str,
    *,
    call: CallId = CALL,
    at: float = 0.0,
    made_by: LegId | None = None,
    dialled: str = "",
) -> LegAdded:
    role = LegRole.OUTSIDE if endpoint.endswith("trunk") else LegRole.DEVICE
    return LegAdded(
        at=at,
        call=call,
        leg=leg,
        role=role,
        direction=Direction.INBOUND,
        endpoint=Endpoint(endpoint),
        number="12025550142",
        made_by=made_by,
        dialled=dialled,
    )


def rings(at: float) -> list[AnyCallEvent]:
    """1001 is rung for the caller."""
    endpoint = Endpoint("PJSIP/1001")
    return [
        added(PHONE, endpoint, at=at, made_by=LEG),
        Offered(at=at, call=CALL, leg=PHONE, endpoint=endpoint, for_leg=LEG),
    ]


def talks(at: float) -> list[AnyCallEvent]:
    endpoint = Endpoint("PJSIP/1001")
    return [
        OfferEnded(at=at, call=CALL, leg=PHONE, endpoint=endpoint, how=OfferEnd.ANSWERED),
        Conversation(at=at, call=CALL, conversation="b", members=(LEG, PHONE)),
    ]


def user_of(server: Server, extension: str) -> User:
    agent = next(one for one in server.floor if one.extension == extension)
    return User(id=1, login="x", name="X", role=Role.AGENT, agent_id=agent.id, extension=extension)


def agent_id(server: Server, extension: str = "1001") -> str:
    return cast(str, user_of(server, extension).agent_id)


def refused(answer: Refusal | None) -> Refused | None:
    return None if answer is None else answer.why


def queue_of(flow: Flow | None) -> str:
    assert flow is not None
    return next(step.queue for step in flow.steps.values() if isinstance(step, Enqueue))


async def test_each_number_has_its_queue(reception: Reception) -> None:
    assert queue_of(reception.flow_for(arrival())) == "service"
    assert queue_of(reception.flow_for(arrival(dialled="14155550199"))) == "orders"


async def test_callers_are_kept_while_the_link_comes_back_and_no_longer(
    reception: Reception, clock: ManualClock
) -> None:
    """Without AMI nobody can be rung: the PBX's own queue serves them better then."""
    clock.advance(PATIENCE_WITHOUT_SWITCH)
    assert reception.flow_for(arrival()) is not None
    assert reception.heartbeat(arrival()) is Next.HOLD
    clock.advance(1)
    assert reception.flow_for(arrival()) is None
    assert reception.heartbeat(arrival()) is Next.FALLBACK


async def test_a_caller_may_be_heard_by_the_script_before_the_manager_says_a_word(
    server: Server, reception: Reception, clock: ManualClock
) -> None:
    reception.waits(arrival(), "service")
    assert server.dispatcher.is_waiting(CALL)
    reception.call_events([added(LEG, "PJSIP/trunk", at=clock.now())])
    call = server.calls.get(CALL)
    assert call is not None
    assert (call.queue, call.queued) == ("service", True)


async def test_a_heartbeat_of_a_caller_nobody_remembers_finds_a_place(
    server: Server, reception: Reception, clock: ManualClock
) -> None:
    reception.call_events([added(LEG, "PJSIP/trunk", at=clock.now(), dialled="14155550199")])
    assert reception.heartbeat(arrival()) is Next.HOLD
    call = server.calls.get(CALL)
    assert call is not None
    assert call.queue == "orders"
    assert server.dispatcher.is_waiting(CALL)


async def test_a_caller_whose_call_was_merged_is_found(
    server: Server, reception: Reception, clock: ManualClock
) -> None:
    now = clock.now()
    older = CallId("pbx:0.9")
    reception.call_events(
        [
            added(LegId("pbx:0.9"), "PJSIP/1002", call=older, at=now),
            added(LEG, "PJSIP/trunk", at=now),
            CallsMerged(at=now, call=older, absorbed=CALL),
        ]
    )
    reception.heartbeat(arrival())
    assert server.dispatcher.is_waiting(older)


async def test_the_end_of_the_agents_leg_ends_the_call(reception: Reception) -> None:
    assert reception.parted(LEG) is Next.HANG_UP


@pytest.mark.parametrize("state", ["available", "paused", "offline"])
async def test_an_agent_changes_state_and_the_desk_shows_it(
    server: Server, reception: Reception, state: AgentWish
) -> None:
    agent = agent_id(server)
    reason = "break" if state == "paused" else None
    assert await reception.set_state(agent, "available", None) is None
    assert await reception.set_state(agent, state, reason) is None
    me = cast(dict[str, object], server.hub.snapshot(agent_desk(agent))["me"])
    assert (me["state"], me["reason"]) == (state, reason)


@pytest.mark.parametrize("reason", [None, "", "holiday"])
async def test_a_pause_needs_a_reason_of_the_list(
    server: Server, reception: Reception, reason: str | None
) -> None:
    answer = await reception.set_state(agent_id(server), "paused", reason)
    assert answer is not None
    assert (answer.why, answer.field) == (Refused.INVALID, "reason")
    assert "break, lunch" in answer.detail


async def test_who_has_no_phone_has_no_state(reception: Reception) -> None:
    assert refused(await reception.set_state("nobody", "available", None)) is Refused.NOT_FOUND


async def test_a_customer_is_chosen_by_whoever_has_the_call_on_the_desk(
    server: Server, reception: Reception, clock: ManualClock
) -> None:
    customer = await server.directory.create(
        by=ANNA, name="Ada", company=None, language="en", numbers=["+12025550142"]
    )
    reception.call_events([added(LEG, "PJSIP/trunk", at=clock.now()), *rings(clock.now())])
    mine, other = user_of(server, "1001"), user_of(server, "1002")
    assert refused(await reception.choose_customer(CALL, customer.id, other)) is Refused.NOT_FOUND
    assert refused(await reception.choose_customer(CALL, 999, mine)) is Refused.NOT_FOUND
    assert await reception.choose_customer(CALL, customer.id, mine) is None
    call = server.calls.get(CALL)
    assert call is not None
    assert (call.customer_id, call.chosen) == (customer.id, True)
    supervisor = User(id=9, login="s", name="S", role=Role.SUPERVISOR)
    assert await reception.choose_customer(CALL, customer.id, supervisor) is None
    gone = await reception.choose_customer("pbx:no.such", customer.id, supervisor)
    assert refused(gone) is Refused.NOT_FOUND


async def test_a_call_is_put_away_when_it_is_over(
    server: Server, reception: Reception, clock: ManualClock
) -> None:
    agent = agent_id(server)
    now = clock.now()
    reception.call_events([added(LEG, "PJSIP/trunk", at=now), *rings(now)])
    assert refused(await reception.put_away(CALL, agent)) is Refused.NOT_NOW
    reception.call_events(talks(now + 1))
    assert refused(await reception.put_away(CALL, agent)) is Refused.NOT_NOW
    over: list[AnyCallEvent] = [
        LegEnded(at=now + 9, call=CALL, leg=leg, reason=EndReason.NORMAL) for leg in (LEG, PHONE)
    ]
    reception.call_events(over)
    assert server.calls.on_desk(CALL, AgentId(agent))
    assert await reception.put_away(CALL, agent) is None
    assert not server.calls.on_desk(CALL, AgentId(agent))
    assert await reception.put_away(CALL, agent) is None


async def test_an_agents_wish_outlives_a_restart(build_server, server: Server, reception: Reception) -> None:  # type: ignore[no-untyped-def]
    await reception.set_state(agent_id(server, "1001"), "available", None)
    await reception.set_state(agent_id(server, "1002"), "paused", "lunch")
    assert await server.journal.flush(5)
    again: Server = await build_server()
    states = {one.extension: again.floor.presence(one.id) for one in again.floor}
    assert states["1001"].state.value == "available"
    assert (states["1002"].state.value, states["1002"].shown_reason) == ("paused", "lunch")
