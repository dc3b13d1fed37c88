"""Events without end, in the proportions of a real busy PBX, for floods."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.simulator.core.channel import Channel, ChannelState
from callcenter.simulator.core.ports import CLASS_NAMES, EventClass
from callcenter.simulator.core.switch import Switch

CHANNELS = 64  # made-up channels that a storm talks about besides the real ones

_MIX: tuple[tuple[str, EventClass, str], ...] = (
    *((("VarSet", EventClass.DIALPLAN, f"Variable: STORM_{i}\r\nValue: {i * 7919}\r\n")) for i in range(12)),
    ("Newexten", EventClass.DIALPLAN, "Extension: s\r\nApplication: NoOp\r\nAppData: storm\r\n"),
    ("Newexten", EventClass.DIALPLAN, "Extension: s\r\nApplication: Wait\r\nAppData: 1\r\n"),
    (
        "RTCPReceived",
        EventClass.REPORTING,
        "To: 127.0.0.1:45433\r\nFrom: 127.0.0.1:46101\r\nRTT: 0.0000\r\nMES: 88.1\r\nSSRC: 0xeeac761c\r\n"
        "PT: 200(SR)\r\nReportCount: 0\r\nSentNTP: 1795291036.242124\r\nSentRTP: 1936\r\nSentPackets: 12\r\n"
        "SentOctets: 1920\r\n",
    ),
    (
        "RTCPSent",
        EventClass.REPORTING,
        "To: 127.0.0.1:46101\r\nFrom: 127.0.0.1:45433\r\nSSRC: 0x00000000\r\nPT: 200(SR)\r\n"
        "ReportCount: 0\r\nSentNTP: 1795291036.242124\r\nSentRTP: 1936\r\nSentPackets: 12\r\n"
        "SentOctets: 1920\r\n",
    ),
    ("NewConnectedLine", EventClass.CALL, ""),
)


def storm_events(switch: Switch) -> Iterator[tuple[str, EventClass, str]]:
    """Event name, class and text, without end. The channels belong to no call and never begin or end."""
    texts = [_channel(i).text for i in range(CHANNELS)]
    heads = [f"Event: {name}\r\nPrivilege: {CLASS_NAMES[kind]},all\r\n" for name, kind, _ in _MIX]
    number = 0
    while True:
        which = number % len(_MIX)
        name, kind, more = _MIX[which]
        stamp = f"Timestamp: {switch.clock.now():.6f}\r\n"
        yield name, kind, f"{heads[which]}{stamp}{texts[number % CHANNELS]}{more}\r\n"
        number += 1


def _channel(number: int) -> Channel:
    return Channel(
        name=f"PJSIP/storm-{number:08x}",
        uniqueid=f"1.{number}",
        linkedid=f"1.{number}",
        endpoint="storm",
        state=ChannelState.UP,
        created=0.0,
        caller_number="storm",
        context="storm",
        exten="s",
    )
