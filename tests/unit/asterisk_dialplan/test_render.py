"""The files for a PBX: filled in whole, and no value can change what they mean."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from callcenter.asterisk.dialplan import (
    CONTEXTS,
    DialplanError,
    DialplanSettings,
    SamplePhone,
    SampleTrunk,
    extension_test,
    phone_of,
    read_templates,
    render,
)
from callcenter.asterisk.gateway import CONNECT_CONTEXT, HOLD_CONTEXT
from callcenter.simulator.core.dialplan import Dialplan

SOUND = DialplanSettings(
    manager_secret="a-long-secret",
    phones=(SamplePhone(extension="1001", secret="phone-secret", name="Anna Müller; x"),),
    trunks=(SampleTrunk(name="carrier", contact="192.0.2.7:5060", match="192.0.2.0/24"),),
)


def test_every_file_is_filled_in_whole() -> None:
    files = render(SOUND)
    assert sorted(files) == [
        "extensions_callcenter.conf",
        "manager_callcenter.conf",
        "pjsip_callcenter.conf",
        "queues_callcenter.conf",
    ]
    assert not [name for name, text in files.items() if "@{" in text]


def test_the_contexts_are_those_the_doctor_looks_for_and_all_are_ours() -> None:
    found = re.findall(r"^\[([^\]]+)\]", render(SOUND)["extensions_callcenter.conf"], flags=re.MULTILINE)
    assert sorted(found) == sorted(CONTEXTS)
    assert all(context.startswith("callcenter-") for context in found)


def test_every_goto_leads_to_a_context_that_is_there() -> None:
    text = render(SOUND)["extensions_callcenter.conf"]
    assert set(re.findall(r"callcenter-[a-z]+", text)) <= set(CONTEXTS)


@pytest.mark.parametrize("context", [CONNECT_CONTEXT, HOLD_CONTEXT, "callcenter-bridge"])
def test_a_way_in_for_redirects_takes_every_priority(context: str) -> None:
    """Extension i is where Asterisk goes from any priority of an extension that has no priority 1."""
    plan = Dialplan.parse(render(SOUND)["extensions_callcenter.conf"])
    ((exten, ((priority, line),)),) = plan.listing(context)
    assert (exten, priority, line.app) == ("i", 1, "goto")


def test_what_stands_before_the_target_of_a_goto_may_be_run() -> None:
    """An old Asterisk goes on there when a Redirect meets a Goto; before a priority 1 there is nothing."""
    plan = Dialplan.parse(render(SOUND)["extensions_callcenter.conf"])
    jumps = [
        (context, exten, target)
        for context in CONTEXTS
        for exten, lines in plan.listing(context)
        for _, line in lines
        if line.app in ("goto", "gotoif")
        for target in line.args.rpartition("?")[2].split(":")
    ]
    assert len(jumps) > 20
    for context, exten, target in jumps:
        *place, label = target.split(",")
        there = place[0] if target.startswith("callcenter-") else context
        extens = [one for one, _ in plan.listing(there) if one != "T"] if "${" in target else [*place, exten]
        found = [priority for one in extens if (priority := plan.label(there, one, label)) is not None]
        assert found, (context, exten, target)
        assert min(found) > 1, (context, exten, target)


def test_each_script_is_followed_by_a_look_at_its_mark() -> None:
    lines = render(SOUND)["extensions_callcenter.conf"].splitlines()
    scripts = [index for index, line in enumerate(lines) if ",AGI(" in line]
    assert len(scripts) == 5
    for index in scripts:
        assert any("CC_DONE=)" in line for line in lines[index - 6 : index]), lines[index]
        assert any("TIMEOUT(absolute)=" in line for line in lines[index - 2 : index]), lines[index]
        assert any("${CC_DONE}" in line for line in lines[index + 1 : index + 3]), lines[index]


def test_the_manager_user_has_no_more_rights_than_it_needs() -> None:
    text = render(SOUND)["manager_callcenter.conf"]
    assert "read = call,agent,system,user\n" in text
    assert "write = call,reporting\n" in text
    assert "permit = 127.0.0.1\n" in text
    assert "originate" not in text


def test_only_the_doctors_own_user_may_make_calls_and_only_where_it_has_a_secret() -> None:
    text = render(replace(SOUND, doctor_secret="another-secret"))["manager_callcenter.conf"]
    server, doctor = text.split("[callcenter-doctor]\n")
    assert "write = call,reporting\n" in server
    assert "secret = another-secret\n" in doctor
    assert "permit = 127.0.0.1\n" in doctor
    assert "write = originate\n" in doctor


def test_what_was_dialled_reaches_the_script_only_filtered() -> None:
    text = render(SOUND)["extensions_callcenter.conf"]
    dids = re.findall(r"Set\(CC_DID=(.*)\)$", text, flags=re.MULTILINE)
    assert len(dids) == 2
    assert all(did.startswith("${FILTER(+0-9,") for did in dids)


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        ("_1XXX", "1000 1999", "2001 100 10000 1a00"),
        ("_[24]XX", "200 499", "300 2000"),
        ("_[1-35]ZN", "119 592", "409 102 111"),
        ("1001", "1001", "1002 11001"),
    ],
)
def test_an_extension_is_found_as_asterisk_finds_it(pattern: str, found: str, not_found: str) -> None:
    matches = extension_test(pattern)
    assert [one for one in found.split() if not matches(one)] == []
    assert [one for one in not_found.split() if matches(one)] == []


def test_a_phone_is_the_one_that_the_dialplan_dials() -> None:
    assert phone_of("SIP", "1001") == "SIP/1001"
    without_pjsip = render(replace(SOUND, technology="SIP"))["extensions_callcenter.conf"]
    assert without_pjsip.count("Set(CC_FIRST=SIP/${EXTEN})") == without_pjsip.count("Dial(${CC_FIRST},") == 2
    assert "PJSIP_DIAL_CONTACTS(" not in without_pjsip.replace("; Dial rings one device", "")


def test_callers_outside_are_not_told_whose_phone_answered() -> None:
    assert "send_connected_line = no" in render(SOUND)["pjsip_callcenter.conf"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fastagi", "127.0.0.1:4573/x),System(id"),
        ("fastagi", "127.0.0.1"),
        ("agent_pattern", "_."),
        ("agent_pattern", "_X.,1,System(id)"),
        ("agent_pattern", "_[9-1]XXX"),
        ("agent_pattern", "_[-]XX"),
        ("technology", "Local"),
        ("manager_secret", "short"),
        ("manager_secret", "has space inside"),
        ("manager_secret", "abcdefgh\nwrite = all"),
        ("doctor_secret", "abcdefgh\nread = all"),
        ("manager_username", "call]center"),
        ("manager_permit", "everywhere"),
        ("music", "default\n#exec id"),
        ("fallback_queue", "q,t"),
        ("fallback_mailbox", "1000@default,u)"),
        ("fallback_members", ("1001\nmember = PJSIP/evil",)),
        ("sip_bind", "0.0.0.0"),
        ("phone_context", "a b"),
        ("ring_seconds", 0),
        ("heartbeat_seconds", 61),
        ("phone_contacts", 11),
    ],
)
def test_a_value_that_could_change_the_files_is_refused(key: str, value: object) -> None:
    with pytest.raises(DialplanError, match="allowed is") as refusal:
        render(replace(SOUND, **{key: value}))
    if key.endswith("secret"):
        assert str(value) not in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {"phones": (SamplePhone(extension="10a1", secret="phone-secret"),)},
        {"phones": (SamplePhone(extension="1001", secret="x"),)},
        {"trunks": (SampleTrunk(name="a]b", contact="192.0.2.7:5060"),)},
        {"trunks": (SampleTrunk(name="a", contact="192.0.2.7"),)},
        {"trunks": (SampleTrunk(name="a", contact="192.0.2.7:5060", match="x"),)},
    ],
)
def test_samples_are_checked_as_well(change: dict[str, object]) -> None:
    with pytest.raises(DialplanError):
        render(replace(SOUND, **change))


def test_a_name_is_written_without_what_could_end_its_line() -> None:
    assert 'callerid = "Anna Mller x" <1001>' in render(SOUND)["pjsip_callcenter.conf"]


def test_a_mailbox_takes_the_place_of_the_sound_file() -> None:
    text = render(replace(SOUND, fallback_mailbox="1000@default"))["extensions_callcenter.conf"]
    assert "VoiceMail(1000@default,us)" in text
    assert "Record(" not in text


def test_secrets_are_not_in_the_repr() -> None:
    assert "a-long-secret" not in repr(SOUND)
    assert "phone-secret" not in repr(SOUND)


def test_a_broken_template_is_named() -> None:
    with pytest.raises(DialplanError, match=r"x\.conf\.in"):
        render(SOUND, {"x.conf.in": "@{nothing_of_that_name}"})


def test_an_incomplete_installation_is_said(tmp_path: object) -> None:
    from pathlib import Path

    with pytest.raises(DialplanError, match="incomplete"):
        read_templates(Path(str(tmp_path)))
