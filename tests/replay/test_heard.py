"""Each recording: talk, hold and leg times against the audio and the phones' own logs, ±0.3 s."""

from __future__ import annotations

from functools import cache

import pytest

from callcenter.asterisk.tracker.replay import replay
from callcenter.asterisk.tracker.story import LegStory, tell
from callcenter.telephony.events import (
    EndReason,
    LegRole,
    OfferEnd,
    TransferKind,
    Transferred,
)
from tests.replay.hearing import NOBODY, Hears, Timeline
from tests.replay.known import CALLERS, KNOWN, TONES_OF, Disagreement
from tests.replay.recordings import TONES, TRUNK, PhoneCall, Recording, load, names

ARCHIVE = "asterisk-22-calls.tar.xz"
TOLERANCE = 0.3
STEP = 0.05
WINDOW = 0.2
"""What lasts less than one window of the audio analysis cannot be heard."""

SCENARIOS = names(ARCHIVE)


@cache
def timeline(name: str) -> Timeline:
    recording = load(ARCHIVE, name)
    events = replay(recording.data, is_device=lambda endpoint: endpoint != TRUNK)
    return Timeline(events, recording.t0, CALLERS.get(name, ("cust", "cust2")))


@cache
def legs(name: str) -> dict[str, list[LegStory]]:
    recording = load(ARCHIVE, name)
    story = tell(replay(recording.data, is_device=lambda endpoint: endpoint != TRUNK))
    phone_of = timeline(name).phone_of
    found: dict[str, list[LegStory]] = {}
    for leg in story.legs.values():
        found.setdefault(phone_of[leg.leg], []).append(leg)
    return found


def heard(recording: Recording, phone: str, at: float) -> Hears | None:
    tones = recording.sounds(phone, at)
    if tones is None:
        return None
    senders = TONES | TONES_OF.get(recording.name, {})
    return frozenset(senders[tone] for tone in tones if tone in senders)


def near(at: float) -> list[float]:
    steps = round(TOLERANCE / STEP)
    return [at + step * STEP for step in range(-steps, steps + 1)]


def agrees(recording: Recording, phone: str, at: float) -> bool:
    """The audio and the tracker say the same of that moment, give or take the tolerance."""
    audio = heard(recording, phone, at)
    if audio is None:
        return True
    said = timeline(recording.name)
    if audio not in {said.hears(phone, moment) for moment in near(at)}:
        return False
    if said.lasts(phone, at) < WINDOW:
        return True
    around = [heard(recording, phone, moment) for moment in near(at)]
    return None in around or said.hears(phone, at) in around


def known(name: str, phone: str, at: float) -> Disagreement | None:
    for entry in KNOWN:
        if entry.scenario == name and entry.phone == phone and entry.since - STEP <= at <= entry.until + STEP:
            return entry
    return None


def moments(recording: Recording, phone: str) -> list[float]:
    last = max((until for _, until, _ in recording.heard[phone]), default=0.0)
    return [step * STEP for step in range(round(last / STEP))]


def test_all_recordings_are_here() -> None:
    assert len(SCENARIOS) == 57


@pytest.mark.parametrize("name", SCENARIOS)
def test_who_hears_whom(name: str) -> None:
    recording = load(ARCHIVE, name)
    wrong = [
        f"{phone} at {at:.2f}: heard {sorted(heard(recording, phone, at) or ())},"
        f" tracker says {sorted(timeline(name).hears(phone, at))}"
        for phone in recording.heard
        for at in moments(recording, phone)
        if not agrees(recording, phone, at) and known(name, phone, at) is None
    ]
    assert not wrong


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: f"{entry.scenario}-{entry.phone}-{entry.since}")
def test_known_disagreements(entry: Disagreement) -> None:
    recording = load(ARCHIVE, entry.scenario)
    inside = [at for at in moments(recording, entry.phone) if entry.since <= at <= entry.until]
    said = {timeline(entry.scenario).hears(entry.phone, at) for at in inside}
    assert said == {entry.expected}
    assert any(not agrees(recording, entry.phone, at) for at in inside), "no longer needed"


def is_alive(recording: Recording, phone: str, at: float) -> bool:
    """By the phone's own log."""
    return any(
        call.up is not None and call.up <= at and (call.ended is None or at < call.ended)
        for call in recording.calls.get(phone, ())
    )


