"""Actions that wait for their answer, by ActionID. Nothing here is ever sent twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from callcenter.asterisk.ami.errors import (
    AmiError,
    AmiListIncomplete,
    AmiNotSent,
    AmiOutcomeUnknown,
    AmiRefused,
)
from callcenter.asterisk.ami.message import AmiMessage

_REFUSALS = ("error", "fail")  # `Response: Error`, and `Failure` of old modules


@dataclass(slots=True, kw_only=True)
class _Waiting:
    action: str
    answer: asyncio.Future[list[AmiMessage]]
    collects: bool
    items: list[AmiMessage] = field(default_factory=list)
    size: int = 0


class PendingActions:
    """The table of one connection. Its ids are `<token>~<number>`, so two connections never share one."""

    def __init__(self, *, token: str, max_pending: int, max_items: int, max_bytes: int) -> None:
        self.marker = f"ActionID: {token}~".encode()
        self.late = 0  # answers to actions nobody waits for any more
        self._token = token
        self._count = 0
        self._max_pending = max_pending
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._waiting: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def open(self, action: str, *, collects: bool) -> tuple[str, asyncio.Future[list[AmiMessage]]]:
        """Return a new ActionID and the future of its answer: the response alone, or the items of its list.

        Raises AmiNotSent when the table is full.
        """
        if len(self._waiting) >= self._max_pending:
            raise AmiNotSent(action, f"{len(self._waiting)} actions are unanswered; the switch stands still")
        self._count += 1
        action_id = f"{self._token}~{self._count}"
        answer: asyncio.Future[list[AmiMessage]] = asyncio.get_running_loop().create_future()
        self._waiting[action_id] = _Waiting(action=action, answer=answer, collects=collects)
        return action_id, answer

    def close(self, action_id: str) -> int:
        """Wait no longer; return how many list items had come."""
        waiting = self._waiting.pop(action_id, None)
        if waiting and waiting.answer.done() and not waiting.answer.cancelled():
            waiting.answer.exception()  # it may have come in the moment when nobody waited any more
        return len(waiting.items) if waiting else 0

    def take(self, message: AmiMessage) -> bool:
        """Give `message` to the action it answers; False if it is an event for everybody."""
        waiting = self._waiting.get(message.action_id)
        if waiting is None:
            self.late += not message.event
            return not message.event
        if message.event:
            return waiting.collects and self._take_item(waiting, message)
        if message.response.lower().startswith(_REFUSALS):
            _fail(waiting, AmiRefused(waiting.action, message.get("Message")))
        elif not waiting.collects and not waiting.answer.done():
            waiting.answer.set_result([message])
        return True

    def fail_all(self, why: str) -> None:
        """The connection is gone: every answer still awaited is unknown now."""
        for waiting in self._waiting.values():
            _fail(waiting, AmiOutcomeUnknown(waiting.action, why))
        self._waiting.clear()

    def _take_item(self, waiting: _Waiting, message: AmiMessage) -> bool:
        state = message.get("EventList").lower()
        if state.startswith("cancel"):
            _fail(waiting, self._incomplete(waiting, "the switch cancelled the list"))
        elif state == "complete" or message.event.endswith("Complete"):
            if not waiting.answer.done():
                waiting.answer.set_result(waiting.items)
        else:
            waiting.size += len(message.raw)
            if len(waiting.items) >= self._max_items or waiting.size > self._max_bytes:
                _fail(waiting, self._incomplete(waiting, "the list is longer than any real one"))
            else:
                waiting.items.append(message)
        return True

    @staticmethod
    def _incomplete(waiting: _Waiting, why: str) -> AmiListIncomplete:
        return AmiListIncomplete(waiting.action, why, received=len(waiting.items))


def _fail(waiting: _Waiting, error: AmiError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)
