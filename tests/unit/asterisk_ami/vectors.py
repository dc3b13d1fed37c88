"""The byte streams that trip AMI clients, with what a correct client makes of them.

The whole table of sixteen is thirteen streams to read (here) and three ways to behave (`peers.Client`):
an event list without its end, CR/LF in an outgoing field, unanswered actions after a reconnect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One message: its event name or its response, and the values that must be found under some headers."""

    event: str = ""
    response: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    name: str
    why: str
    wire: bytes
    messages: tuple[Expected, ...]
    cuts: tuple[int, ...] = ()  # where the reads end; () is one read
    single_bytes: bool = False

    def reads(self) -> list[bytes]:
        """The wire as the socket gave it, the banner first."""
        whole = BANNER + self.wire
        if self.single_bytes:
            return [whole[i : i + 1] for i in range(len(whole))]
        edges = [0, *(len(BANNER) + cut for cut in self.cuts), len(whole)]
        return [whole[a:b] for a, b in pairwise(edges)]


def _event(name: str, *lines: str | bytes) -> bytes:
    rows = [f"Event: {name}", "Privilege: call,all", *lines]
    return b"".join((row if isinstance(row, bytes) else row.encode()) + b"\r\n" for row in rows) + b"\r\n"


HANGUP = _event("Hangup", "Channel: PJSIP/1001-00000001", "Cause: 16")
HANGUP_SEEN = Expected(event="Hangup", values={"Channel": ["PJSIP/1001-00000001"], "Cause": ["16"]})
CHINESE = "王小明客户"
_NAMED = _event("NewCallerid", "Channel: PJSIP/trunk-1", f"CallerIDName: {CHINESE}", "Cause: 1")

READING: tuple[Vector, ...] = (
    Vector(
        name="repeated_output",
        why="`Command` since Asterisk 14 answers one Output header a line",
        wire=b"Response: Success\r\nActionID: a~1\r\nMessage: Command output follows\r\n"
        b"Output: first\r\nOutput: second: with colon\r\nOutput: third\r\n\r\n" + HANGUP,
        messages=(
            Expected(response="Success", values={"Output": ["first", "second: with colon", "third"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="repeated_chan_variable",
        why="manager.conf `channelvars` adds one header for each variable, for both channels",
        wire=_event("Newstate", "ChanVariable: a=1", "ChanVariable: b=x=y", "ChanVariable: c=") + HANGUP,
        messages=(
            Expected(event="Newstate", values={"ChanVariable": ["a=1", "b=x=y", "c="]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="repeated_variable",
        why="AgentCalled and OriginateResponse repeat Variable",
        wire=_event("AgentCalled", "Variable: a=1", "Variable: b=2", "Queue: 400") + HANGUP,
        messages=(
            Expected(event="AgentCalled", values={"Variable": ["a=1", "b=2"], "Queue": ["400"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="empty_last_header",
        why="`Value: ` of an unset variable is the last header of VarSet",
        wire=_event("VarSet", "Variable: DIALSTATUS", "Value: ") + HANGUP,
        messages=(
            Expected(event="VarSet", values={"Variable": ["DIALSTATUS"], "Value": [""]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="no_space_after_colon",
        why="UserEvent and third-party modules write headers by hand",
        wire=_event("UserEvent", "UserEvent: CC", "Word:parked", "Empty:") + HANGUP,
        messages=(
            Expected(event="UserEvent", values={"Word": ["parked"], "Empty": [""]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="colons_and_equals",
        why="SIP URIs, times and assignments are values",
        wire=_event("ContactStatus", "URI: sip:1001@127.0.0.1:5060;ob=1: x", "AppData: a=b=c,d:e") + HANGUP,
        messages=(
            Expected(
                event="ContactStatus",
                values={"URI": ["sip:1001@127.0.0.1:5060;ob=1: x"], "AppData": ["a=b=c,d:e"]},
            ),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="nel_in_value",
        why="str.splitlines() breaks at U+0085",
        wire=_event("NewCallerid", "CallerIDName: Ann\u0085Cause: 99", "Cause: 1") + HANGUP,
        messages=(
            Expected(event="NewCallerid", values={"CallerIDName": ["Ann\u0085Cause: 99"], "Cause": ["1"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="line_separator_in_value",
        why="str.splitlines() breaks at U+2028",
        wire=_event("NewCallerid", "CallerIDName: Ann\u2028Cause: 99", "Cause: 1") + HANGUP,
        messages=(
            Expected(event="NewCallerid", values={"CallerIDName": ["Ann\u2028Cause: 99"], "Cause": ["1"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="utf8_split_across_reads",
        why="a read ends wherever it likes; decode after framing",
        wire=_NAMED + HANGUP,
        cuts=(_NAMED.index(CHINESE.encode()) + 1, _NAMED.index(CHINESE.encode()) + 5),
        messages=(
            Expected(event="NewCallerid", values={"CallerIDName": [CHINESE], "Cause": ["1"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="latin1_bytes",
        why="old trunks send Latin-1 names; the name must survive",
        wire=_event("NewCallerid", b"CallerIDName: M\xfcller", "Cause: 1") + HANGUP,
        messages=(
            Expected(event="NewCallerid", values={"CallerIDName": ["Müller"], "Cause": ["1"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="one_byte_a_read",
        why="the worst network",
        wire=_NAMED + HANGUP,
        single_bytes=True,
        messages=(
            Expected(event="NewCallerid", values={"CallerIDName": [CHINESE], "Cause": ["1"]}),
            HANGUP_SEEN,
        ),
    ),
    Vector(
        name="megabyte_value",
        why="a channel variable may hold a web service's answer",
        wire=_event("VarSet", "Variable: JSON", "Value: " + "x" * 1_000_000) + HANGUP,
        cuts=tuple(range(65_536, 1_000_000, 65_536)),
        messages=(Expected(event="VarSet", values={"Value": ["x" * 1_000_000]}), HANGUP_SEEN),
    ),
    Vector(
        name="line_without_colon",
        why="a value with CR LF in it, cut by the switch",
        wire=_event("UserEvent", "Word: parked", "and more", "Detail: kept") + HANGUP,
        messages=(
            Expected(event="UserEvent", values={"Word": ["parked"], "Detail": ["kept"]}),
            HANGUP_SEEN,
        ),
    ),
)

BEHAVING: tuple[str, ...] = ("list_without_complete", "injection_refused", "unanswered_not_resent")
"""The other three, which need a client and not only a parser."""

INJECTION = "1001\r\nAction: Originate\r\nApplication: System"