def hold_heard(recording: Recording, phone: str, at: float) -> bool | None:
    """Music while a former partner is still on the line is hold; None where the audio does not say."""
    tones = recording.sounds(phone, at)
    said = timeline(recording.name)
    if tones is None or said.hears(phone, at):
        return None
    partners: Hears = NOBODY
    for step in range(round(at / STEP)):
        partners = said.hears(phone, step * STEP) or partners
    if not tones & {"MOH", "AMOH"}:
        return None
    return any(
        is_alive(recording, partner, at) for partner in partners if (recording.name, partner) not in KILLED
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_music_is_hold_while_the_other_is_there(name: str) -> None:
    recording = load(ARCHIVE, name)
    said = timeline(name)
    wrong = []
    for phone in recording.heard:
        for at in moments(recording, phone)[:: round(0.1 / STEP)]:
            hold = hold_heard(recording, phone, at)
            if hold is not None and hold not in {said.held(phone, moment) for moment in near(at)}:
                wrong.append(f"{phone} at {at:.2f}: {'held' if hold else 'not held'} in truth")
    assert not wrong


KILLED = {
    ("07a-agent-kill9-in-talk-rtp_timeout8", "1001"),
    ("07b-agent-kill9-no-rtp_timeout", "nort"),
    ("07c-agent-kill9-ringing", "1001"),
    ("07d-dial-dead-phone-Dial-15^2", "1001"),
}
"""Phones whose process was killed: their log ends before their leg does."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_legs_are_the_calls_that_the_phones_had(name: str) -> None:
    recording = load(ARCHIVE, name)
    for phone, calls in recording.calls.items():
        if (name, phone) in KILLED:
            continue
        found = legs(name).get(phone, [])
        assert len(found) == len(calls), f"{phone}: {len(found)} legs, {len(calls)} calls"
        for leg, call in zip(found, calls, strict=True):
            _same_times(recording, phone, leg, call)


def _same_times(recording: Recording, phone: str, leg: LegStory, call: PhoneCall) -> None:
    def close(said: float | None, true: float | None) -> bool:
        if said is None or true is None:
            return said is true
        return abs(said - recording.t0 - true) <= TOLERANCE

    assert close(leg.up, call.up), f"{phone} up: {leg.up} against {call.up}"
    if call.ended is not None:
        assert close(leg.ended, call.ended), f"{phone} ended: {leg.ended} against {call.ended}"
    if leg.offered is not None:
        assert call.incoming is not None
        assert close(leg.offered, call.incoming), f"{phone} offered: {leg.offered}"
        assert leg.offered <= (leg.up or leg.offered)


@pytest.mark.parametrize("name", SCENARIOS)
def test_everything_ends(name: str) -> None:
    """Every recording ends with an empty switch, so no leg may be left."""
    assert all(leg.ended is not None for found in legs(name).values() for leg in found)


@pytest.mark.parametrize("name", SCENARIOS)
def test_one_call(name: str) -> None:
    """However many legs, transfers and conferences: one caller, one call."""
    callers = [phone for phone in legs(name) if phone.startswith("cust")]
    calls = {leg.call for found in legs(name).values() for leg in found}
    assert len(calls) == max(1, len(callers))


ROLES = {"cust": LegRole.OUTSIDE, "cust2": LegRole.OUTSIDE}
SPIED = [name for name in SCENARIOS if name.startswith("05")]


@pytest.mark.parametrize("name", SCENARIOS)
def test_roles(name: str) -> None:
    for phone, found in legs(name).items():
        expected = LegRole.SERVICE if name in SPIED and phone == "sup" else ROLES.get(phone, LegRole.DEVICE)
        assert {leg.role for leg in found} == {expected}, phone


TRANSFERS = {
    "02a-blind-AMI-BlindTransfer-answer": [(TransferKind.BLIND, "1001", "1002", 2.24)],
    "03m-atxfer-with-sounds-complete": [(TransferKind.ATTENDED, "1001", "PJSIP/1002", 7.24)],
}
"""All that Asterisk calls a transfer; our own (by Redirect) are known to who asked for them."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_transfers(name: str) -> None:
    recording = load(ARCHIVE, name)
    found = [
        (event.kind, timeline(name).phone_of[event.by], event.to, event.at - recording.t0)
        for event in replay(recording.data, is_device=lambda endpoint: endpoint != TRUNK)
        if isinstance(event, Transferred) and event.by is not None
    ]
    expected = TRANSFERS.get(name, [])
    assert [entry[:3] for entry in found] == [entry[:3] for entry in expected]
    for entry, truth in zip(found, expected, strict=True):
        assert entry[3] == pytest.approx(truth[3], abs=TOLERANCE)


UNANSWERED = {
    ("02c-blind-redirect-busy-then-free", "1002"): (OfferEnd.BUSY, EndReason.BUSY),
    ("02d-blind-redirect-extra-noanswer-back-to-agent", "1002"): (OfferEnd.NO_ANSWER, EndReason.NO_ANSWER),
    ("03e-consult-declined", "1002"): (OfferEnd.DECLINED, EndReason.REJECTED),
    ("03g-consult-cancel-ringing-direct", "1002"): (OfferEnd.CANCELLED, EndReason.NORMAL),
    ("03k-consult-agent-hangs-up-ringing", "1002"): (OfferEnd.CANCELLED, EndReason.NORMAL),
    ("03o-atxfer-declined", "1002"): (OfferEnd.BUSY, EndReason.BUSY),
    ("07c-agent-kill9-ringing", "1001"): (OfferEnd.NO_ANSWER, EndReason.NO_ANSWER),
    ("07d-dial-dead-phone-Dial-15^2", "1001"): (OfferEnd.UNREACHABLE, EndReason.UNREACHABLE),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_how_ringing_ended(name: str) -> None:
    for phone, found in legs(name).items():
        for leg in found[:1]:
            if leg.offered is None:
                continue
            expected = UNANSWERED.get((name, phone), (OfferEnd.ANSWERED, None))
            assert leg.offer_end is expected[0], phone
            assert expected[1] in (None, leg.reason), phone


def test_a_dead_phone_is_media_lost() -> None:
    (leg,) = legs("07a-agent-kill9-in-talk-rtp_timeout8")["1001"]
    assert leg.reason is EndReason.MEDIA_LOST


def test_talk_seconds_of_a_plain_call() -> None:
    (caller,) = legs("00-basic")["cust"]
    (agent,) = legs("00-basic")["1001"]
    assert sum(until - since for since, until in caller.talk) == pytest.approx(2.0, abs=TOLERANCE)
    assert caller.talk == agent.talk
    assert caller.hold == []
