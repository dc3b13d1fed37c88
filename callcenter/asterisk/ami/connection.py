"""The link to one switch that comes back by itself: connect, sign in, reconcile, live; down, wait, again.

Asterisk forgets a connection with everything that was pending on it, and so do we: what was not answered is
unknown, and is never sent again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from callcenter.asterisk.ami.backoff import backoff
from callcenter.asterisk.ami.codec import AmiDecoder
from callcenter.asterisk.ami.config import AmiConfig
from callcenter.asterisk.ami.encoder import Headers
from callcenter.asterisk.ami.errors import (
    AmiConnectionLost,
    AmiError,
    AmiLinkDown,
    AmiLoginRefused,
)
from callcenter.asterisk.ami.faults import AmiFaultKind
from callcenter.asterisk.ami.login import sign_in
from callcenter.asterisk.ami.message import AmiMessage
from callcenter.asterisk.ami.pending import PendingActions
from callcenter.asterisk.ami.session import AmiSession
from callcenter.asterisk.ami.states import LinkPhase, LinkState
from callcenter.asterisk.ami.stream import AmiStream
from callcenter.kit.clock import Clock
from callcenter.kit.failure import failure_place

log = logging.getLogger(__name__)


@dataclass(slots=True)
class AmiCounts:
    """What the link has seen since it was made, over all its connections."""

    connections: int = 0
    delivered: int = 0
    skipped: int = 0
    late_answers: int = 0
    consumer_failures: int = 0
    state_listener_failures: int = 0
    faults: Counter[AmiFaultKind] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """One connection."""

    decoder: AmiDecoder
    stream: AmiStream
    pending: PendingActions
    session: AmiSession


class AmiConnection:
    """`run()` it in a task; `action` and `collect` work while the link is live.

    `on_messages` gets the events of one read at a time, synchronously and in order; it must not block.
    `on_state` gets each change of phase. `prepare(session)` runs after each sign-in: it reads the snapshot
    and reconciles while events are held back; they follow it, then the link is live. If it fails, the
    connection is made anew.
    """

    def __init__(
        self,
        config: AmiConfig,
        *,
        on_messages: Callable[[list[AmiMessage]], None],
        on_state: Callable[[LinkState], None],
        prepare: Callable[[AmiSession], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._config = config
        self._on_messages = on_messages
        self._on_state = on_state
        self._prepare = prepare
        self._clock = clock
        self._counts = AmiCounts()
        self._parts: _Parts | None = None
        self._live: AmiSession | None = None
        self._work: asyncio.Task[None] | None = None
        self._stopping = False
        self.state = LinkState(phase=LinkPhase.DOWN, at=clock.now(), detail="not started")

    def __repr__(self) -> str:
        return f"<AmiConnection {self._config.place} {self.state.phase}>"

    async def action(self, name: str, headers: Headers = (), *, timeout: float = 5.0) -> AmiMessage:
        """Send one action over the live link and return its response.

        Raises AmiLinkDown when there is no live link (nothing was sent), else like `AmiSession.action`.
        """
        return await self._session(name).action(name, headers, timeout=timeout)

    async def collect(self, name: str, headers: Headers = (), *, timeout: float = 10.0) -> list[AmiMessage]:
        """Fetch an event list over the live link. Raises like `action`, or AmiListIncomplete."""
        return await self._session(name).collect(name, headers, timeout=timeout)

    def counts(self) -> AmiCounts:
        """Return the counters, the present connection included."""
        total = AmiCounts(
            connections=self._counts.connections,
            delivered=self._counts.delivered,
            skipped=self._counts.skipped,
            late_answers=self._counts.late_answers,
            consumer_failures=self._counts.consumer_failures,
            state_listener_failures=self._counts.state_listener_failures,
            faults=self._counts.faults.copy(),
        )
        if self._parts is not None:
            _add(total, self._parts)
        return total

    async def run(self) -> None:
        """Keep the link until cancelled or stopped. Raises AmiLoginRefused when only a person can help."""
        if self._work is not None:
            raise RuntimeError("the AMI connection runs already")
        if self._stopping:
            return
        self._work = asyncio.create_task(self._keep_up(), name=f"ami {self._config.place}")
        try:
            await self._work
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not self._stopping or (current is not None and current.cancelling()):
                raise
        finally:
            self._work = None

    async def stop(self) -> None:
        """Sign off and end `run()`. May be called twice, and before `run()`."""
        self._stopping = True
        work = self._work
        if work is not None and not work.done():
            work.cancel()
            await asyncio.wait([work])

    async def _keep_up(self) -> None:
        bounds = self._config.bounds
        waits = backoff(base=bounds.retry_base, ceiling=bounds.retry_ceiling)
        while True:
            began = self._clock.monotonic()
            try:
                why = await self._connect_once()
            except AmiLoginRefused as refusal:
                self._move(LinkPhase.REFUSED, str(refusal))
                raise
            except AmiConnectionLost as lost:
                why = str(lost)
            except asyncio.CancelledError:
                self._move(LinkPhase.DOWN, "stopped")
                raise
            self._move(LinkPhase.DOWN, why)
            if self._clock.monotonic() - began >= bounds.stable_seconds:
                waits = backoff(base=bounds.retry_base, ceiling=bounds.retry_ceiling)
            await asyncio.sleep(next(waits))

    async def _connect_once(self) -> str:
        """One connection from the first packet to the last. Returns or raises why it ended."""
        self._move(LinkPhase.CONNECTING)
        parts = self._parts = await self._open()
        why = "stopped"
        try:
            await self._unless_lost(parts.stream, self._greeting(parts.stream))
            self._move(LinkPhase.AUTHENTICATING)
            await self._unless_lost(parts.stream, sign_in(parts.session, self._config))
            self._move(LinkPhase.RECONCILING)
            await self._unless_lost(parts.stream, self._reconcile(parts.session))
            self._live = parts.session
            self._move(LinkPhase.LIVE)
            why = await parts.session.keep_alive()
            return why
        except AmiError as error:
            why = str(error)
            raise
        finally:
            self._live = None
            await self._end(parts, why)

    async def _open(self) -> _Parts:
        config, bounds = self._config, self._config.bounds
        pending = PendingActions(
            token=secrets.token_hex(4),
            max_pending=bounds.max_pending,
            max_items=bounds.max_list_items,
            max_bytes=bounds.max_list_bytes,
        )
        decoder = AmiDecoder(wanted=config.wanted, limits=config.limits)
        decoder.marker = pending.marker
        stream = AmiStream(decoder=decoder, max_unsent=bounds.max_unsent)
        stream.lost.add_done_callback(lambda lost: pending.fail_all(lost.result()))
        session = AmiSession(stream=stream, pending=pending, bounds=bounds)
        server_name = config.tls_server_name if config.tls else None
        try:
            async with asyncio.timeout(bounds.connect_seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: stream, config.host, config.port, ssl=config.tls, server_hostname=server_name
                )
        except TimeoutError:
            raise AmiConnectionLost(
                f"no connection to {config.place} within {bounds.connect_seconds:g} s"
            ) from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise AmiConnectionLost(f"cannot connect to {config.place}: {reason}") from None
        self._counts.connections += 1
        return _Parts(decoder=decoder, stream=stream, pending=pending, session=session)

    async def _greeting(self, stream: AmiStream) -> None:
        try:
            async with asyncio.timeout(self._config.bounds.connect_seconds):
                await stream.greeted
        except TimeoutError:
            raise AmiConnectionLost(
                f"{self._config.place} did not greet as an Asterisk manager within "
                f"{self._config.bounds.connect_seconds:g} s"
            ) from None

    async def _reconcile(self, session: AmiSession) -> None:
        try:
            async with asyncio.timeout(self._config.bounds.prepare_seconds):
                await self._prepare(session)
                await session.release(self._on_messages)
        except TimeoutError:
            raise AmiConnectionLost(
                f"reading the switch's calls took over {self._config.bounds.prepare_seconds:g} s"
            ) from None
        except AmiError as error:
            raise AmiConnectionLost(f"reading the switch's calls failed: {error}") from None
        except Exception as error:  # a mistake of ours in one snapshot: try a new one, do not end the link
            log.error("reconciling failed: %s", failure_place(error))
            raise AmiConnectionLost(f"reconciling failed: {failure_place(error)}") from error

    async def _unless_lost(self, stream: AmiStream, step: Coroutine[Any, Any, None]) -> None:
        """Run one step of the start; raises AmiConnectionLost as soon as the connection is gone under it."""
        task = asyncio.create_task(step, name=f"ami {self._config.place} {self.state.phase}")
        ends: list[asyncio.Future[Any]] = [task, stream.lost]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # the switch says why and closes: its answer comes before the close
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        if stream.lost.done() and (task.cancelled() or not isinstance(task.exception(), AmiLoginRefused)):
            raise AmiConnectionLost(stream.lost.result())
        task.result()

    async def _end(self, parts: _Parts, why: str) -> None:
        if self._stopping:
            parts.session.say_goodbye()
            await parts.stream.close(why, within=self._config.bounds.goodbye_seconds)
        parts.stream.abort(why)
        parts.pending.fail_all(why)
        _add(self._counts, parts)
        self._parts = None
        await asyncio.wait([parts.stream.lost])

    def _session(self, action: str) -> AmiSession:
        if self._live is None:
            raise AmiLinkDown(action)
        return self._live

    def _move(self, phase: LinkPhase, detail: str = "") -> None:
        self.state = self.state.to(phase, at=self._clock.now(), detail=detail)
        level = logging.ERROR if phase is LinkPhase.REFUSED else logging.INFO
        log.log(level, "AMI link to %s: %s%s", self._config.place, phase, f" ({detail})" if detail else "")
        try:
            self._on_state(self.state)
        except Exception as error:  # the link must not die of its listener
            self._counts.state_listener_failures += 1
            log.error("a listener failed on the link's state: %s", failure_place(error))


def _add(counts: AmiCounts, parts: _Parts) -> None:
    counts.delivered += parts.decoder.delivered
    counts.skipped += parts.decoder.skipped
    counts.late_answers += parts.pending.late
    counts.consumer_failures += parts.session.consumer_failures
    counts.faults.update(parts.decoder.faults)
