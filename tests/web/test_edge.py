"""What does not get in: other origins and hosts, wrong bodies, oversized ones; what every answer carries."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace

import pytest

from tests.web.conftest import House, house
from tests.web.fakes import FakeDirectory, card
from web.app import ENDPOINTS
from web.deps import WebLimits
from web.encoding import Document
from web.ports import PartUnavailable
from web.security.origin import Surroundings, host_is_ours, origin_is_ours, peer_address
from web.security.permissions import ALLOWED, Permission, Role, may
from web.security.throttle import Allowance, LoginThrottle


async def test_every_answer_carries_the_headers(served: House) -> None:
    for path in ("/", "/api/v1/health", "/api/v1/session", "/api/v1/nowhere", "/missing.js"):
        answer = await served.get("GET", path)
        csp = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in csp
        assert "frame-ancestors 'none'" in csp
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in answer.headers


async def test_another_origin_is_refused_on_unsafe_methods(served: House) -> None:
    await served.sign_in("anna")
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": served.url.replace("http", "https")},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = await served.ask("PUT", "/me/state", {"state": "available"}, headers=headers)
        assert (answer.status, answer.kind) == (403, "other-origin")
        answer = await served.ask("POST", "/session", {"login": "anna", "password": "x"}, headers=headers)
        assert answer.kind == "other-origin"
    assert served.desk.did == []
    ours = await served.ask("PUT", "/me/state", {"state": "available"}, headers={"Origin": served.url})
    assert ours.status == 200


async def test_another_host_name_is_refused_on_a_loopback_server() -> None:
    async with house(surroundings=Surroundings.for_server(host="127.0.0.1")) as one:
        assert (await one.ask("GET", "/setup")).status == 200
        answer = await one.ask("GET", "/setup", headers={"Host": "rebound.example"})
        assert (answer.status, answer.kind) == (421, "other-host")


def test_origins_and_hosts() -> None:
    any_host = Surroundings.for_server(host="0.0.0.0")
    fixed = Surroundings.for_server(host="127.0.0.1", public_url="https://desk.example.com/")
    assert origin_is_ours("http://10.0.0.5:8080", None, host="10.0.0.5:8080", secure=False, around=any_host)
    assert not origin_is_ours("http://10.0.0.5", None, host="10.0.0.5:8080", secure=False, around=any_host)
    assert origin_is_ours("https://desk.example.com", None, host="x", secure=True, around=fixed)
    assert not origin_is_ours("http://desk.example.com", None, host="x", secure=True, around=fixed)
    assert host_is_ours("anything", any_host)
    assert host_is_ours("desk.example.com", fixed)
    assert host_is_ours("[::1]:8080", fixed)
    assert host_is_ours("localhost:8080", fixed)
    assert not host_is_ours("localhost.evil.example", fixed)
    assert not host_is_ours("[::1", fixed)


def test_the_peer_behind_proxies() -> None:
    around = Surroundings(trusted_proxies=frozenset({"10.0.0.1", "10.0.0.2"}))
    forged = {"X-Forwarded-For": "1.1.1.1, 192.0.2.7, 10.0.0.2"}
    assert peer_address("10.0.0.1", forged, around) == "192.0.2.7"
    assert peer_address("192.0.2.9", forged, around) == "192.0.2.9"
    assert peer_address("10.0.0.1", {}, around) == "10.0.0.1"


def test_throttle_is_bounded_and_knows_networks() -> None:
    throttle = LoginThrottle(max_keys=100, login=Allowance(burst=2, every=10.0))
    for number in range(1000):
        throttle.take(f"login{number}", f"192.0.2.{number % 250}", 0.0)
    assert len(throttle) <= 100
    v6 = LoginThrottle(peer=Allowance(burst=2, every=10.0))
    for address in ("2001:db8::1", "2001:db8::2"):
        assert v6.take("a", address, 0.0) == 0
        v6.was_wrong(address, 0.0)
    assert v6.take("c", "2001:db8::3", 0.0) == 10
    assert v6.take("c", "2001:db8:0:1::3", 0.0) == 0
    assert v6.take("c", "2001:db8::3", 10.0) == 0
    for _ in range(100):
        v6.was_wrong("::ffff:192.0.2.1", 0.0)
    assert v6.take("d", "192.0.2.1", 0.0) == 30, "never longer than two bursts"


async def test_bodies_that_are_not_what_they_should_be(served: House) -> None:
    await served.sign_in("anna")
    path, good = "/customers", {"name": "Ada", "numbers": []}
    cases: list[tuple[object, dict[str, str], int, str]] = [
        (b"{", {}, 400, "broken-json"),
        (b"\xff\xfe", {}, 400, "broken-json"),
        (b"[" * 5000, {}, 400, "broken-json"),
        (b"", {}, 400, "broken-json"),
        (good, {"Content-Type": "text/plain"}, 415, "not-json"),
        (good, {"Content-Type": "application/x-www-form-urlencoded"}, 415, "not-json"),
        ([], {}, 422, "invalid-input"),
        ({**good, "name": ""}, {}, 422, "invalid-input"),
        ({**good, "name": "a\x00b"}, {}, 422, "invalid-input"),
        ({**good, "name": "x" * 201}, {}, 422, "invalid-input"),
        ({**good, "name": 5}, {}, 422, "invalid-input"),
        ({**good, "extra": 1}, {}, 422, "invalid-input"),
        ({**good, "call_id": "../x"}, {}, 422, "invalid-input"),
        ({**good, "name": "x" * 70_000}, {}, 413, "too-large"),
    ]
    for body, headers, status, kind in cases:
        answer = await served.ask("POST", path, body, headers=headers)
        assert (answer.status, answer.kind) == (status, kind), body
    errors = (await served.ask("POST", path, {"numbers": [5], "name": " "})).json["errors"]
    assert {error["field"] for error in errors} == {"name", "numbers.0"}
    assert served.directory.created == []


async def test_unknown_addresses_and_methods_are_problems(served: House) -> None:
    assert (await served.ask("GET", "/nowhere")).kind == "not-found"
    answer = await served.ask("PATCH", "/session")
    assert (answer.status, answer.kind) == (405, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


async def test_oversized_headers_and_half_a_request_harm_nobody(served: House) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.server.port)
    writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n")
    assert b" 400 " in (await reader.readline())
    writer.close()
    half, half_writer = await asyncio.open_connection("127.0.0.1", served.server.port)
    half_writer.write(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Le")
    assert (await served.ask("GET", "/health")).status == 200
    half_writer.close()
    assert half is not None


async def test_a_body_that_never_comes_is_given_up() -> None:
    async with house(limits=WebLimits(request_seconds=0.05)) as one:
        one.person("anna")
        reader, writer = await asyncio.open_connection("127.0.0.1", one.server.port)
        writer.write(
            b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        assert b" 503 " in await reader.readline()
        writer.close()


@dataclass
class BrokenDirectory(FakeDirectory):
    statement: str = "SELECT … [parameters: ('+14155550123', 'Ada Lovelace')]"

    async def record(self, customer_id: int) -> Document | None:
        raise RuntimeError(self.statement)


async def test_a_fault_is_a_problem_and_its_log_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with house(directory=BrokenDirectory()) as one:
        one.person("anna", agent_id="1001")
        await one.sign_in("anna")
        with caplog.at_level(logging.INFO):
            answer = await one.ask("GET", "/customers/5")
        assert (answer.status, answer.kind) == (500, "fault")
        assert "RuntimeError" in caplog.text
        assert "GET /api/v1/customers/{id} 500" in caplog.text
        for word in ("Ada", "4155550123", "/5", "127.0.0.1", "anna"):
            assert word not in caplog.text
        assert answer.json["detail"].split()[-1].strip(".") in caplog.text


@dataclass
class AbsentDirectory(FakeDirectory):
    async def record(self, customer_id: int) -> Document | None:
        raise PartUnavailable


async def test_a_part_that_does_not_answer_is_a_503() -> None:
    async with house(directory=AbsentDirectory()) as one:
        one.person("anna", agent_id="1001")
        await one.sign_in("anna")
        answer = await one.ask("GET", "/customers/5")
        assert (answer.status, answer.kind, answer.headers["Retry-After"]) == (503, "unavailable", "2")


async def test_a_caller_called_script_is_data(served: House) -> None:
    name = "<script>alert(1)</script>"
    await served.sign_in("anna")
    made = await served.ask("POST", "/customers", {"name": name, "numbers": ["+1 415 555 0101"]})
    assert made.status == 201
    assert made.json["name"] == name
    assert made.headers["Content-Type"].startswith("application/json")
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    found = await served.ask("GET", "/customers?q=%3Cscript%3E")
    assert [one["name"] for one in found.json["items"]] == [name]
    served.hub.put("agent:1001", "call:pbx:1.1", {"caller_name": name})
    async with served.following("anna") as client:
        assert client.docs["call:pbx:1.1"]["caller_name"] == name


def test_every_route_says_what_it_needs() -> None:
    public = {(one.method, one.path) for one in ENDPOINTS if one.needs is None}
    assert public == {
        ("GET", "/setup"),
        ("POST", "/setup"),
        ("POST", "/session"),
        ("DELETE", "/session"),
        ("GET", "/health"),
    }
    without_csrf = {(one.method, one.path) for one in ENDPOINTS if not one.csrf}
    assert without_csrf == {("POST", "/setup"), ("POST", "/session"), ("DELETE", "/session")}


def test_the_role_table() -> None:
    assert set(ALLOWED) == set(Role)
    assert ALLOWED[Role.AGENT] < ALLOWED[Role.SUPERVISOR] <= ALLOWED[Role.ADMIN]
    assert not may(Role.AGENT, Permission.SEE_ALL_CALLS)
    assert may(Role.ADMIN, Permission.SEE_ALL_CALLS)


async def test_each_protected_route_is_closed_to_strangers(served: House) -> None:
    for endpoint in ENDPOINTS:
        if endpoint.needs is not None:
            answer = await served.ask(endpoint.method, endpoint.path.replace("{id}", "1"), {})
            assert (answer.status, answer.kind) == (401, "not-signed-in"), endpoint.path
    assert (await served.ask("GET", "/live")).status == 401


async def test_a_role_without_the_permission_is_refused(
    served: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALLOWED, Role.AGENT, frozenset({Permission.OWN_SESSION}))
    await served.sign_in("anna")
    assert (await served.ask("GET", "/session")).status == 200
    for method, path in (("GET", "/customers"), ("PUT", "/me/state"), ("GET", "/calls"), ("GET", "/live")):
        answer = await served.ask(method, path, {"state": "available"} if method == "PUT" else None)
        assert (answer.status, answer.kind) == (403, "not-allowed")


async def test_a_changed_role_counts_at_once(served: House) -> None:
    await served.sign_in("anna")
    served.calls.calls.append(("1002", {"id": "pbx:1.1"}))
    assert (await served.ask("GET", "/calls")).json == {"items": []}
    person = served.accounts.people[1]
    served.accounts.people[1] = replace(person, user=replace(person.user, role=Role.SUPERVISOR))
    assert (await served.ask("GET", "/calls")).json == {"items": [{"id": "pbx:1.1"}]}


async def test_the_customer_page_of_a_number_that_is_none(served: House) -> None:
    await served.sign_in("anna")
    served.directory.customers[7] = card(7, "Ada")
    assert (await served.ask("GET", "/customers/7")).json["name"] == "Ada"
    for wrong in ("8", "x", "0", "-1", "9" * 30):
        assert (await served.ask("GET", f"/customers/{wrong}")).kind == "not-found"
