"""Banner, old answers, and damage: each fault by kind, and that reading goes on."""

from __future__ import annotations

import pytest

from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.ami.faults import AmiFault, AmiFaultKind
from callcenter.asterisk.ami.limits import AmiLimits
from callcenter.asterisk.ami.message import AmiMessage
from callcenter.asterisk.text import decode_text

HANGUP = b"Event: Hangup\r\nCause: 16\r\n\r\n"
SMALL = AmiLimits(max_frame=200, max_line=100, max_headers=10, max_discarded=1_000, max_garbage=3)


def read(decoder: AmiDecoder, wire: bytes, size: int) -> list[AmiMessage]:
    return [m for at in range(0, len(wire), size) for m in decoder.feed(wire[at : at + size])]


@pytest.fixture(params=[1, 3, 10_000], ids=["one byte", "three bytes", "whole"])
def size(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_banner(size: int) -> None:
    decoder = AmiDecoder()
    assert read(decoder, b"Asterisk Call Manager/11.0.0\r\n", size) == []
    assert decoder.banner == "Asterisk Call Manager/11.0.0"
    assert [m.event for m in read(decoder, HANGUP, size)] == ["Hangup"]


def test_recording_without_banner(size: int) -> None:
    decoder = AmiDecoder()
    assert len(read(decoder, HANGUP, size)) == 1
    assert decoder.banner is None


def test_endless_banner_is_no_ami(size: int) -> None:
    decoder = AmiDecoder()
    read(decoder, b"Asterisk Call Manager" + b"x" * 500, size)
    assert decoder.broken
    assert decoder.feed(HANGUP) == []
    assert decoder.faults == {AmiFaultKind.FRAMING_LOST: 1}


def test_event_wins_over_response() -> None:
    wire = b"Event: OriginateResponse\r\nActionID: cc~3\r\nResponse: Failure\r\nReason: 5\r\n\r\n"
    [message] = AmiDecoder().feed(wire)
    assert (message.event, message.response, message.action_id) == ("OriginateResponse", "Failure", "cc~3")


def test_event_header_need_not_come_first() -> None:
    [message] = AmiDecoder().feed(b"Response: Failure\r\nevent:OriginateResponse\r\nActionID: 3\r\n\r\n")
    assert message.event == "OriginateResponse"


def test_user_event_is_not_taken_for_its_own_name() -> None:
    [message] = AmiDecoder().feed(b"Event: UserEvent\r\nUserEvent: Event\r\nX: Event: y\r\n\r\n")
    assert message.event == "UserEvent"


def test_header_names_in_any_case() -> None:
    message = AmiMessage.parse(b"EVENT: Hangup\r\nCHANNEL: a\r\nchannel: b\r\n\r\n")
    assert message.event == "Hangup"
    assert message.get("Channel") == "a"
    assert message.getall("cHANNEL") == ["a", "b"]
    assert message.headers() == [("EVENT", "Hangup"), ("CHANNEL", "a"), ("channel", "b")]
    assert message.get("Missing", "none") == "none"


def test_headers_may_be_changed_by_the_caller() -> None:
    message = AmiMessage.parse(HANGUP)
    message.headers().clear()
    assert message.headers() == [("Event", "Hangup"), ("Cause", "16")]


def test_repr_names_nobody() -> None:
    message = AmiMessage.parse(b"Event: Newchannel\r\nCallerIDNum: +14155550100\r\n\r\n")
    assert "415" not in repr(message)


# The answer to `Command` before Asterisk 14.
OLD_COMMAND = (
    b"Response: Follows\r\nPrivilege: Command\r\nActionID: cc~1\r\n"
    b"Channel: no header\nsecond\n\n\r\n\r\nafter a blank line: x\nlast\n--END COMMAND--\r\n\r\n"
)


def test_old_command_output(size: int) -> None:
    messages = read(AmiDecoder(), OLD_COMMAND + HANGUP, size)
    assert [(m.event, m.response, m.action_id) for m in messages] == [
        ("", "Follows", "cc~1"),
        ("Hangup", "", ""),
    ]
    assert messages[0].getall("Output") == [
        "Channel: no header",
        "second",
        "",
        "",
        "",
        "after a blank line: x",
        "last",
    ]
    assert messages[0].get("Privilege") == "Command"


def test_old_command_without_output() -> None:
    [message] = AmiDecoder().feed(
        b"Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\n--END COMMAND--\r\n\r\n"
    )
    assert message.getall("Output") == []
    assert message.action_id == "1"


def test_old_command_never_ended(size: int) -> None:
    decoder = AmiDecoder()
    messages = read(decoder, b"Response: Follows\r\nActionID: 1\r\nhalf\n\r\n\r\n" + HANGUP, size)
    assert [(m.event, m.response) for m in messages] == [("", "Follows"), ("Hangup", "")]
    assert decoder.faults == {AmiFaultKind.FOLLOWS_UNENDED: 1}


def test_follows_with_output_headers(size: int) -> None:
    messages = read(
        AmiDecoder(), b"Response: Follows\r\nActionID: 1\r\nOutput: a\r\nOutput: b\r\n\r\n" + HANGUP, size
    )
    assert len(messages) == 2
    assert messages[0].getall("Output") == ["a", "b"]


def test_text_of_names() -> None:
    assert decode_text("王小明".encode()) == "王小明"
    assert decode_text(b"M\xfcller") == "Müller"
    assert decode_text(b"Caf\xe9") == "Café"
    assert decode_text("Name: 王小明".encode()[:-1]) == "Name: 王小\ufffd"


def test_extra_line_ends_between_messages(size: int) -> None:
    decoder = AmiDecoder()
    assert len(read(decoder, HANGUP + b"\r\n" + HANGUP + b"\r\n\r\n\r\n" + HANGUP, size)) == 3
    assert not decoder.faults


def test_line_without_colon_is_left_out(size: int) -> None:
    decoder = AmiDecoder()
    [message] = read(decoder, b"Event: Hangup\r\nno colon\r\n: no name\r\nCause: 16\r\n\r\n", size)
    assert message.get("Cause") == "16"
    assert message.headers() == [("Event", "Hangup"), ("Cause", "16")]
    assert decoder.drain_faults() == [AmiFault(AmiFaultKind.LINE_WITHOUT_COLON, 2)]


def test_oversized_frame_is_dropped_and_reading_goes_on(size: int) -> None:
    decoder = AmiDecoder(limits=SMALL)
    big = b"Event: VarSet\r\n" + b"Value: aaaaaaaaaa\r\n" * 20 + b"\r\n"
    messages = read(decoder, HANGUP + big + HANGUP + big + HANGUP, size)
    assert [m.event for m in messages] == ["Hangup"] * 3
    assert decoder.drain_faults() == [AmiFault(AmiFaultKind.FRAME_TOO_LARGE, 2)]
    assert decoder.drain_faults() == []
    assert not decoder.broken


def test_frame_of_exactly_the_limit(size: int) -> None:
    decoder = AmiDecoder(limits=SMALL)
    head = b"Event: VarSet\r\nA: " + b"x" * 90 + b"\r\nB: "
    wire = head + b"y" * (200 - len(head))
    assert len(read(decoder, wire + b"\r\n\r\n", size)) == 1
    assert read(decoder, wire + b"z\r\n\r\n", size) == []


def test_stream_without_a_blank_line_is_broken(size: int) -> None:
    decoder = AmiDecoder(limits=SMALL)
    read(decoder, b"\x00\xff" * 2_000, size)
    assert decoder.broken
    assert decoder.faults == {AmiFaultKind.FRAME_TOO_LARGE: 1, AmiFaultKind.FRAMING_LOST: 1}
    assert decoder.feed(HANGUP) == []


def test_too_long_line_and_too_many_headers_drop_their_message(size: int) -> None:
    decoder = AmiDecoder(limits=SMALL)
    long_line = b"Event: VarSet\r\nValue: " + b"x" * 120 + b"\r\n\r\n"
    many = b"Event: VarSet\r\n" + b"A: b\r\n" * 10 + b"\r\n"
    fits = b"Event: VarSet\r\n" + b"A: b\r\n" * 9 + b"\r\n"
    assert [m.event for m in read(decoder, long_line + many + fits, size)] == ["VarSet"]
    assert decoder.faults == {AmiFaultKind.LINE_TOO_LONG: 1, AmiFaultKind.TOO_MANY_HEADERS: 1}


def test_a_little_garbage_is_survived_much_is_not(size: int) -> None:
    decoder = AmiDecoder(limits=SMALL)
    junk = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    assert len(read(decoder, HANGUP + junk + junk + HANGUP + junk + junk + HANGUP, size)) == 3
    assert not decoder.broken
    assert len(read(decoder, junk + junk + junk + HANGUP, size)) == 0
    assert decoder.broken
    assert decoder.faults == {AmiFaultKind.NOT_A_MESSAGE: 7, AmiFaultKind.FRAMING_LOST: 1}


def test_end_inside_a_message() -> None:
    decoder = AmiDecoder()
    decoder.feed(HANGUP + b"Event: Hang")
    decoder.eof()
    assert decoder.drain_faults() == [AmiFault(AmiFaultKind.TRUNCATED, 1)]
    clean = AmiDecoder()
    clean.feed(HANGUP)
    clean.eof()
    assert not clean.faults


def test_peer_that_invents_names_stays_correct() -> None:
    limits = AmiLimits(max_names=4)
    decoder = AmiDecoder(wanted=["E3", "E90"], limits=limits)
    wire = b"".join(b"Event: E%d\r\nX: y\r\n\r\n" % n for n in range(100))
    assert [m.event for m in decoder.feed(wire + wire)] == ["E3", "E90"] * 2
    assert decoder.skipped == 196


def test_one_line_event_is_not_taken_for_another() -> None:
    decoder = AmiDecoder(wanted=["Link"])
    decoder.feed(b"Event: Link\r\nA: b\r\n\r\n")
    assert decoder.feed(b"Event: Linked\r\n\r\nEvent: Lin\r\n\r\n") == []
    assert [m.event for m in decoder.feed(b"Event: Link\r\n\r\n")] == ["Link"]
