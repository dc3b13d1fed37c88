"""The link over real loopback sockets, its timers on virtual time."""

from __future__ import annotations

import asyncio
import itertools
import logging
import ssl
from pathlib import Path

import pytest

from callcenter.asterisk.ami import (
    AmiBounds,
    AmiLinkDown,
    AmiListIncomplete,
    AmiLoginRefused,
    AmiMessage,
    AmiNotSent,
    AmiOutcomeUnknown,
    AmiRefused,
    AmiSession,
    LinkPhase,
    LinkState,
)
from callcenter.asterisk.ami.backoff import backoff
from tests.unit.asterisk_ami.scripted_switch import (
    CHALLENGE,
    SECRET,
    USER,
    Manager,
    Switch,
    config_for,
    linked,
    make_link,
)
from tests.virtual_time import run_virtual, virtual_time

P = LinkPhase
CERTIFICATE = Path(__file__).parent / "switch.test.pem"


async def live(manager: Manager) -> None:
    """Sign in and answer everything."""
    await manager.sign_in()
    await manager.answer_pings()


@virtual_time
async def test_signs_in_and_goes_live() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        await manager.event("Hangup", Cause="16")
        await manager.answer_pings()

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        await link.heard(1)
        assert link.phases == [P.CONNECTING, P.AUTHENTICATING, P.RECONCILING, P.LIVE]
        assert [m.event for m in link.events] == ["Hangup"]
        assert link.connection.counts().connections == 1
    assert link.phases[-1] is P.DOWN
    assert link.states[-1].detail == "stopped"


@virtual_time
async def test_wrong_secret_is_fatal_and_says_what_to_do() -> None:
    async def script(manager: Manager) -> None:
        await manager.greet()
        await manager.answer(await manager.action("Challenge"), Challenge=CHALLENGE)
        await manager.answer(await manager.action("Login"), "Error", Message="Authentication failed")

    async with Switch(script).listening() as switch:
        link = make_link(config_for(switch.port))
        with pytest.raises(AmiLoginRefused) as caught:
            await link.connection.run()
        text = str(caught.value)
        assert "Authentication failed" in text
        assert "manager.conf" in text
        assert USER in text
        assert SECRET not in text
        assert link.phases == [P.CONNECTING, P.AUTHENTICATING, P.REFUSED]
        assert link.states[-1].detail == text
        assert len(switch.connections) == 1


@virtual_time
async def test_no_challenge_is_fatal_unless_plain_is_configured() -> None:
    async def script(manager: Manager) -> None:
        await manager.greet()
        action = await manager.action()
        if action.get("Action") == "Challenge":
            await manager.answer(action, "Error", Message="Must specify AuthType")
            return
        assert action.get("Secret") == SECRET
        await manager.answer(action)
        await manager.answer(await manager.action("Events"))
        await manager.answer_pings()

    async with Switch(script).listening() as switch:
        with pytest.raises(AmiLoginRefused, match="plain login"):
            await make_link(config_for(switch.port)).connection.run()
        async with linked(config_for(switch.port, plain_login=True)) as link:
            await link.reached(P.LIVE)


@virtual_time
async def test_missing_rights_are_fatal_and_named() -> None:
    async def script(manager: Manager) -> None:
        await manager.greet()
        await manager.answer(await manager.action("Challenge"), Challenge=CHALLENGE)
        await manager.answer(await manager.action("Login"))
        await manager.answer(await manager.action("ListCommands"), Ping="Keepalive. (Priv: <none>)")

    async with Switch(script).listening() as switch:
        link = make_link(config_for(switch.port, needed_actions=frozenset({"Redirect", "Hangup", "ping"})))
        with pytest.raises(AmiLoginRefused, match="may not do Hangup, Redirect"):
            await link.connection.run()


