"""Commands to the switch: what is sent, what is never sent, and what an answer means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from callcenter.asterisk.ami import AmiLinkDown, AmiMessage, AmiOutcomeUnknown, AmiRefused
from callcenter.asterisk.ami.encoder import encode_action
from callcenter.asterisk.gateway import COMMAND_SECONDS, AsteriskGateway
from callcenter.telephony.events import CallId, Endpoint, LegId
from callcenter.telephony.port import CommandResult, Outcome

CALL, LEG, PHONE = CallId("pbx:1.1"), LegId("pbx:1.1"), Endpoint("PJSIP/1001")
CHANNEL = "PJSIP/trunk-00000001"


@dataclass
class FakeManager:
    """Takes actions as the connection does (unsafe ones are refused); raises what `fails` names for an action."""

    sent: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)

    async def action(
        self, name: str, headers: Sequence[tuple[str, str]] = (), *, timeout: float = 5.0
    ) -> AmiMessage:
        assert timeout == COMMAND_SECONDS
        encode_action(name, headers, action_id="1")
        self.sent.append((name, dict(headers)))
        if name in self.fails:
            raise self.fails[name]
        return AmiMessage.parse(b"Response: Success")


@pytest.fixture
def manager() -> FakeManager:
    return FakeManager()


def gateway(
    manager: FakeManager, channels: dict[str, str] | None = None, extensions: dict[str, str] | None = None
) -> AsteriskGateway:
    return AsteriskGateway(
        manager=manager,
        channel_of=({LEG: CHANNEL} if channels is None else channels).get,
        extension_of=({PHONE: "1001"} if extensions is None else extensions).get,
    )


async def connect(one: AsteriskGateway) -> CommandResult:
    return await one.connect(call=CALL, leg=LEG, endpoint=PHONE, ring_seconds=17)


async def test_connect_says_how_long_to_ring_and_sends_the_caller_there(manager: FakeManager) -> None:
    assert await connect(gateway(manager)) == CommandResult(Outcome.DONE)
    assert manager.sent == [
        ("Setvar", {"Channel": CHANNEL, "Variable": "CC_RING", "Value": "17"}),
        (
            "Redirect",
            {"Channel": CHANNEL, "Context": "callcenter-connect", "Exten": "1001", "Priority": "1"},
        ),
    ]


async def test_back_to_the_music(manager: FakeManager) -> None:
    assert (await gateway(manager).keep_waiting(leg=LEG)).outcome is Outcome.DONE
    assert manager.sent == [
        ("Redirect", {"Channel": CHANNEL, "Context": "callcenter-hold", "Exten": "s", "Priority": "1"})
    ]


async def test_hang_up_is_an_ordinary_end(manager: FakeManager) -> None:
    assert (await gateway(manager).hang_up(leg=LEG)).outcome is Outcome.DONE
    assert manager.sent == [("Hangup", {"Channel": CHANNEL, "Cause": "16"})]


EACH: list[Callable[[AsteriskGateway], Awaitable[CommandResult]]] = [
    connect,
    lambda one: one.keep_waiting(leg=LEG),
    lambda one: one.hang_up(leg=LEG),
]


@pytest.mark.parametrize("command", EACH)
async def test_a_leg_that_is_gone_is_refused_and_nothing_is_sent(
    manager: FakeManager, command: Callable[[AsteriskGateway], Awaitable[CommandResult]]
) -> None:
    result = await command(gateway(manager, channels={}))
    assert result.outcome is Outcome.REFUSED
    assert "gone" in result.detail
    assert manager.sent == []


async def test_an_endpoint_of_no_agent_never_becomes_a_dial_string(manager: FakeManager) -> None:
    result = await connect(gateway(manager, extensions={}))
    assert (result.outcome, manager.sent) == (Outcome.REFUSED, [])


@pytest.mark.parametrize("command", EACH)
@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (AmiRefused("Redirect", "Channel does not exist"), Outcome.REFUSED),
        (AmiLinkDown("Redirect"), Outcome.REFUSED),
        (AmiOutcomeUnknown("Redirect", "no answer in 3 s"), Outcome.UNKNOWN),
    ],
)
async def test_what_came_of_it(
    manager: FakeManager,
    command: Callable[[AsteriskGateway], Awaitable[CommandResult]],
    failure: Exception,
    outcome: Outcome,
) -> None:
    manager.fails = {"Redirect": failure, "Hangup": failure}
    result = await command(gateway(manager))
    assert (result.outcome, result.detail) == (outcome, str(failure))


@pytest.mark.parametrize(
    "failure", [AmiRefused("Setvar", "no"), AmiOutcomeUnknown("Setvar", "lost"), AmiLinkDown("Setvar")]
)
async def test_nobody_is_rung_whose_ringing_time_could_not_be_said(
    manager: FakeManager, failure: Exception
) -> None:
    manager.fails = {"Setvar": failure}
    result = await connect(gateway(manager))
    assert result.outcome is not Outcome.DONE
    assert [name for name, _ in manager.sent] == ["Setvar"]


@pytest.mark.parametrize("name", ["PJSIP/x-1\r\nAction: Originate", "PJSIP/x\n-1", "PJSIP/\0-1"])
async def test_a_channel_name_with_a_line_end_is_refused(manager: FakeManager, name: str) -> None:
    """No switch has such a channel; if our own tables ever held one, it must not reach the wire."""
    for command in EACH:
        result = await command(gateway(manager, channels={LEG: name}))
        assert result.outcome is Outcome.REFUSED
    assert manager.sent == []
