"""Other AMI clients, driven through their own code without sockets, so that one table judges all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from asterisk.ami import AMIClient, SimpleAction
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from callcenter.asterisk.ami.codec import AmiDecoder
from tests.unit.asterisk_ami.vectors import BANNER, INJECTION, READING, Expected, Vector


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a client shows it; `values` gives all values of one header in order."""

    event: str
    response: str
    values: Callable[[str], list[str]]


class Client(Protocol):
    name: str

    def read(self, reads: list[bytes]) -> list[Seen]:
        """Run the client's own framing and parsing over these reads."""

    def refuses_injection(self) -> bool:
        """True if CR/LF in an outgoing field does not reach the wire."""

    def ends_a_list_without_complete(self) -> bool:
        """True if whoever waits for a list is told when its end never comes."""

    def never_resends(self) -> bool:
        """True if an unanswered Originate is not sent again on the next connection."""


def matches(seen: list[Seen], expected: tuple[Expected, ...]) -> bool:
    """Same messages, same kinds, and every named header with exactly these values."""
    if [(s.event, "" if s.event else s.response) for s in seen] != [(e.event, e.response) for e in expected]:
        return False
    return all(
        s.values(header) == values
        for s, e in zip(seen, expected, strict=True)
        for header, values in e.values.items()
    )


def reads_correctly(client: Client, vector: Vector) -> bool:
    """A client that raises fails the vector."""
    try:
        return matches(client.read(vector.reads()), vector.messages)
    except Exception:
        return False


def score(client: Client) -> dict[str, bool]:
    """All sixteen by name."""
    return {vector.name: reads_correctly(client, vector) for vector in READING} | {
        "list_without_complete": client.ends_a_list_without_complete(),
        "injection_refused": client.refuses_injection(),
        "unanswered_not_resent": client.never_resends(),
    }


class OwnDecoder:
    """Ours, reading only; how it behaves is tested with the connection over real sockets."""

    name = "callcenter"

    def read(self, reads: list[bytes]) -> list[Seen]:
        decoder = AmiDecoder()
        messages = [message for data in reads for message in decoder.feed(data)]
        return [Seen(m.event, m.response, m.getall) for m in messages]


class _Socket:
    """Gives prepared reads, keeps what is written."""

    def __init__(self, reads: list[bytes]) -> None:
        self.reads = list(reads)
        self.written = b""

    def recv(self, size: int) -> bytes:
        if not self.reads:
            return b""
        data = self.reads.pop(0)
        if len(data) > size:
            self.reads.insert(0, data[size:])
        return data[:size]

    def send(self, data: bytes) -> None:
        self.written += bytes(data)

    def close(self) -> None: ...


class AsteriskAmi:
    """`asterisk-ami` 0.1: thread-based; its listening loop runs here in the caller's thread."""

    name = "asterisk-ami"

    def read(self, reads: list[bytes]) -> list[Seen]:
        client, seen = self._client(reads), []
        client.add_listener(
            on_event=lambda source, event: seen.append(Seen(event.name, "", _dict_values(event.keys))),
            on_response=lambda source, response: seen.append(
                Seen("", response.status, _dict_values(response.keys))
            ),
        )
        client.listen()
        return seen

    def refuses_injection(self) -> bool:
        client = self._client([])
        client.send_action(SimpleAction("Hangup", Channel=INJECTION))
        return b"\r\nAction: Originate" not in client._socket.written

    def ends_a_list_without_complete(self) -> bool:
        start = b"Response: Success\r\nActionID: 0\r\nEventList: start\r\n\r\n"
        client = self._client([BANNER, start])
        future = client.send_action(SimpleAction("CoreShowChannels"))
        client.listen()
        return future.get_response() is not None  # it knows no lists: the first answer is all one waits for

    def never_resends(self) -> bool:
        client = self._client([BANNER])
        client.send_action(SimpleAction("Originate", Channel="PJSIP/1001"))
        client.listen()
        client._socket = _Socket([BANNER])
        client.finished = threading.Event()
        client.listen()
        return b"Originate" not in client._socket.written

    @staticmethod
    def _client(reads: list[bytes]) -> Any:
        client = AMIClient(buffer_size=65_536)
        client._socket = _Socket(reads)
        client.finished = threading.Event()
        return client


class Panoramisk:
    """`panoramisk` 1.4: asyncio; its protocol is called as a transport would."""

    name = "panoramisk"

    def read(self, reads: list[bytes]) -> list[Seen]:
        seen: list[Seen] = []

        def keep(message: Message) -> None:
            seen.append(
                Seen(message.event, message.response, lambda header: _message_values(message, header))
            )

        protocol = AMIProtocol()
        protocol.connection_made(None)
        protocol.encoding = "utf8"
        protocol.handle_message = keep
        for data in reads:
            protocol.data_received(data)
        return seen

    def refuses_injection(self) -> bool:
        return asyncio.run(self._write({"Action": "Hangup", "Channel": INJECTION})).count(b"\nAction:") == 0

    def ends_a_list_without_complete(self) -> bool:
        return asyncio.run(self._list())

    def never_resends(self) -> bool:
        return asyncio.run(self._reconnect())

    @staticmethod
    async def _write(action: dict[str, str]) -> bytes:
        _, transport = _panoramisk_manager()
        _.send_action(action)
        return transport.written[len(b"Action:") :]

    @staticmethod
    async def _list() -> bool:
        manager, _ = _panoramisk_manager()
        future = manager.send_action({"Action": "CoreShowChannels", "ActionID": "0"}, as_list=True)
        manager.protocol.data_received(BANNER)
        manager.protocol.data_received(b"Response: Success\r\nActionID: 0\r\nEventList: start\r\n\r\n")
        manager.protocol.close()
        await asyncio.sleep(0)
        return bool(future.done())

    @staticmethod
    async def _reconnect() -> bool:
        manager, _ = _panoramisk_manager()
        manager.send_action({"Action": "Originate", "Channel": "PJSIP/1001"})
        manager.protocol.close()
        second = _Transport()
        manager.protocol.connection_made(second)
        await manager.send_awaiting_actions()
        return b"Originate" not in second.written


class _Transport:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None: ...


def _panoramisk_manager() -> tuple[Any, _Transport]:
    manager = Manager(loop=asyncio.get_running_loop())
    transport = _Transport()
    manager.protocol = AMIProtocol()
    manager.protocol.connection_made(transport)
    manager.protocol.factory = manager
    manager.protocol.encoding = "utf8"
    return manager, transport


def _dict_values(keys: dict[str, Any]) -> Callable[[str], list[str]]:
    def values(header: str) -> list[str]:
        value = keys.get(header)
        if value is None:
            return []
        if isinstance(value, dict):
            return [f"{name}={text}" for name, text in value.items()]
        return str(value).split("\n")  # repeated headers of a response are joined by LF

    return values


def _message_values(message: Message, header: str) -> list[str]:
    if header not in message:
        return []
    value = message[header]
    return list(value) if isinstance(value, list) else [str(value)]