@virtual_time
async def test_tls() -> None:
    """The certificate is a self-signed one for tests, valid for `switch.test` and 127.0.0.1."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(CERTIFICATE)
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    async with Switch(live).listening(tls=server_side) as switch:
        config = config_for(switch.port, tls=trusting, tls_server_name="switch.test")
        async with linked(config) as link:
            await link.reached(P.LIVE)
            await link.connection.action("Ping")
        async with linked(config_for(switch.port, tls=ssl.create_default_context())) as link:
            assert "cannot connect" in (await link.reached(P.DOWN)).detail


@virtual_time
async def test_login_in_use_is_tried_again() -> None:
    async def busy(manager: Manager) -> None:
        await manager.greet()
        await manager.answer(await manager.action("Challenge"), "Error", Message="Login Already In Use")

    async with Switch(busy, live).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        assert P.REFUSED not in link.phases


@virtual_time
async def test_filters_are_tolerated_when_refused() -> None:
    async def script(manager: Manager) -> None:
        await manager.greet()
        await manager.answer(await manager.action("Challenge"), Challenge=CHALLENGE)
        await manager.answer(await manager.action("Login"))
        await manager.answer(await manager.action("Filter"), "Error", Message="Permission denied")
        await manager.answer(await manager.action("Events"))
        await manager.answer_pings()

    filters = ("!Event: TestEvent", "!Event: VarSet")
    async with Switch(script).listening() as switch, linked(config_for(switch.port, filters=filters)) as link:
        await link.reached(P.LIVE)


@virtual_time
async def test_filters_are_set() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in(filters=1)
        await manager.answer_pings()

    async with Switch(script).listening() as switch:
        async with linked(config_for(switch.port, filters=("!Event: TestEvent",))) as link:
            await link.reached(P.LIVE)
        [manager] = switch.connections
        [chosen] = [m for m in manager.seen if m.get("Action") == "Filter"]
        assert (chosen.get("Operation"), chosen.get("Filter")) == ("Add", "!Event: TestEvent")


@virtual_time
async def test_action_gets_its_own_answer() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        first, second = await manager.action("Redirect"), await manager.action("Hangup")
        await manager.answer(second, Message="Channel Hungup")
        await manager.event("Newchannel")
        await manager.answer(first, "Error", Message="No such channel")
        await manager.answer_pings()

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        refused, done = await asyncio.gather(
            link.connection.action("Redirect", [("Channel", "PJSIP/1001-1")]),
            link.connection.action("Hangup", {"Channel": "PJSIP/1001-1"}),
            return_exceptions=True,
        )
        assert isinstance(refused, AmiRefused)
        assert refused.message == "No such channel"
        assert isinstance(done, AmiMessage)
        assert done.get("Message") == "Channel Hungup"
        assert [m.event for m in link.events] == ["Newchannel"]


@virtual_time
async def test_action_ids_are_short_and_never_shared_between_connections() -> None:
    async def cut(manager: Manager) -> None:
        await manager.sign_in()
        manager.cut()

    async with Switch(cut, live).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        await link.connection.action("Ping")
        assert len(switch.connections) == 2
        ids = [[m.action_id for m in manager.seen] for manager in switch.connections]
    everything = list(itertools.chain(*ids))
    assert len(set(everything)) == len(everything)
    assert all(0 < len(one) <= 64 for one in everything)


@virtual_time
async def test_event_of_an_action_goes_to_the_listener() -> None:
    """OriginateResponse has Event, Response and our ActionID; it may even come before the response."""

    async def script(manager: Manager) -> None:
        await manager.sign_in()
        action = await manager.action("Originate")
        early = [("Event", "OriginateResponse"), ("ActionID", action.action_id), ("Response", "Failure")]
        await manager.send(early)
        await manager.answer(action, Message="Originate successfully queued")
        await manager.send(early)
        await manager.answer_pings()

    async with (
        Switch(script).listening() as switch,
        linked(config_for(switch.port, wanted=frozenset({"Hangup"}))) as link,
    ):
        await link.reached(P.LIVE)
        answer = await link.connection.action("Originate", [("Async", "true")])
        assert answer.get("Message") == "Originate successfully queued"
        await link.heard(2)
        assert {m.action_id for m in link.events} == {answer.action_id}


@virtual_time
async def test_collect_gives_items_though_nobody_wants_their_events() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        action = await manager.action("CoreShowChannels")
        await manager.answer(action, EventList="start", Message="Channels will follow")
        for channel in ("PJSIP/1001-1", "PJSIP/1002-1"):
            item = [("Event", "CoreShowChannel"), ("ActionID", action.action_id), ("Channel", channel)]
            await manager.send(item)
            await manager.event("Hangup", Channel="other")
        end = [("Event", "CoreShowChannelsComplete"), ("ActionID", action.action_id), ("ListItems", "2")]
        await manager.send([*end, ("EventList", "Complete")])
        await manager.answer_pings()

    async with (
        Switch(script).listening() as switch,
        linked(config_for(switch.port, wanted=frozenset({"Hangup"}))) as link,
    ):
        await link.reached(P.LIVE)
        items = await link.connection.collect("CoreShowChannels")
        assert [m.get("Channel") for m in items] == ["PJSIP/1001-1", "PJSIP/1002-1"]
        assert [m.event for m in link.events] == ["Hangup", "Hangup"]


@virtual_time
async def test_list_without_complete_ends_at_its_deadline() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        action = await manager.action("CoreShowChannels")
        await manager.answer(action, EventList="start")
        await manager.send([("Event", "CoreShowChannel"), ("ActionID", action.action_id)])
        await manager.answer_pings()

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(AmiListIncomplete) as caught:
            await link.connection.collect("CoreShowChannels", timeout=7.0)
        assert caught.value.received == 1
        assert asyncio.get_running_loop().time() - begun == pytest.approx(7.0, abs=0.1)
        assert link.connection.state.phase is P.LIVE


@pytest.mark.parametrize("end", ["cancelled", "endless"])
@virtual_time
async def test_list_cancelled_or_endless(end: str) -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        action = await manager.action("Status")
        await manager.answer(action, EventList="start")
        item = [("Event", "Status"), ("ActionID", action.action_id)]
        for _ in range(20):
            await manager.send(item)
        if end == "cancelled":
            await manager.send([*item, ("EventList", "cancelled")])
        await manager.answer_pings()

    bounds = AmiBounds(max_list_items=10 if end == "endless" else 50)
    async with Switch(script).listening() as switch, linked(config_for(switch.port, bounds=bounds)) as link:
        await link.reached(P.LIVE)
        with pytest.raises(AmiListIncomplete):
            await link.connection.collect("Status")


@virtual_time
async def test_refused_list() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        await manager.answer(await manager.action(), "Error", Message="Permission denied")
        await manager.answer_pings()

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        with pytest.raises(AmiRefused, match="Permission denied"):
            await link.connection.collect("CoreShowChannels")


@virtual_time
async def test_unanswered_is_unknown_and_a_late_answer_harms_nobody() -> None:
    async def script(manager: Manager) -> None:
        await manager.sign_in()
        slow = await manager.action("Originate")
        await manager.answer(await manager.action("Hangup"))
        await manager.answer(slow)
        await manager.answer_pings()

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        with pytest.raises(AmiOutcomeUnknown, match="Originate"):
            await link.connection.action("Originate", timeout=3.0)
        await link.connection.action("Hangup")
        await link.connection.action("Ping")
        assert link.connection.counts().late_answers == 1


@virtual_time
async def test_pending_at_the_loss_is_unknown_and_never_sent_again() -> None:
    async def swallow(manager: Manager) -> None:
        await manager.sign_in()
        await manager.action("Originate")
        manager.cut()

    async with Switch(swallow, live).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(AmiOutcomeUnknown):
            await link.connection.action("Originate", timeout=60.0)
        assert asyncio.get_running_loop().time() - begun < 1  # known to be unknown at once
        await link.reached(P.LIVE, times=2)
        await link.connection.action("Ping")
        again = [m.get("Action") for m in switch.connections[1].seen]
        assert "Originate" not in again


@virtual_time
async def test_nothing_is_sent_while_not_live() -> None:
    async with Switch(live).listening() as switch:
        link = make_link(config_for(switch.port))
        with pytest.raises(AmiLinkDown):
            await link.connection.action("Hangup")
        assert issubclass(AmiLinkDown, AmiRefused)


@virtual_time
async def test_table_of_pending_actions_is_bounded() -> None:
    async def deaf(manager: Manager) -> None:
        await manager.sign_in()
        await manager.until_closed()

    bounds = AmiBounds(max_pending=5)
    async with Switch(deaf).listening() as switch, linked(config_for(switch.port, bounds=bounds)) as link:
        await link.reached(P.LIVE)
        results = await asyncio.gather(
            *(link.connection.action("Hangup", timeout=1.0) for _ in range(8)), return_exceptions=True
        )
        assert [type(r) for r in results] == [AmiOutcomeUnknown] * 5 + [AmiNotSent] * 3


@virtual_time
async def test_writing_is_bounded_when_the_switch_does_not_read() -> None:
    async def deaf(manager: Manager) -> None:
        await manager.sign_in()
        await asyncio.Event().wait()

    bounds = AmiBounds(max_pending=100_000, max_unsent=20_000, ping_every=1e6)
    async with Switch(deaf).listening() as switch, linked(config_for(switch.port, bounds=bounds)) as link:
        await link.reached(P.LIVE)
        # Fill the kernel's buffers of both ends, then our own bound.
        headers = [("Variable", "x" * 1_000)] * 15
        results = await asyncio.gather(
            *(link.connection.action("Originate", headers, timeout=1.0) for _ in range(1_000)),
            return_exceptions=True,
        )
        kinds = {type(result) for result in results}
        assert kinds == {AmiOutcomeUnknown, AmiNotSent}


@virtual_time
async def test_silent_switch_is_given_up_and_reconnected() -> None:
    async def hung(manager: Manager) -> None:
        await manager.sign_in()
        await manager.until_closed()

    async with Switch(hung, live).listening() as switch, linked(config_for(switch.port)) as link:
        up = await link.reached(P.LIVE)
        down = await link.reached(P.DOWN)
        assert "no sign of life" in down.detail
        assert down.at - up.at == pytest.approx(15.0, abs=0.5)
        await link.reached(P.LIVE, times=2)


@virtual_time
async def test_a_talking_switch_is_alive_though_its_answer_is_late() -> None:
    async def storm(manager: Manager) -> None:
        await manager.sign_in()
        for _ in range(120):
            await manager.event("Newstate")
            await asyncio.sleep(1.0)

    async with Switch(storm).listening() as switch, linked(config_for(switch.port)) as link:
        await link.heard(100, within=200.0)
        assert link.phases.count(P.DOWN) == 0


@virtual_time
async def test_keep_alive_while_nothing_is_said() -> None:
    async with Switch(live).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        await asyncio.sleep(600)
        assert link.connection.state.phase is P.LIVE
        pings = [m for m in switch.connections[0].seen if m.get("Action") == "Ping"]
        assert len(pings) == pytest.approx(60, abs=1)


@virtual_time
async def test_clean_close_does_not_spin() -> None:
    async def close(manager: Manager) -> None:
        await manager.sign_in()

    async with Switch(close).listening() as switch, linked(config_for(switch.port)) as link:
        down = await link.reached(P.DOWN)
        await asyncio.sleep(600)
        # Waits are drawn below a ceiling of 15 s: on average one try in 7.5 s.
        assert 30 < len(switch.connections) < 200
        assert "closed the connection" in down.detail


@virtual_time
async def test_port_that_is_no_manager() -> None:
    async def web(manager: Manager) -> None:
        await manager.raw(b"HTTP/1.1 400 Bad Request\r\nX: y\r\n\r\nEvent: Hangup\r\n\r\n")
        await manager.until_closed()

    async def ssh(manager: Manager) -> None:
        await manager.raw(b"SSH-2.0-OpenSSH_9.2\r\n")
        await manager.until_closed()

    async with Switch(web, ssh, live).listening() as switch, linked(config_for(switch.port)) as link:
        assert "no Asterisk manager" in (await link.reached(P.DOWN)).detail
        assert "did not greet" in (await link.reached(P.DOWN, times=2)).detail
        await link.reached(P.LIVE)
        assert link.events == []


@virtual_time
async def test_nobody_listens() -> None:
    async with Switch(live).listening() as switch:
        port = switch.port
    async with linked(config_for(port)) as link:
        down = await link.reached(P.DOWN, times=3)
        assert "cannot connect" in down.detail


@virtual_time
async def test_lost_framing_resets_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def garbage(manager: Manager) -> None:
        await manager.sign_in()
        await asyncio.sleep(1)
        await manager.raw(b"junk from +14155550100\r\n\r\n" * 40)
        await manager.until_closed()

    with caplog.at_level(logging.INFO):
        async with Switch(garbage, live).listening() as switch, linked(config_for(switch.port)) as link:
            await link.reached(P.LIVE, times=2)
            assert link.connection.counts().faults["not_a_message"] == 32  # type: ignore[index]
    assert sum("not_a_message" in record.getMessage() for record in caplog.records) == 1
    assert "4155550100" not in caplog.text


@virtual_time
async def test_damage_is_survived_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def damaged(manager: Manager) -> None:
        await manager.sign_in()
        for _ in range(5):
            await manager.raw(b"no header at all\r\n\r\n")
            await manager.event("Hangup")
        await manager.answer_pings()

    with caplog.at_level(logging.WARNING):
        async with Switch(damaged).listening() as switch, linked(config_for(switch.port)) as link:
            await link.reached(P.LIVE)
            await link.heard(5)
            assert len(switch.connections) == 1
    assert len(caplog.records) == 1


@virtual_time
async def test_prepare_runs_before_live_and_events_follow_it() -> None:
    order: list[str] = []

    async def prepare(session: AmiSession) -> None:
        items = await session.collect("CoreShowChannels")
        await asyncio.sleep(2)
        order.append(f"snapshot of {len(items)}")

    async def script(manager: Manager) -> None:
        await manager.sign_in()
        action = await manager.action("CoreShowChannels")
        await manager.event("Newchannel", Uniqueid="1")
        await manager.answer(action, EventList="start")
        await manager.send([("Event", "CoreShowChannel"), ("ActionID", action.action_id)])
        await manager.event("Newchannel", Uniqueid="2")
        end = [("Event", "CoreShowChannelsComplete"), ("ActionID", action.action_id)]
        await manager.send([*end, ("EventList", "Complete")])
        await manager.event("Newchannel", Uniqueid="3")
        await asyncio.sleep(10)
        await manager.event("Newchannel", Uniqueid="4")
        await manager.answer_pings()

    def keep(messages: list[AmiMessage]) -> None:
        order.extend(m.get("Uniqueid") for m in messages)

    def note(state: LinkState) -> None:
        order.append(state.phase)

    async with Switch(script).listening() as switch:
        config = config_for(switch.port)
        async with linked(config, prepare=prepare, on_messages=keep, on_state=note) as link:
            await link.heard(4)
    expected = [P.CONNECTING, P.AUTHENTICATING, P.RECONCILING, "snapshot of 1", "1", "2", "3", P.LIVE, "4"]
    assert order[:9] == expected


@virtual_time
async def test_too_many_events_while_preparing_reset_and_try_again() -> None:
    tries = 0

    async def prepare(session: AmiSession) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.sleep(20)

    async def storm(manager: Manager) -> None:
        await manager.sign_in()
        for _ in range(2_000):
            await manager.event("Newstate", Filler="x" * 100)
        await manager.until_closed()

    bounds = AmiBounds(max_held_bytes=100_000)
    async with (
        Switch(storm, live).listening() as switch,
        linked(config_for(switch.port, bounds=bounds), prepare=prepare) as link,
    ):
        await link.reached(P.LIVE)
        assert "too many events" in link.states[link.phases.index(P.DOWN)].detail
        assert link.events == []


@pytest.mark.parametrize("how", ["fails", "hangs", "refused", "lost"])
@virtual_time
async def test_failing_prepare_makes_the_connection_anew(how: str) -> None:
    tries = 0

    async def prepare(session: AmiSession) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            return
        if how == "fails":
            raise KeyError("+14155550100")
        if how == "refused":
            await session.action("Refuse")
        await asyncio.sleep(3_600)

    async def script(manager: Manager) -> None:
        await manager.sign_in()
        if how == "refused":
            await manager.answer(await manager.action("Refuse"), "Error", Message="No")
        if how == "lost":
            await asyncio.sleep(1)
            return
        await manager.answer_pings()

    async with (
        Switch(script, live).listening() as switch,
        linked(config_for(switch.port), prepare=prepare) as link,
    ):
        await link.reached(P.LIVE)
        detail = link.states[link.phases.index(P.DOWN)].detail
        assert detail
        assert "415" not in detail
        assert tries == 2


@virtual_time
async def test_failing_listeners_do_not_end_the_link(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: object) -> None:
        raise ValueError("+14155550100")

    async def script(manager: Manager) -> None:
        await manager.sign_in()
        await manager.event("Hangup")
        await manager.event("Hangup")
        await manager.answer_pings()

    async with (
        Switch(script).listening() as switch,
        linked(config_for(switch.port), on_messages=fail, on_state=fail) as link,
    ):
        await link.reached(P.LIVE)
        await link.heard(2)
        assert link.connection.counts().consumer_failures >= 1
        assert link.connection.counts().state_listener_failures == 4
    assert "ValueError at test_connection.py" in caplog.text
    assert "4155550100" not in caplog.text


@virtual_time
async def test_stop_signs_off_and_may_be_called_twice() -> None:
    last: list[bytes] = []

    async def script(manager: Manager) -> None:
        await manager.sign_in()
        last.append(await manager.until_closed())

    async with Switch(script).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        await link.connection.stop()
        await link.connection.stop()
        await link.task
        await asyncio.sleep(0.1)
        assert last[0].startswith(b"Action: Logoff\r\n")
        await link.connection.run()  # stopped for good: returns at once


@virtual_time
async def test_stop_before_run_and_in_every_phase() -> None:
    async def mute(manager: Manager) -> None:
        await manager.until_closed()

    async with Switch(mute).listening() as switch:
        early = make_link(config_for(switch.port))
        await early.connection.stop()
        await early.connection.run()
        for moment in (0, 0.001, 2.0, 5.5):
            async with linked(config_for(switch.port)) as link:
                await asyncio.sleep(moment)
            assert link.task.done()
            assert link.connection.state.phase is P.DOWN


@virtual_time
async def test_cancelled_run_ends_its_tasks_and_raises() -> None:
    async with Switch(live).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        link.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await link.task
        with pytest.raises(AmiLinkDown):
            await link.connection.action("Ping")


@virtual_time
async def test_one_run_at_a_time() -> None:
    async with Switch(live).listening() as switch, linked(config_for(switch.port)) as link:
        await link.reached(P.LIVE)
        with pytest.raises(RuntimeError):
            await link.connection.run()


def test_no_secret_in_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    config = config_for(5038)

    async def main() -> None:
        async with Switch(live).listening() as switch, linked(config_for(switch.port)) as link:
            await link.reached(P.LIVE)
            assert SECRET not in repr(link.connection)

    with caplog.at_level(logging.DEBUG):
        run_virtual(main())
    assert SECRET not in repr(config)
    assert SECRET not in caplog.text


def test_waits_are_jittered_and_bounded() -> None:
    assert list(itertools.islice(backoff(base=1, ceiling=10, draw=lambda low, high: high), 6)) == [
        1,
        2,
        4,
        8,
        10,
        10,
    ]
    drawn = list(itertools.islice(backoff(base=1, ceiling=10), 200))
    assert all(0 <= wait <= 10 for wait in drawn)
    assert len(set(drawn)) > 100


def test_link_states_follow_their_table() -> None:
    down = LinkState(phase=P.DOWN, at=1.0)
    with pytest.raises(ValueError, match="cannot go from down to live"):
        down.to(P.LIVE, at=2.0)
    assert down.to(P.CONNECTING, at=2.0) == LinkState(phase=P.CONNECTING, at=2.0)
