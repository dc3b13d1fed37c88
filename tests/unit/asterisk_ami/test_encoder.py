"""Nothing a caller, an agent or a customer's record says can become a header or an action."""

from __future__ import annotations

import pytest

from callcenter.asterisk.ami.encoder import encode_action, encode_message
from callcenter.asterisk.ami.errors import AmiEncodeError
from tests.unit.asterisk_ami.vectors import INJECTION


def test_action_as_asterisk_reads_it() -> None:
    wire = encode_action("Originate", [("Channel", "PJSIP/1001"), ("Variable", "a=1")], action_id="cc~1")
    assert wire == (b"Action: Originate\r\nActionID: cc~1\r\nChannel: PJSIP/1001\r\nVariable: a=1\r\n\r\n")


def test_mapping_and_repeated_headers() -> None:
    assert encode_action("Ping", {"X": "王"}, action_id="1").endswith("X: 王\r\n\r\n".encode())
    twice = encode_action("Originate", [("Variable", "a=1"), ("Variable", "b=2")], action_id="1")
    assert twice.count(b"Variable: ") == 2


@pytest.mark.parametrize("bad", [INJECTION, "a\rb", "a\nb", "a\0b", "\n", "\ud800"])
def test_injection_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(AmiEncodeError) as caught:
        encode_action("Hangup", [("Channel", bad)], action_id="1")
    assert "Channel" in str(caught.value)
    assert bad not in str(caught.value)


@pytest.mark.parametrize("name", ["", "Ori ginate", "Ping\r\nAction: Originate", "Ping:", "1"])
def test_action_names(name: str) -> None:
    with pytest.raises(AmiEncodeError):
        encode_action(name, action_id="1")


@pytest.mark.parametrize("header", ["", "A B", "A:", "A\r\nB", "Action", "actionid", "Größe"])
def test_header_names(header: str) -> None:
    with pytest.raises(AmiEncodeError):
        encode_action("Ping", [(header, "x")], action_id="1")


@pytest.mark.parametrize("action_id", ["", "x" * 65, "a\r\nb", "ä"])
def test_action_ids(action_id: str) -> None:
    with pytest.raises(AmiEncodeError):
        encode_action("Ping", action_id=action_id)


def test_what_asterisk_would_drop_is_refused() -> None:
    assert len(encode_action("Ping", [("X", "x" * 1_019)], action_id="1").split(b"\r\n")[2]) == 1_022
    with pytest.raises(AmiEncodeError, match="1022"):
        encode_action("Ping", [("X", "x" * 1_020)], action_id="1")
    with pytest.raises(AmiEncodeError, match="1022"):
        encode_action("Ping", [("X", "王" * 341)], action_id="1")  # 1026 bytes though 344 characters
    encode_action("Ping", [("X", "y")] * 126, action_id="1")
    with pytest.raises(AmiEncodeError, match="128"):
        encode_action("Ping", [("X", "y")] * 127, action_id="1")


def test_only_text() -> None:
    with pytest.raises(AmiEncodeError, match="text"):
        encode_action("Ping", [("X", 5)], action_id="1")  # type: ignore[list-item]


def test_the_switch_side_has_no_input_limit_but_no_injection_either() -> None:
    assert len(encode_message([("Event", "VarSet"), ("Value", "x" * 5_000)])) > 5_000
    with pytest.raises(AmiEncodeError):
        encode_message([("Event", "VarSet"), ("Value", "a\r\nb")])
