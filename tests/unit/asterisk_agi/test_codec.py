"""Replies as res_agi writes them, commands as it reads them, and whatever a stranger sends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.asterisk.agi.codec import (
    AgiDecoder,
    AgiEnvironment,
    AgiHungUp,
    AgiItem,
    AgiReply,
    encode_command,
)
from callcenter.asterisk.agi.errors import AgiEncodeError, AgiFault
from callcenter.asterisk.agi.limits import AgiLimits

ENV = (
    b"agi_network: yes\nagi_network_script: inbound?queue=sales\nagi_request: agi://127.0.0.1/inbound\n"
    b"agi_callerid: +14155550100\nagi_calleridname: Ann: O=Neil\nagi_empty: \nagi_arg_1: x\n\n"
)
SMALL = AgiLimits(max_line=60, max_headers=5, max_environment=150, max_usage=100)


def read(decoder: AgiDecoder, data: bytes, size: int = 10_000) -> list[AgiItem]:
    return [item for at in range(0, len(data), size) for item in decoder.feed(data[at : at + size])]


@pytest.fixture(params=[1, 5, 10_000], ids=["one byte", "five bytes", "whole"])
def size(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def started() -> AgiDecoder:
    decoder = AgiDecoder()
    assert len(decoder.feed(ENV)) == 1
    return decoder


def test_environment(size: int) -> None:
    [environment] = read(AgiDecoder(), ENV, size)
    assert isinstance(environment, AgiEnvironment)
    assert environment.values["agi_network_script"] == "inbound?queue=sales"
    assert environment.values["agi_calleridname"] == "Ann: O=Neil"
    assert environment.values["agi_empty"] == ""


R = AgiReply


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=0", R(code=200, result=0, text="0")),
        (b"200 result=-1", R(code=200, result=-1, text="-1")),
        (b"200 result=1 (some value)", R(code=200, result=1, text="1", data="some value")),
        (b"200 result=1 (a) (b)", R(code=200, result=1, text="1", data="a) (b")),
        (b"200 result=1 ()", R(code=200, result=1, text="1")),
        (
            b"200 result=0 (timeout) endpos=123",
            R(code=200, result=0, text="0", data="timeout", endpos=123),
        ),
        (b"200 result=49 endpos=8000", R(code=200, result=49, text="49", endpos=8000)),
        (b"200 result=-1 endpos=-1", R(code=200, result=-1, text="-1", endpos=-1)),
        (b"200 result= (timeout)", R(code=200, data="timeout")),
        (b"200 result=0042 (timeout)", R(code=200, result=42, text="0042", data="timeout")),
        (b"200 result=12*#", R(code=200, result="12*#", text="12*#")),
        (
            b"200 result=1 (speech) endpos=0 results=1 score0=900 text0=(yes",
            R(code=200, result=1, text="1", data="speech", endpos=0),
        ),
        (b"510 Invalid or unknown command", R(code=510, data="Invalid or unknown command")),
        (
            b"511 Command Not Permitted on a dead channel or intercept routine",
            R(code=511, data="Command Not Permitted on a dead channel or intercept routine"),
        ),
        (
            b"520 Invalid command syntax.  Proper usage not available.",
            R(code=520, data="Invalid command syntax.  Proper usage not available."),
        ),
        (
            b"520-Invalid command syntax.  Proper usage follows:\n Usage: WAIT FOR DIGIT <timeout>\n"
            b"\n200 result=1 is what it says\n520 End of proper usage.",
            R(
                code=520,
                data="Invalid command syntax.  Proper usage follows:\n Usage: WAIT FOR DIGIT <timeout>\n"
                "\n200 result=1 is what it says",
            ),
        ),
        (b"200 result=1 (two\nlines)", R(code=200, result=1, text="1", data="two\nlines")),
        (b"200 result=1 (one) and\ntwo)", R(code=200, result=1, text="1", data="one) and\ntwo")),
        (b"200 result=1 (M\xfcller)", R(code=200, result=1, text="1", data="Müller")),
    ],
)
def test_replies(line: bytes, reply: AgiReply, size: int) -> None:
    decoder = started()
    assert read(decoder, line + b"\n", size) == [reply]
    assert read(decoder, b"200 result=7\r\n", size) == [R(code=200, result=7, text="7")]
    assert decoder.broken is None


def test_hangup_and_provisional_lines(size: int) -> None:
    items = read(started(), b"HANGUP\n100 Trying...\n200 result=-1\n", size)
    assert items == [AgiHungUp(), R(code=200, result=-1, text="-1")]


def test_what_a_reply_says() -> None:
    assert R(code=200, result=49).digit == "1"
    assert R(code=200, result=0).digit == ""
    assert R(code=200, result=-1).failed
    assert R(code=200, result=0, endpos=-1).failed
    assert not R(code=200, result=0, endpos=0).failed


def test_first_header_wins() -> None:
    """A caller's name with a line end in it cannot choose the script."""
    forged = ENV.replace(b"Ann: O=Neil", b"x\nagi_network_script: admin")
    [environment] = AgiDecoder().feed(forged)
    assert isinstance(environment, AgiEnvironment)
    assert environment.values["agi_network_script"] == "inbound?queue=sales"


