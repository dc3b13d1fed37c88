"""A phone by hand: registers whatever contact it is told to, is busy to every caller, and keeps what it heard."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from types import TracebackType

REPLY_SECONDS = 5.0
_CHALLENGE = re.compile(r'(realm|nonce)="([^"]*)"')


class Registrant(asyncio.DatagramProtocol):
    """`contact` is a SIP URI with `{here}` where this phone's address goes. Signs out at the end."""

    def __init__(self, server: str, user: str, secret: str, contact: str) -> None:
        self._server = server
        self._user = user
        self._secret = secret
        self._contact = contact
        self._replies: asyncio.Queue[str] = asyncio.Queue()
        self._call_id = secrets.token_hex(8)
        self._count = 0
        self.called_as: list[str] = []
        """The request URI of each INVITE."""

    async def __aenter__(self) -> Registrant:
        host, _, port = self._server.rpartition(":")
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0), remote_addr=(host, int(port))
        )
        here = self._transport.get_extra_info("sockname")
        self._here = f"{here[0]}:{here[1]}"
        self._contact = self._contact.replace("{here}", self._here)
        await self._register(300)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._register(0)
        self._transport.close()

    def datagram_received(self, data: bytes, address: object) -> None:
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0"):
            self._replies.put_nowait(text)
            return
        method, uri, _ = text.split(" ", 2)
        if method == "INVITE" and uri not in self.called_as:
            self.called_as.append(uri)
        if method != "ACK":
            self._answer(text, "486 Busy Here" if method == "INVITE" else "200 OK")

    def _answer(self, request: str, status: str) -> None:
        kept = [
            line + (";tag=phone" if line.startswith("To:") and "tag=" not in line else "")
            for line in request.split("\r\n")
            if line.startswith(("Via:", "From:", "To:", "Call-ID:", "CSeq:"))
        ]
        self._transport.sendto(
            "\r\n".join([f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""]).encode()
        )

    async def _register(self, expires: int) -> None:
        challenged = await self._ask(expires, "")
        if not challenged.startswith("SIP/2.0 401"):
            raise AssertionError(challenged)
        accepted = await self._ask(expires, self._proof(dict(_CHALLENGE.findall(challenged))))
        if not accepted.startswith("SIP/2.0 200"):
            raise AssertionError(accepted)

    async def _ask(self, expires: int, proof: str) -> str:
        self._count += 1
        lines = [
            f"REGISTER sip:{self._server} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._here};branch=z9hG4bK{secrets.token_hex(6)};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self._user}@{self._server}>;tag={self._call_id[:6]}",
            f"To: <sip:{self._user}@{self._server}>",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._count} REGISTER",
            f"Contact: <{self._contact}>;expires={expires}",
            *([f"Authorization: {proof}"] if proof else []),
            "Content-Length: 0",
        ]
        self._transport.sendto("\r\n".join([*lines, "", ""]).encode())
        async with asyncio.timeout(REPLY_SECONDS):
            return await self._replies.get()

    def _proof(self, challenge: dict[str, str]) -> str:
        realm, nonce, cnonce = challenge["realm"], challenge["nonce"], secrets.token_hex(4)
        uri = f"sip:{self._server}"
        who = _md5(f"{self._user}:{realm}:{self._secret}")
        response = _md5(f"{who}:{nonce}:00000001:{cnonce}:auth:{_md5(f'REGISTER:{uri}')}")
        return (
            f'Digest username="{self._user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="{cnonce}"'
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
