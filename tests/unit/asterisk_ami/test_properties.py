"""Laws of the codec, tried on generated input."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.ami.encoder import encode_action, encode_message
from callcenter.asterisk.ami.errors import AmiEncodeError
from callcenter.asterisk.ami.limits import AmiLimits
from callcenter.asterisk.ami.message import AmiMessage

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower() not in {"event", "response", "action", "actionid"}
)
VALUES = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=60)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=12)
EVENTS = st.sampled_from(["Hangup", "VarSet", "Newchannel", "X"])

PIECES = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b":",
        b": ",
        b"Event: ",
        b"Event: Hangup\r\nA: b\r\n\r\n",
        b"Response: ",
        b"Response: Follows\r\n",
        b"Output: x",
        b"--END COMMAND--",
        b"Asterisk Call Manager",
        b"ActionID: cc~1\r\n",
        b"\x00\xff",
        "王".encode(),
        b"x" * 50,
    ]
)
MESS = st.lists(PIECES | st.binary(max_size=12), max_size=40).map(b"".join)
TIGHT = AmiLimits(max_frame=150, max_line=100, max_headers=8, max_discarded=400, max_garbage=4, max_banner=40)


@given(event=EVENTS, headers=HEADERS)
def test_decode_of_encode(event: str, headers: list[tuple[str, str]]) -> None:
    [message] = AmiDecoder().feed(encode_message([("Event", event), *headers]))
    assert message.event == event
    # The one space after the colon is the encoder's own, so leading blanks of a value survive.
    assert message.headers() == [("Event", event), *headers]
    for name, _ in headers:
        assert message.getall(name) == [v for n, v in headers if n.lower() == name.lower()]
        assert message.get(name) == message.getall(name)[0]
        assert message.get(name.swapcase()) in message.getall(name)


@given(headers=HEADERS)
def test_action_is_read_back_as_written(headers: list[tuple[str, str]]) -> None:
    message = AmiMessage.parse(encode_action("Originate", headers, action_id="cc~1"))
    assert message.headers() == [("Action", "Originate"), ("ActionID", "cc~1"), *headers]


@given(text=st.text(st.sampled_from("ab:= \r\n\0\u0085\u2028"), max_size=20))
def test_no_value_makes_a_second_line(text: str) -> None:
    try:
        wire = encode_action("Hangup", [("Channel", text)], action_id="1")
    except AmiEncodeError:
        assert re.search("[\r\n\0]", text)
    else:
        assert wire.count(b"\r\n") == 4
        assert wire.count(b"\n") == 4


def outcome(wire: bytes, cuts: list[int], limits: AmiLimits) -> tuple[object, ...]:
    decoder = AmiDecoder(limits=limits, wanted=["Hangup", "VarSet"])
    decoder.marker = b"ActionID: cc~"
    edges = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    seen = [(m.event, m.headers()) for a, b in pairwise(edges) for m in decoder.feed(wire[a:b])]
    decoder.eof()
    return seen, decoder.broken, decoder.skipped, dict(decoder.faults), decoder.banner


@given(wire=MESS, cuts=st.lists(st.integers(min_value=0, max_value=2_000), max_size=30))
def test_split_anywhere_equals_whole(wire: bytes, cuts: list[int]) -> None:
    assert outcome(wire, cuts, AmiLimits()) == outcome(wire, [], AmiLimits())


@given(wire=MESS, cuts=st.lists(st.integers(min_value=0, max_value=2_000), max_size=30))
def test_garbage_never_raises_with_tight_limits(wire: bytes, cuts: list[int]) -> None:
    outcome(wire, cuts, TIGHT)
    outcome(b"Asterisk Call Manager/11.0.0\r\n" + wire, cuts, TIGHT)


@given(wire=MESS, junk=st.binary(max_size=80))
def test_a_good_message_after_a_blank_line_is_always_read(wire: bytes, junk: bytes) -> None:
    """Whatever came before, unless the decoder said that framing is lost."""
    decoder = AmiDecoder()
    decoder.feed(wire + junk + b"\r\n--END COMMAND--\r\n\r\n")
    after = decoder.feed(b"\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n")
    assert decoder.broken or [m.event for m in after][-1:] == ["Hangup"]
