"""The demo's password: drawn, kept, and nobody else's to read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from callcenter.bootstrap import demo
from callcenter.bootstrap.demo import PEOPLE, ROBOTS, DemoCallers, demo_settings
from callcenter.storage.database import Database
from callcenter.storage.people import People
from web.security.permissions import Role


def test_the_password_is_drawn_once_and_closed_to_others(tmp_path: Path) -> None:
    place = tmp_path / "password.json"
    first = demo._kept_password(place)
    assert len(first) >= 12
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert demo._kept_password(place) == first
    assert demo._kept_password(tmp_path / "another.json") != first


def test_a_file_that_a_crash_left_half_written_is_drawn_anew(tmp_path: Path) -> None:
    place = tmp_path / "password.json"
    for broken in ("", "{", "[]", '{"other": 1}'):
        place.write_text(broken, encoding="utf-8")
        password = demo._kept_password(place)
        assert json.loads(place.read_text(encoding="utf-8")) == {"password": password}


async def test_the_people_are_made_once_and_robots_cannot_sign_in(tmp_path: Path) -> None:
    settings = demo_settings(host="127.0.0.1", port=0, folder=tmp_path)
    sign_ins = await demo._prepare(settings, tmp_path)
    again = await demo._prepare(settings, tmp_path)
    assert sign_ins == again
    assert {one.role for one in sign_ins} == {Role.AGENT, Role.SUPERVISOR, Role.ADMIN}
    assert len({one.password for one in sign_ins}) == 1
    assert len(sign_ins) == len(PEOPLE) - len(ROBOTS)
    database = Database(settings.server.database.get_secret_value())
    try:
        people = await People(database).people()
        assert len(people) == len(PEOPLE)
        assert len(await People(database).agents()) == len([one for one in PEOPLE if one.extension])
    finally:
        await database.close()


def test_settings_of_two_demos_share_no_secret(tmp_path: Path) -> None:
    one = demo_settings(host="127.0.0.1", port=0, folder=tmp_path)
    other = demo_settings(host="127.0.0.1", port=0, folder=tmp_path)
    assert one.asterisk.secret.get_secret_value() != other.asterisk.secret.get_secret_value()


async def test_the_buttons_callers_are_of_the_kind_asked_for(tmp_path: Path) -> None:
    callers = DemoCallers((), now=1_800_000_000.0)
    assert callers._number("anonymous") == "anonymous"
    kinds = {kind: callers._number(kind) for kind in ("known", "unknown", "ambiguous")}
    assert len(set(kinds.values())) == 3
    await callers.call("known")  # before the PBX is up: nobody rings, nothing fails
