"""The dialplan that the built-in PBX runs: the files that are installed on a real one, and what is around.

The phones' own context is the site's on a real PBX; here it is that of the private Asterisk of the tests.
"""

from __future__ import annotations

from callcenter.asterisk.dialplan import DialplanSettings, render

TRUNK_CONTEXT = "callcenter-inbound"
PHONE_CONTEXT = "callcenter-phones"
FALLBACK_QUEUE = "callcenter"

_PHONES = """
[callcenter-phones]
exten => {agents},1,Dial(PJSIP/${{EXTEN}},30)
 same => n,Hangup()
exten => 2000,1,Goto(callcenter-inbound,14155550100,1)
exten => _+X.,1,Dial(PJSIP/${{EXTEN}}@trunk,60)
 same => n,Hangup()
"""
"""What phones may dial, as in the private Asterisk of the tests: colleagues, the queue, outside numbers."""


def dialplan_text(
    *, fastagi: str, ring_seconds: int, heartbeat_seconds: int, agent_pattern: str, fallback_seconds: int
) -> str:
    """Our contexts filled in for this PBX, and the phones' context."""
    settings = DialplanSettings(
        fastagi=fastagi,
        agent_pattern=agent_pattern,
        ring_seconds=ring_seconds,
        heartbeat_seconds=heartbeat_seconds,
        fallback_queue=FALLBACK_QUEUE,
        fallback_seconds=fallback_seconds,
        manager_secret="not-written-here",  # noqa: S106 - the manager's file is rendered too, and thrown away
    )
    ours = render(settings)["extensions_callcenter.conf"]
    return ours + _PHONES.format(agents=agent_pattern)
