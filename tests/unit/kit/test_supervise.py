"""Background tasks: owned, named, stopped in order, and a failure is noticed."""

import asyncio
import logging

import pytest

from callcenter.kit.supervise import Supervisor


async def test_stop_cancels_last_started_first_and_may_be_called_twice() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    supervisor = Supervisor()
    supervisor.start("first", work("first"))
    supervisor.start("second", work("second"))
    await asyncio.sleep(0)
    await supervisor.stop()
    await supervisor.stop()
    assert ended == ["second", "first"]
    assert not supervisor.failed.is_set()


async def test_a_task_that_fails_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise RuntimeError("boom")

    supervisor = Supervisor()
    with caplog.at_level(logging.ERROR):
        supervisor.start("broken one", broken())
        await supervisor.failed.wait()
    assert isinstance(supervisor.failure, RuntimeError)
    assert "broken one" in caplog.text
    await supervisor.stop()