def test_header_without_colon_is_left_out(size: int) -> None:
    decoder = AgiDecoder()
    [environment] = read(decoder, b"agi_network: yes\nwhat is this\nagi_x: 1\n\n", size)
    assert isinstance(environment, AgiEnvironment)
    assert environment.values == {"agi_network": "yes", "agi_x": "1"}
    assert decoder.ignored == 1


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", AgiFault.NOT_AGI),
        (b"\n", AgiFault.NOT_AGI),
        (b"\x16\x03\x01\x02\x00\x01\n", AgiFault.NOT_AGI),
        (b"agi_network: " + b"x" * 60, AgiFault.LINE_TOO_LONG),
        (b"agi_network: " + b"x" * 60 + b"\n\n", AgiFault.LINE_TOO_LONG),
        (b"agi_a: 1\n" * 6, AgiFault.TOO_MANY_HEADERS),
        ((b"agi_a: " + b"x" * 40 + b"\n") * 4, AgiFault.ENVIRONMENT_TOO_LARGE),
        (b"agi_a: 1\n\nwhat\n", AgiFault.BAD_REPLY),
        (b"agi_a: 1\n\n20 result=1\n", AgiFault.BAD_REPLY),
        (b"agi_a: 1\n\n\xff\xfe\n", AgiFault.BAD_REPLY),
        (b"agi_a: 1\n\n520-Usage\n" + b"x\n" * 100, AgiFault.LINE_TOO_LONG),
        (b"agi_a: 1\n\n200 result=1 (\n" + b"x\n" * 100, AgiFault.LINE_TOO_LONG),
    ],
)
def test_streams_that_cannot_be_trusted(data: bytes, fault: AgiFault, size: int) -> None:
    decoder = AgiDecoder(limits=SMALL)
    read(decoder, data, size)
    assert decoder.broken is fault
    assert decoder.feed(b"200 result=0\n") == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("ANSWER",), b"ANSWER\n"),
        (("SET", "VARIABLE", "CC_NEXT", "hold"), b"SET VARIABLE CC_NEXT hold\n"),
        (("SET", "VARIABLE", "X", "two words"), b'SET VARIABLE X "two words"\n'),
        (("SET", "VARIABLE", "X", ""), b'SET VARIABLE X ""\n'),
        (("SET", "VARIABLE", "X", 'say "hi" \\ x'), b'SET VARIABLE X "say \\"hi\\" \\\\ x"\n'),
        (("SET", "VARIABLE", "X", "王"), 'SET VARIABLE X "王"\n'.encode()),
        (("STREAM", "FILE", "custom/welcome-1.0", "#*0"), b"STREAM FILE custom/welcome-1.0 #*0\n"),
    ],
)
def test_commands(words: tuple[str, ...], line: bytes) -> None:
    assert encode_command(*words) == line


@pytest.mark.parametrize("bad", ["a\nHANGUP", "a\rb", "a\0b", "\ud800"])
def test_injection_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(AgiEncodeError) as caught:
        encode_command("SET", "VARIABLE", "X", bad)
    assert bad not in str(caught.value)


@pytest.mark.parametrize("words", [(), ("",), ("SET VARIABLE",), ("2",), ("ÄB",), ("A\n",)])
def test_first_word_is_a_command(words: tuple[str, ...]) -> None:
    with pytest.raises(AgiEncodeError):
        encode_command(*words)


def test_command_limits() -> None:
    assert len(encode_command("VERBOSE", "x" * 2_038)) == 2_047
    with pytest.raises(AgiEncodeError, match="2046"):
        encode_command("VERBOSE", "x" * 2_039)
    with pytest.raises(AgiEncodeError, match="127"):
        encode_command("EXEC", *["x"] * 127)


def asterisk_words(line: str) -> list[str]:
    """`parse_args` of Asterisk's res_agi.c, in Python."""
    words: list[str] = []
    quoted = escaped = False
    space = True
    for char in line:
        if char == '"' and not escaped:
            quoted = not quoted
            if quoted and space:
                words.append("")
                space = False
        elif char in " \t" and not quoted and not escaped:
            space = True
        elif char == "\\" and not escaped:
            escaped = True
        else:
            if space:
                words.append("")
                space = False
            words[-1] += char
            escaped = False
    return words


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=20), max_size=6))
def test_asterisk_reads_the_words_we_wrote(words: list[str]) -> None:
    line = encode_command("NOOP", *words).decode()
    assert line.count("\n") == 1
    assert asterisk_words(line.removesuffix("\n")) == ["NOOP", *words]


PIECES = st.sampled_from(
    [
        b"agi_network: yes\n",
        b"agi_x: y\n",
        b"\n",
        b"\r\n",
        b"200 result=",
        b"1 (",
        b")\n",
        b"520-",
        b"520 x\n",
        b"HANGUP\n",
        b"200 result=0 endpos=5\n",
        b"x" * 30,
        b"\xff",
    ]
)
MESS = st.lists(PIECES | st.binary(max_size=10), max_size=40).map(b"".join)


@given(mess=MESS, cuts=st.lists(st.integers(min_value=0, max_value=1_000), max_size=20), tight=st.booleans())
def test_garbage_never_raises_and_splits_do_not_matter(mess: bytes, cuts: list[int], tight: bool) -> None:
    limits = SMALL if tight else AgiLimits()
    for wire in (mess, b"agi_network: yes\n\n" + mess):
        whole, split = AgiDecoder(limits=limits), AgiDecoder(limits=limits)
        edges = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
        pieces = [wire[a:b] for a, b in pairwise(edges)]
        assert whole.feed(wire) == [item for piece in pieces for item in split.feed(piece)]
        assert whole.broken == split.broken
