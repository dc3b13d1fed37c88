"""Through our own codec and tracker, a simulated call and the recorded real one are the same calls."""

from __future__ import annotations

import dataclasses
import re

import pytest

from callcenter.asterisk.tracker.replay import replay
from callcenter.telephony.events import AnyCallEvent
from tests.unit.simulator.scenes import SCENES
from tests.unit.simulator.test_like_the_real_one import recorded, simulate
from tests.virtual_time import run_virtual

_ID = re.compile(r"pbx:(?:lab-)?\d{10}\.\d+")
_CHANNEL_NUMBER = re.compile(r"-[0-9a-f]{8}")
_BRIDGE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def told(events: list[AnyCallEvent]) -> list[str]:
    """The events without times, with legs and calls numbered in the order in which they appear.

    Events of one moment may come in another order (Asterisk's threads), so they are sorted by leg: first
    what each leg lived through, in its order.
    """
    names: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        return names.setdefault(match[0], f"leg{len(names) + 1}")

    by_leg: dict[str, list[str]] = {}
    for event in events:
        fields = dataclasses.asdict(event)
        fields.pop("at")
        fields.pop("switch_channel", None)
        members = fields.get("members")
        if members is not None:
            fields["members"] = tuple(sorted(members))
        text = f"{type(event).__name__} {fields}"
        text = _CHANNEL_NUMBER.sub("", _BRIDGE.sub("bridge", _ID.sub(named, text)))
        subject = str(fields.get("leg") or fields.get("by") or fields.get("members") or "")
        by_leg.setdefault(_ID.sub(named, subject), []).append(text)
    return [f"{leg}: {line}" for leg in sorted(by_leg) for line in by_leg[leg]]


@pytest.mark.parametrize("name", SCENES)
def test_same_neutral_events(name: str) -> None:
    real = told(replay(recorded(name)))
    simulated = told(replay(run_virtual(simulate(name))))
    assert real, "the recording holds no call"
    assert simulated == real
