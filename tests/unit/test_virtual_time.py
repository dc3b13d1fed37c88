"""The loop that tests stand on."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.virtual_time import LeakedTaskError, VirtualClock, run_virtual, virtual_time


@virtual_time
async def test_an_hour_takes_no_time() -> None:
    begun, clock = time.perf_counter(), VirtualClock()
    at, utc = clock.monotonic(), clock.now()
    await asyncio.sleep(3_600)
    assert clock.monotonic() - at == pytest.approx(3_600)
    assert clock.now() - utc == pytest.approx(3_600)
    assert time.perf_counter() - begun < 5


@virtual_time
async def test_timers_keep_their_order() -> None:
    order: list[float] = []

    async def tick(after: float) -> None:
        await asyncio.sleep(after)
        order.append(after)

    await asyncio.gather(tick(30), tick(0.1), tick(2))
    assert order == [0.1, 2, 30]


@virtual_time
async def test_sockets_go_before_the_clock() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(0.001):  # far less than the real time this takes on a busy machine
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


@virtual_time
async def test_threads_go_before_the_clock() -> None:
    async with asyncio.timeout(0.01):
        await asyncio.to_thread(time.sleep, 0.1)


def test_leaked_task_fails() -> None:
    async def main() -> None:
        main.task = asyncio.create_task(asyncio.sleep(60), name="forgotten")  # type: ignore[attr-defined]

    with pytest.raises(LeakedTaskError, match="forgotten"):
        run_virtual(main())


def test_own_failure_is_the_news() -> None:
    async def main() -> None:
        main.task = asyncio.create_task(asyncio.sleep(60))  # type: ignore[attr-defined]
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run_virtual(main())


def test_deadlock_is_named() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="deadlock"):
        run_virtual(main())
