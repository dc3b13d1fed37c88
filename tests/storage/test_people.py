"""Accounts, agents and browser sessions on both databases."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.storage.database import Database
from callcenter.storage.people import People, Person, Taken

_HASH = "$argon2id$v=19$m=65536,t=3,p=4$made$up"


@pytest.fixture
def people(database: Database) -> People:
    return People(database, now=lambda: 1_800_000_000.0)


async def test_the_first_administrator_is_made_once(people: People) -> None:
    assert not await people.has_admin()
    first = await people.create_first_admin(login="Root", name="Ruth Example", password_hash=_HASH)
    assert first is not None
    assert first.role == "admin"
    assert await people.has_admin()
    assert await people.create_first_admin(login="eve", name="Eve", password_hash=_HASH) is None


async def test_two_first_administrators_at_once_are_one(people: People) -> None:
    made = await asyncio.gather(
        *(people.create_first_admin(login=f"a{n}", name="A", password_hash=_HASH) for n in range(4))
    )
    assert sum(one is not None for one in made) == 1


async def test_logins_are_compared_without_case(people: People) -> None:
    await people.create_person(login="Straße", name="S", role="agent", password_hash=_HASH)
    found = await people.by_login("STRASSE")
    assert found is not None
    assert found.login == "Straße"
    with pytest.raises(Taken, match="login"):
        await people.create_person(login="strasse", name="T", role="agent", password_hash=_HASH)
    assert await people.by_login("nobody") is None


async def test_an_agent_is_seen_with_the_person(people: People) -> None:
    person = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    agent = await people.create_agent(name="Ann", user_id=person.id, extension="1001", endpoint="PJSIP/1001")
    found = await people.by_login("ann")
    assert found is not None
    assert (found.agent_id, found.extension) == (agent.id, "1001")
    assert list(await people.agents()) == [agent]


@pytest.mark.parametrize("field", ["extension", "endpoint"])
async def test_a_device_has_one_agent(people: People, field: str) -> None:
    await people.create_agent(name="Ann", **{field: "PJSIP/1001"})
    with pytest.raises(Taken, match=field):
        await people.create_agent(name="Bob", **{field: "PJSIP/1001"})


async def test_a_person_and_their_phone_are_made_together_or_not_at_all(people: People) -> None:
    phone = {"extension": "1001", "endpoint": "PJSIP/1001"}
    made = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH, **phone)
    assert await people.by_login("ann") == made
    assert made.extension == "1001"
    with pytest.raises(Taken) as taken:
        await people.create_person(login="ben", name="Ben", role="agent", password_hash=_HASH, **phone)
    assert taken.value.field == "extension"
    assert await people.by_login("ben") is None


async def test_a_phone_is_given_changed_and_kept_from_others(people: People) -> None:
    ann = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    await people.set_phone(ann, extension="1001", endpoint="PJSIP/1001")
    before = await _found(people, "ann")
    await people.set_phone(before, extension="1002", endpoint="PJSIP/1001")
    await people.set_phone(before, extension="1002", endpoint="PJSIP/1001")
    after = await _found(people, "ann")
    assert (before.extension, after.extension) == ("1001", "1002")
    assert after.agent_id == before.agent_id
    ben = await people.create_person(login="ben", name="Ben", role="agent", password_hash=_HASH)
    with pytest.raises(Taken, match="extension"):
        await people.set_phone(ben, extension="1002", endpoint="PJSIP/1002")
    with pytest.raises(Taken, match="endpoint"):
        await people.set_phone(ben, extension="1003", endpoint="PJSIP/1001")
    assert (await _found(people, "ben")).agent_id is None


async def test_a_disabled_person_answers_no_calls_and_their_phone_may_be_given_away(people: People) -> None:
    phone = {"extension": "1001", "endpoint": "PJSIP/1001"}
    ann = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH, **phone)
    await people.set_disabled(ann.id, True)
    assert list(await people.agents()) == []
    assert [one.disabled for one in await people.people(also_disabled=True)] == [True]
    assert await people.people() == []
    await people.set_disabled(ann.id, False)
    assert [agent.extension for agent in await people.agents()] == ["1001"]
    await people.set_disabled(ann.id, True)
    ben = await people.create_person(login="ben", name="Ben", role="agent", password_hash=_HASH, **phone)
    assert [agent.id for agent in await people.agents()] == [ben.agent_id]
    await people.set_disabled(ann.id, False)
    back = await _found(people, "ann")
    assert (back.agent_id, back.extension) == (ann.agent_id, None)


async def _found(people: People, login: str) -> Person:
    person = await people.by_login(login)
    assert person is not None
    return person


async def test_a_session_shows_the_person_as_of_now(people: People) -> None:
    person = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    await people.save_session(digest=b"d" * 32, user_id=person.id, created_at=1.0, used_at=1.0)
    await people.set_language(person.id, "zh-CN")
    await people.touch_session(b"d" * 32, 9.0)
    found = await people.session(b"d" * 32)
    assert found is not None
    assert (found.person.language, found.created_at, found.used_at) == ("zh-CN", 1.0, 9.0)
    await people.delete_session(b"d" * 32)
    await people.delete_session(b"d" * 32)
    assert await people.session(b"d" * 32) is None


async def test_old_and_unused_sessions_are_forgotten(people: People) -> None:
    person = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    for digest, created, used in ((b"old", 1.0, 99.0), (b"idle", 50.0, 51.0), (b"good", 50.0, 99.0)):
        await people.save_session(digest=digest, user_id=person.id, created_at=created, used_at=used)
    await people.delete_sessions_before(created_at=10.0, used_at=60.0)
    left = [digest for digest in (b"old", b"idle", b"good") if await people.session(digest)]
    assert left == [b"good"]


async def test_a_disabled_person_is_out_everywhere(people: People) -> None:
    person = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    await people.save_session(digest=b"d", user_id=person.id, created_at=1.0, used_at=1.0)
    await people.set_disabled(person.id, True)
    assert await people.by_login("ann") is None
    assert await people.session(b"d") is None
    await people.set_disabled(person.id, False)
    assert await people.by_login("ann") is not None
    assert await people.session(b"d") is None


async def test_a_new_password_can_sign_out_all_browsers(people: People) -> None:
    person = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    await people.save_session(digest=b"d", user_id=person.id, created_at=1.0, used_at=1.0)
    await people.set_password_hash(person.id, "new")
    assert await people.session(b"d") is not None
    await people.set_password_hash(person.id, "newer", sign_out=True)
    assert await people.session(b"d") is None
    found = await people.by_login("ann")
    assert found is not None
    assert found.password_hash == "newer"
    assert "newer" not in repr(found)


async def test_every_change_of_who_may_do_what_is_seen_in_the_version(people: People) -> None:
    seen = [await people.version()]

    async def changed() -> bool:
        seen.append(await people.version())
        return seen[-1] != seen[-2]

    await people.create_first_admin(login="root", name="Ruth", password_hash=_HASH)
    assert await changed()
    ann = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    assert await changed()
    await people.set_phone(ann, extension="1001", endpoint="PJSIP/1001")
    assert await changed()
    await people.set_phone(await _found(people, "ann"), extension="1002", endpoint="PJSIP/1002")
    assert await changed()
    await people.create_agent(name="Front door", extension="1003")
    assert await changed()
    for disabled in (True, False):
        await people.set_disabled(ann.id, disabled)
        assert await changed()
    await people.set_password_hash(ann.id, "new", sign_out=True)
    assert await changed()
    with pytest.raises(Taken):
        await people.create_person(login="ANN", name="Ann", role="agent", password_hash=_HASH)
    await people.set_language(ann.id, "zh-CN")
    await people.set_password_hash(ann.id, "rehashed")
    assert not await changed()


async def test_who_gets_a_first_phone_signs_in_again(people: People) -> None:
    ann = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    await people.save_session(digest=b"d", user_id=ann.id, created_at=1.0, used_at=1.0)
    await people.set_phone(ann, extension="1001", endpoint="PJSIP/1001")
    assert await people.session(b"d") is None
    await people.save_session(digest=b"e", user_id=ann.id, created_at=1.0, used_at=1.0)
    await people.set_phone(await _found(people, "ann"), extension="1002", endpoint="PJSIP/1002")
    assert await people.session(b"e") is not None


async def test_a_sign_in_that_was_under_way_does_not_come_back_with_the_person(people: People) -> None:
    ann = await people.create_person(login="ann", name="Ann", role="agent", password_hash=_HASH)
    await people.set_disabled(ann.id, True)
    await people.save_session(digest=b"d", user_id=ann.id, created_at=1.0, used_at=1.0)
    assert await people.session(b"d") is None
    await people.set_disabled(ann.id, False)
    assert await people.session(b"d") is None
