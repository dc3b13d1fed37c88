"""The recorder: what it writes is what happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcenter.asterisk.lab import AsteriskLab
from tests.pbx.record import foreign_settings, record, talk_intervals
from tests.pbx.shapes import SCENES


@pytest.mark.pbx
async def test_a_scene_is_recorded_with_what_was_heard(tmp_path: Path) -> None:
    name = "plain-hold-by-phone"
    async with AsteriskLab(foreign_settings()) as lab:
        document = await record(lab, name, SCENES[name], tmp_path)
    data, written = _read(tmp_path, name)
    assert written["talk"] == [list(talk) for talk in document["talk"]]
    assert [talk[:2] for talk in document["talk"]] == [("1001", "trunk"), ("1001", "trunk")]
    assert next(at for at, mark in document["marks"] if "unholds" in mark) > document["talk"][0][3] - 0.4
    assert data.startswith(b"Event: ")
    assert data.count(b"Event: Hold\r\n") == 1
    assert any("MOH" in tones for _, _, tones in document["heard"]["trunk"])


def _read(folder: Path, name: str) -> tuple[bytes, dict[str, object]]:
    return (folder / f"{name}.bin").read_bytes(), json.loads((folder / f"{name}.json").read_text())


def test_a_voice_of_two_contacts_is_that_of_the_one_that_is_connected() -> None:
    heard = {"1001": [], "1001b": [(0.0, 1.0, "trunk")], "trunk": [(0.0, 1.0, "1001")]}
    assert talk_intervals(heard) == [("1001b", "trunk", 0.0, 1.0)]


def test_a_gap_of_a_window_is_one_talk_and_a_click_is_none() -> None:
    heard = {
        "1001": [(0.0, 1.0, "trunk"), (1.0, 1.2, "-"), (1.2, 2.0, "trunk"), (4.0, 4.2, "trunk")],
        "trunk": [(0.0, 5.0, "-")],
    }
    assert talk_intervals(heard) == [("1001", "trunk", 0.0, 2.0)]
