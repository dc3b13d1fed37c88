"""Signing in and out: cookie, CSRF, expiry, throttle, first start."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie

from tests.web.conftest import CHEAP, PASSWORD, SETUP_KEY, Answer, House, house
from tests.web.fakes import FakeDemo
from web.security.origin import Surroundings
from web.security.passwords import HashCost, PasswordHasher
from web.security.permissions import Role
from web.security.sessions import digest_of


def cookie_of(answer: Answer, name: str = "cc_session") -> SimpleCookie:
    parsed = SimpleCookie()
    for line in answer.headers.getall("Set-Cookie", []):
        if line.startswith(name + "="):
            parsed.load(line)
    return parsed


async def test_the_cookie_is_random_hidden_and_stored_only_as_a_hash(served: House) -> None:
    answer = await served.sign_in("ANNA")
    assert answer.status == 200
    assert answer.json["user"] == {
        "id": 1,
        "login": "anna",
        "name": "Anna",
        "role": "agent",
        "language": "en",
        "agent_id": "1001",
        "extension": "1001",
    }
    morsel = cookie_of(answer)["cc_session"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert morsel["secure"] == ""
    assert len(morsel.value) == 43
    assert list(served.accounts.sessions) == [digest_of(morsel.value)]
    assert morsel.value not in repr(served.accounts.sessions)
    again = await served.sign_in("anna")
    assert cookie_of(again)["cc_session"].value != morsel.value
    assert len(served.accounts.sessions) == 1, "the browser's old session ends"


async def test_the_cookie_is_secure_behind_tls() -> None:
    for around, headers in (
        (Surroundings(public_origin="https://desk.example.com"), {"Origin": "https://desk.example.com"}),
        (Surroundings(trusted_proxies=frozenset({"127.0.0.1"})), {"X-Forwarded-Proto": "https"}),
    ):
        async with house(surroundings=around) as one:
            one.person("anna")
            answer = await one.ask(
                "POST", "/session", {"login": "anna", "password": PASSWORD}, headers=headers
            )
            assert cookie_of(answer)["cc_session"]["secure"] is True
            assert "Strict-Transport-Security" in answer.headers
    async with house() as one:
        one.person("anna")
        untrusted = await one.ask(
            "POST",
            "/session",
            {"login": "anna", "password": PASSWORD},
            headers={"X-Forwarded-Proto": "https"},
        )
        assert cookie_of(untrusted)["cc_session"]["secure"] == ""


async def test_wrong_password_and_unknown_login_look_the_same(served: House) -> None:
    wrong = await served.sign_in("anna", "not it at all")
    unknown = await served.sign_in("nobody", "not it at all")
    assert wrong.status == unknown.status == 401
    assert wrong.body == unknown.body
    assert not wrong.headers.getall("Set-Cookie", [])


async def test_unknown_logins_are_hashed_as_well() -> None:
    hasher = PasswordHasher(CHEAP)
    checked: list[str] = []
    check = hasher._check
    hasher._check = lambda stored, password: checked.append(stored) or check(stored, password)  # type: ignore[method-assign, func-returns-value]
    assert not await hasher.verify(None, "nobody's password")
    assert len(checked) == 1
    hasher.close()
    hasher.close()


async def test_the_shipped_cost_and_a_renewed_hash() -> None:
    hasher = PasswordHasher()
    stored = await hasher.hash("a password of today")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hasher.verify(stored, "a password of today")
    assert not await hasher.verify(stored, "another")
    assert not await hasher.verify("not a hash", "another")
    hasher.close()
    async with house(hash_cost=HashCost(memory_kib=128, passes=1)) as one:
        user = one.person("anna")
        old = one.accounts.people[user.id].password_hash
        assert (await one.sign_in("anna")).status == 200
        assert "m=128" in one.accounts.people[user.id].password_hash != old
        assert (await one.sign_in("anna")).status == 200


async def test_session_tells_who_and_what(served: House) -> None:
    assert (await served.ask("GET", "/session")).kind == "not-signed-in"
    await served.sign_in("anna")
    answer = await served.ask("GET", "/session")
    assert answer.json["csrf"] == served.csrf
    assert answer.json["demo"] is False
    assert [queue["name"] for queue in answer.json["queues"]] == ["Service", "Bestellungen"]
    assert answer.json["pause_reasons"] == [{"id": "lunch", "names": {"en": "Lunch", "zh": "午餐"}}]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_signing_out_twice_is_fine_and_ends_the_session(served: House) -> None:
    await served.sign_in("anna")
    refused = await served.ask("DELETE", "/session", headers={"X-CSRF-Token": ""})
    assert refused.kind == "csrf"
    assert (await served.ask("DELETE", "/session")).status == 204
    assert served.accounts.sessions == {}
    assert (await served.ask("DELETE", "/session")).status == 204
    assert (await served.ask("GET", "/session")).status == 401


async def test_csrf_missing_wrong_and_from_another_session(served: House) -> None:
    served.person("bert", agent_id="1002")
    await served.sign_in("bert")
    other = served.csrf
    await served.sign_in("anna")
    for token in ("", "0" * 64, other, "é"):
        answer = await served.ask("PUT", "/me/state", {"state": "available"}, headers={"X-CSRF-Token": token})
        assert (answer.status, answer.kind) == (403, "csrf")
    assert served.desk.did == []
    assert (await served.ask("PUT", "/me/state", {"state": "available"})).status == 200


async def test_idle_and_absolute_expiry(served: House) -> None:
    await served.sign_in("anna")
    for _ in range(7):
        served.clock.advance(2 * 3600 - 61)
        assert (await served.ask("GET", "/session")).status == 200
    served.clock.advance(2 * 3600 - 61)
    assert (await served.ask("GET", "/session")).status == 200
    served.clock.advance(600)
    assert (await served.ask("GET", "/session")).status == 401, "16 hours after signing in"
    assert served.accounts.sessions == {}
    await served.sign_in("anna")
    served.clock.advance(2 * 3600)
    assert (await served.ask("GET", "/session")).status == 401, "two hours without use"


async def test_a_disabled_person_is_out_at_once(served: House) -> None:
    await served.sign_in("anna")
    served.accounts.disabled.add(1)
    assert (await served.ask("GET", "/session")).status == 401
    assert (await served.sign_in("anna")).status == 401


async def test_made_up_cookies_are_no_session(served: House) -> None:
    for value in ("", "x", "x" * 43, "x" * 5000, "é" * 43):
        answer = await served.ask("GET", "/session", headers={"Cookie": f"cc_session={value}"})
        assert answer.status == 401


async def test_guessing_is_throttled_by_login_and_by_address(served: House) -> None:
    served.person("bert")
    for _ in range(5):
        assert (await served.sign_in("anna", "guess guess")).status == 401
    stopped = await served.sign_in("Anna")
    assert (stopped.status, stopped.kind) == (429, "too-many-tries")
    assert stopped.headers["Retry-After"] == "30"
    assert (await served.sign_in("bert")).status == 200, "another login is not held up"
    served.clock.advance(30.0)
    assert (await served.sign_in("anna")).status == 200
    answers = [await served.sign_in(f"guess{number}", "guess guess") for number in range(40)]
    assert [one.status for one in answers].count(429) >= 5
    assert answers[-1].status == 429


async def test_a_whole_shift_signs_in_from_one_address(served: House) -> None:
    for number in range(100):
        served.accounts.add(login=f"agent{number}", password_hash=served.accounts.people[1].password_hash)
    answers = await asyncio.gather(*(served.sign_in(f"agent{number}") for number in range(100)))
    assert {answer.status for answer in answers} == {200}


async def test_parallel_guesses_do_not_slip_through(served: House) -> None:
    answers = await asyncio.gather(
        *(served.sign_in("anna", f"guess number {number}") for number in range(20))
    )
    assert [one.status for one in answers].count(401) == 5
    assert [one.status for one in answers].count(429) == 15


async def test_setup_needs_the_key_of_the_console_and_works_once() -> None:
    async with house() as one:
        assert (await one.ask("GET", "/setup")).json == {"needed": True, "demo": False}
        body = {"login": "root", "password": "a long enough one", "name": "Ruth"}
        assert (await one.ask("POST", "/setup", body)).kind == "setup-key"
        assert (await one.ask("POST", "/setup", {**body, "key": "wrong"})).kind == "setup-key"
        weak = await one.ask("POST", "/setup", {**body, "key": SETUP_KEY, "password": "short"})
        assert (weak.status, weak.json["errors"][0]["field"]) == (422, "password")
        made = await asyncio.gather(
            *(one.ask("POST", "/setup", {**body, "login": f"root{n}", "key": SETUP_KEY}) for n in range(5))
        )
        assert sorted(answer.status for answer in made) == [201, 409, 409, 409, 409]
        assert (await one.ask("GET", "/setup")).json == {"needed": False, "demo": False}
        assert len(one.accounts.people) == 1


async def test_the_console_link_puts_the_key_into_a_cookie() -> None:
    async with house() as one:
        wrong = await one.get("GET", "/first-start?key=wrong")
        assert not wrong.headers.getall("Set-Cookie", [])
        link = await one.get("GET", f"/first-start?key={SETUP_KEY}")
        assert (link.status, link.headers["Location"]) == (303, "/")
        morsel = cookie_of(link, "cc_setup")["cc_setup"]
        assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/api/v1/setup")
        body = {"login": "root", "password": "a long enough one", "name": "Ruth"}
        assert (await one.ask("POST", "/setup", body)).status == 201
        assert (await one.sign_in("root", "a long enough one")).json["user"]["role"] == "admin"


async def test_the_demo_lists_its_sign_ins_and_wants_no_setup() -> None:
    async with house(demo=FakeDemo()) as one:
        state = (await one.ask("GET", "/setup")).json
        assert state == {
            "needed": False,
            "demo": True,
            "sign_ins": [{"login": "anna", "password": "anna", "name": "Anna", "role": "agent"}],
        }
        body = {"login": "root", "password": "a long enough one", "name": "Ruth", "key": SETUP_KEY}
        assert (await one.ask("POST", "/setup", body)).status == 409


async def test_no_secret_in_a_repr(served: House) -> None:
    await served.sign_in("anna")
    shown = repr(served.accounts.people) + repr(served.accounts.sessions) + repr(served.deps)
    assert "argon2" not in shown
    assert SETUP_KEY not in shown
    assert Role.AGENT in shown
