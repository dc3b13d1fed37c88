"""The socket over real TCP, with the `websockets` library on the other side."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from yarl import URL

from callcenter.desk_client import DeskClient, DeskTiming, Did, SignInRefused
from tests.web.conftest import House, house
from web.api.live import check_sessions
from web.realtime.hub import DeskHub
from web.security.permissions import Role

DESK = "agent:1001"
QUICK = DeskTiming(first_wait=0.01, longest_wait=0.05)


def cookie(served: House) -> dict[str, str]:
    jar = served.http.cookie_jar.filter_cookies(URL(served.url))
    return {"Cookie": f"cc_session={jar['cc_session'].value}"}


def open_socket(served: House, query: str = "", **options: Any) -> Any:
    address = served.url.replace("http", "ws") + "/api/v1/live" + query
    return connect(address, additional_headers=cookie(served), **options)


async def hear(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = orjson.loads(await connection.recv())
        return message


async def closed_with(connection: ClientConnection) -> int:
    """The close code the server sent, after whatever it said before."""
    async with asyncio.timeout(5):
        await connection.wait_closed()
    assert connection.close_code is not None
    return connection.close_code


async def test_snapshot_then_changes_in_order(served: House) -> None:
    served.hub.put(DESK, "me", {"state": "available"})
    await served.sign_in("anna")
    async with open_socket(served) as one, open_socket(served) as other:
        first = await hear(one)
        assert first == {
            "t": "snapshot",
            "stream": "run-1",
            "seq": 1,
            "now": served.clock.now(),
            "docs": {"me": {"state": "available"}},
        }
        assert await hear(other) == first
        served.hub.put(DESK, "call:pbx:1.1", {"caller_name": "Zoë 雷"})
        served.hub.put("agent:1002", "call:pbx:1.2", {"caller_name": "not mine"})
        served.hub.delete(DESK, "call:pbx:1.1")
        for tab in (one, other):
            put, delete = await hear(tab), await hear(tab)
            assert (put["t"], put["seq"], put["doc"]) == ("put", 2, {"caller_name": "Zoë 雷"})
            assert (delete["t"], delete["seq"], delete["key"]) == ("del", 3, "call:pbx:1.1")
        assert one.protocol.extensions == [], "not compressed"


async def test_resume_and_snapshot_by_the_query(served: House) -> None:
    for number in range(3):
        served.hub.put(DESK, "k", number)
    await served.sign_in("anna")
    async with open_socket(served, "?stream=run-1&seq=2") as one:
        assert (await hear(one))["t"] == "resume"
        assert (await hear(one))["seq"] == 3
    async with open_socket(served, "?stream=run-0&seq=2") as one:
        assert (await hear(one))["t"] == "snapshot"


@pytest.mark.parametrize(
    "query", ["?seq=-1", "?seq=x", "?seq=1e3", "?seq=²", "?seq=" + "9" * 40, "?stream=" + "x" * 65]
)
async def test_a_wrong_query_is_refused(served: House, query: str) -> None:
    await served.sign_in("anna")
    assert (await served.ask("GET", "/live" + query)).status == 422


async def test_only_our_own_page_with_a_session_may_open_it(served: House) -> None:
    address = served.url.replace("http", "ws") + "/api/v1/live"
    with pytest.raises(InvalidStatus) as stranger:
        await connect(address)
    assert stranger.value.response.status_code == 401
    await served.sign_in("anna")
    for origin in ("https://evil.example", "null", "http://127.0.0.1"):
        with pytest.raises(InvalidStatus) as refused:
            await open_socket(served, origin=origin)
        assert refused.value.response.status_code == 403
    async with open_socket(served, origin=served.url) as one:
        assert (await hear(one))["t"] == "snapshot"
    plain = await served.ask("GET", "/live")
    assert plain.kind == "refused"


async def test_a_supervisor_without_a_phone_has_a_desk_of_their_own(served: House) -> None:
    user = served.person("sue", Role.SUPERVISOR)
    served.hub.put(f"user:{user.id}", "switch", {"state": "live"})
    served.hub.put(DESK, "me", {"state": "available"})
    async with served.following("sue") as client:
        assert client.docs == {"switch": {"state": "live"}}


async def test_signing_out_closes_the_sockets_of_that_session_only(served: House) -> None:
    async with served.following("anna") as elsewhere:
        await served.sign_in("anna")
        async with open_socket(served) as one, open_socket(served) as two:
            await hear(one)
            await hear(two)
            await served.ask("DELETE", "/session")
            assert await closed_with(one) == 1008
            assert await closed_with(two) == 1008
        served.hub.put(DESK, "k", 1)
        await elsewhere.until(lambda one: one.docs.get("k") == 1)
        assert elsewhere.losses == 0


async def test_a_disabled_person_loses_the_socket_at_the_next_check(served: House) -> None:
    await served.sign_in("anna")
    async with open_socket(served) as one:
        await hear(one)
        await check_sessions(served.services)
        served.hub.put(DESK, "k", 1)
        assert (await hear(one))["t"] == "put"
        served.accounts.disabled.add(1)
        await check_sessions(served.services)
        assert await closed_with(one) == 1008


async def test_an_open_desk_keeps_its_session_in_use_until_the_absolute_end(served: House) -> None:
    await served.sign_in("anna")
    async with open_socket(served) as one:
        await hear(one)
        for _ in range(15):
            served.clock.advance(3600)
            await check_sessions(served.services)
        assert (await served.ask("GET", "/session")).status == 200
        served.clock.advance(3600)
        await check_sessions(served.services)
        assert await closed_with(one) == 1008


async def test_stopping_the_server_says_going_away_and_may_be_done_twice() -> None:
    async with house() as one:
        one.person("anna", agent_id="1001")
        await one.sign_in("anna")
        async with open_socket(one) as first, open_socket(one) as second:
            await hear(first)
            await hear(second)
            closing = asyncio.gather(closed_with(first), closed_with(second))
            await one.server.stop()
            assert list(await closing) == [1001, 1001]
            await one.server.stop()


async def test_a_client_that_talks_is_shown_the_door(served: House) -> None:
    await served.sign_in("anna")
    async with open_socket(served) as one:
        await one.send("hello")
        assert await closed_with(one) == 1008
    async with open_socket(served) as one:
        await one.send("x" * 5000)
        assert await closed_with(one) == 1009
    assert len(served.services.live) == 0


async def test_only_so_many_tabs(served: House) -> None:
    await served.sign_in("anna")
    opened = [await open_socket(served) for _ in range(16)]
    with pytest.raises(InvalidStatus) as refused:
        await open_socket(served)
    assert refused.value.response.status_code == 429
    await asyncio.gather(*(one.close() for one in opened))


async def test_a_socket_that_does_not_read_is_dropped_and_others_hear_everything(served: House) -> None:
    await served.sign_in("anna")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", served.server.port))
    async with served.following("anna") as quick:
        await loop.sock_sendall(
            raw,
            b"GET /api/v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Cookie: " + cookie(served)["Cookie"].encode() + b"\r\n\r\n",
        )
        served.hub.put(DESK, "k", -1)
        await quick.until(lambda one: one.docs.get("k") == -1)
        for number in range(400):  # 20 kB each: 8 MB, more than the kernel and the limit take together
            served.hub.put(DESK, "pop", {"number": number, "text": "x" * 20_000})
            await quick.until(lambda one, due=number: one.docs.get("pop", {}).get("number") == due)  # type: ignore[misc]
        assert len(served.services.live) == 1
        assert quick.losses == 0
    raw.close()


async def test_a_cut_connection_is_resumed_without_a_snapshot(served: House) -> None:
    did: list[Did | None] = []
    async with served.following("anna", timing=QUICK, on_change=lambda *what: did.append(what[1])) as client:
        served.hub.put(DESK, "k", 1)
        await client.until(lambda one: one.docs.get("k") == 1)
        cut(served)
        served.hub.put(DESK, "k", 2)
        served.hub.delete(DESK, "k")
        served.hub.put(DESK, "other", 3)
        await client.until(lambda one: one.live and one.docs == {"other": 3})
        assert client.losses == 1
        assert did == [Did.SNAPSHOT, Did.PUT, None, Did.RESUME, Did.PUT, Did.DEL, Did.PUT]
        assert client.docs == served.hub.snapshot(DESK)


async def test_a_long_absence_ends_in_a_snapshot(served: House) -> None:
    async with served.following("anna", timing=QUICK) as client:
        served.hub.put(DESK, "gone", 1)
        await client.until(lambda one: "gone" in one.docs)
        cut(served)
        served.hub.delete(DESK, "gone")
        for number in range(1000):
            served.hub.put(DESK, "k", number)
        await client.until(lambda one: one.live and one.docs == {"k": 999})


async def test_a_restarted_server_is_another_stream() -> None:
    async with house() as before:
        before.person("anna", agent_id="1001")
        before.hub.put(DESK, "call:pbx:1.1", {"state": "talking"})
        before.hub.put(DESK, "me", {"state": "talking"})
        async with before.following("anna", timing=QUICK) as client:
            assert set(client.docs) == {"call:pbx:1.1", "me"}
            await before.server.stop()
            await client.until(lambda one: not one.live)
            hub = DeskHub(stream="run-2")
            hub.put(DESK, "me", {"state": "available"})
            hub.put(DESK, "queues", [])
            async with house(hub=hub, port=before.server.port, accounts=before.accounts):
                await client.until(lambda one: one.live)
                assert (client.mirror.stream, client.mirror.seq) == ("run-2", 2)
                assert client.docs == hub.snapshot(DESK)


async def test_a_client_whose_session_is_gone_signs_in_again(served: House) -> None:
    async with served.following("anna", timing=QUICK) as client:
        served.accounts.sessions.clear()
        await check_sessions(served.services)
        await client.until(lambda one: one.losses == 1)
        await client.until(lambda one: one.live)
        assert len(served.accounts.sessions) == 1


async def test_the_clients_rest_half(served: House) -> None:
    async with served.following("anna") as client:
        assert client.user["agent_id"] == "1001"
        assert await client.ask("PUT", "/me/state", {"state": "available"}) == (200, {})
        assert served.desk.did == [("state", "1001", "available", None)]
        await client.sign_out()
        await client.until(lambda one: not one.live)


async def test_fifty_desks_at_once(served: House) -> None:
    people = [served.accounts.people[1].password_hash] * 50
    for number, stored in enumerate(people):
        served.accounts.add(login=f"a{number}", password_hash=stored, agent_id=f"2{number:03}")
    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(one_desk(served, number))


async def one_desk(served: House, number: int) -> None:
    async with served.following(f"a{number}", timing=QUICK) as client:
        desk = f"agent:2{number:03}"
        for step in range(20):
            served.hub.put(desk, f"k{step % 3}", step)
        await client.until(lambda one: one.docs == served.hub.snapshot(desk))


def cut(served: House) -> None:
    """Break every socket as a network fault would."""
    for one in list(served.services.live._open):
        one.reader.transport.abort()


async def test_a_wrong_password_ends_the_client(served: House) -> None:
    async with DeskClient(served.url, login="anna", password="wrong password") as client:
        with pytest.raises(SignInRefused):
            await client.run()


async def test_a_browser_that_leaves_in_the_handshake_is_no_fault(
    served: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="web")
    await served.sign_in("anna")
    asked, left = asyncio.Event(), asyncio.Event()
    stored = served.accounts.session

    async def slowly(digest: bytes) -> Any:
        asked.set()
        await left.wait()
        return await stored(digest)

    monkeypatch.setattr(served.accounts, "session", slowly)
    _, writer = await asyncio.open_connection("127.0.0.1", served.server.port)
    headers = {
        "Host": f"127.0.0.1:{served.server.port}",
        "Origin": served.url,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **cookie(served),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"GET /api/v1/live HTTP/1.1\r\n{lines}\r\n".encode())
    async with asyncio.timeout(5):
        await asked.wait()
        writer.transport.abort()
        await served.ask("GET", "/setup")  # by its answer the server has seen the other connection end
        left.set()
        while "/api/v1/live" not in caplog.text:
            await served.ask("GET", "/setup")
    assert "request failed" not in caplog.text
    assert "/api/v1/live 499" in caplog.text
