"""A manager port that signs anybody in, has no channels, and then says what it was told to, at its pace.

It runs in a process of its own and writes as Asterisk does: a write that a slow reader holds up for longer than
`writetimeout` ends the connection. `python -m tests.bench.switch PORT`; each line on standard input names a plan
(pickle of `Plan`), whose result (`Played`) is written beside it.
"""

from __future__ import annotations

import pickle
import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.bench.processes import Child

WRITE_TIMEOUT = 0.1
"""Seconds, `writetimeout` of the sample manager.conf: a reader that stalls us longer is dropped."""

_BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_MAY = (
    "BridgeInfo",
    "BridgeList",
    "CoreShowChannels",
    "DeviceStateList",
    "Hangup",
    "Redirect",
    "Setvar",
    "Status",
)
_SAYS = {
    "Challenge": "Challenge: 170000042\r\n",
    "Ping": "Ping: Pong\r\n",
    "ListCommands": "".join(f"{name}: may be done\r\n" for name in _MAY),
}
_LISTS = ("CoreShowChannels", "BridgeList", "BridgeTechnologyList", "Status", "DeviceStateList")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to say in `seconds`. `entries` are (seconds from the start, bytes of one event) in order; `noise` goes
    round between them for `noise_seconds`, so that `rate` events a second leave in all. What is due leaves every
    `tick` seconds, in one write or, as Asterisk does, in one for each event."""

    entries: Sequence[tuple[float, bytes]]
    seconds: float
    rate: float = 0.0
    noise: Sequence[bytes] = ()
    noise_seconds: float = float("inf")
    tick: float = 0.001
    joined: bool = False


@dataclass(slots=True)
class Played:
    """`times` are monotonic seconds just before each entry's write; `stall` the longest a write was held up."""

    times: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    events: int = 0
    events_in_noise: int = 0
    stall: float = 0.0
    dropped: bool = False


class _Dropped(Exception):
    """The reader was too slow, or is gone."""


class Switch:
    """One client at a time."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._client: socket.socket | None = None
        self._heard = b""
        self._stall = 0.0

    def run(self) -> None:
        """Serve until standard input ends."""
        print("listening", flush=True)
        while True:
            ready = self._wait([sys.stdin, self._listener], None)
            if sys.stdin in ready:
                line = sys.stdin.readline().strip()
                if not line:
                    return
                self._perform(Path(line))

    def _wait(self, also: list[object], seconds: float | None) -> list[object]:
        """What of `also` is ready; answers the client meanwhile."""
        watched = [*also, *([self._client] if self._client is not None else [])]
        ready: list[object] = list(select.select(watched, [], [], seconds)[0])
        if self._client in ready:
            self._answer()
        if self._listener in ready:
            self._client, _ = self._listener.accept()
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client.setblocking(False)
            self._heard = b""
            self._send(_BANNER)
        return ready

    def _answer(self) -> None:
        assert self._client is not None
        try:
            data = self._client.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._client.close()
            self._client = None
            return
        *actions, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for action in actions:
            headers = dict(line.split(": ", 1) for line in action.decode().split("\r\n") if ": " in line)
            self._send(_answer_to(headers.get("Action", ""), headers.get("ActionID", "")))

    def _send(self, data: bytes) -> None:
        """Raises _Dropped after WRITE_TIMEOUT without progress."""
        client, left = self._client, memoryview(data)
        while left:
            if client is None:
                raise _Dropped
            try:
                left = left[client.send(left) :]
            except BlockingIOError:
                held = time.monotonic()
                writable = select.select([], [client], [], WRITE_TIMEOUT)[1]
                self._stall = max(self._stall, time.monotonic() - held)
                if not writable:
                    client.close()
                    self._client = None
                    raise _Dropped from None
            except OSError:
                self._client = None
                raise _Dropped from None

    def _perform(self, path: Path) -> None:
        plan = pickle.loads(path.read_bytes())
        assert isinstance(plan, Plan)
        played = Played(began=time.monotonic())
        self._stall = 0.0
        try:
            self._play(plan, played)
        except _Dropped:
            played.dropped = True
        played.ended, played.stall = time.monotonic(), self._stall
        path.with_suffix(".played").write_bytes(pickle.dumps(played))
        print("played", flush=True)

    def _play(self, plan: Plan, played: Played) -> None:
        said, noise, next_tick = 0, cycle(plan.noise), played.began
        while (elapsed := time.monotonic() - played.began) < plan.seconds:
            batch: list[bytes] = []
            while said < len(plan.entries) and plan.entries[said][0] <= elapsed:
                batch.append(plan.entries[said][1])
                said += 1
            calls = len(batch)
            if plan.noise and elapsed < plan.noise_seconds:
                batch += _some(noise, int(plan.rate * elapsed) - played.events - calls)
            self._write(batch, calls, plan.joined, played)
            if elapsed < plan.noise_seconds:
                played.events_in_noise = played.events
            next_tick = max(next_tick + plan.tick, time.monotonic() - 10 * plan.tick)
            while (wait := next_tick - time.monotonic()) > 0:
                self._wait([], wait)

    def _write(self, batch: Sequence[bytes], calls: int, joined: bool, played: Played) -> None:
        if joined:
            now = time.monotonic()
            played.times += [now] * calls
            self._send(b"".join(batch))
        else:
            for at, frame in enumerate(batch):
                if at < calls:
                    played.times.append(time.monotonic())
                self._send(frame)
        played.events += len(batch)


def _some(noise: Iterator[bytes], count: int) -> list[bytes]:
    return [next(noise) for _ in range(count)]


def _answer_to(action: str, action_id: str) -> bytes:
    head = f"Response: Success\r\nActionID: {action_id}\r\n"
    if action in _LISTS:
        return (
            f"{head}EventList: start\r\n\r\nEvent: {action}Complete\r\nActionID: {action_id}\r\n"
            "EventList: Complete\r\nListItems: 0\r\n\r\n"
        ).encode()
    more = _SAYS.get(action, "")
    return f"{head}{more}\r\n".encode()


class SwitchProcess(Child):
    """That switch, from the bench's side."""

    def __init__(self, port: int) -> None:
        super().__init__("tests.bench.switch", str(port))
        self.hear()

    def play(self, plan: Plan, folder: Path) -> None:
        """Begin to say it; `played` waits for the end."""
        path = folder / "plan.pickle"
        path.write_bytes(pickle.dumps(plan))
        self.tell(str(path))

    def played(self, folder: Path, within: float = 120.0) -> Played:
        self.hear(within)
        found = pickle.loads((folder / "plan.played").read_bytes())
        assert isinstance(found, Played)
        return found


if __name__ == "__main__":
    from tests.bench import switch as named  # pickles name the module, not `__main__`

    named.Switch(int(sys.argv[1])).run()
