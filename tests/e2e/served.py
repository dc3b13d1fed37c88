"""The server under test: `python -m callcenter serve` in a process of its own, as an operator runs it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import aiohttp

from callcenter.kit.ports import free_port
from callcenter.storage.database import Database
from callcenter.storage.people import People
from crm_core.demo import load_demo
from tests.e2e.waiting import until
from tests.pbx.real import RealPbx
from web.security.passwords import PasswordHasher

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "seven-green-kettles"
START_SECONDS = 30.0
STOP_SECONDS = 15.0

PEOPLE = (
    ("anna", "Anna Bauer", "agent", "1001"),
    ("ben", "Ben Carter", "agent", "1002"),
    ("sue", "Sue Watson", "supervisor", None),
    ("ada", "Ada Root", "admin", None),  # without an administrator the pages ask for one first
)
"""Login, name, role, extension."""


async def make_database(path: Path) -> None:
    """The demo's customers and `PEOPLE`, in a file that tests copy."""
    database = Database(f"sqlite:///{path}")
    try:
        await database.migrate()
        await load_demo(database.sessions)
        people = People(database)
        hasher = PasswordHasher()
        hashed = await asyncio.to_thread(hasher.hash_now, PASSWORD)
        hasher.close()
        for login, name, role, extension in PEOPLE:
            person = await people.create_person(
                login=login, name=name, role=role, language="en", password_hash=hashed
            )
            if extension is not None:
                await people.create_agent(
                    name=name, user_id=person.id, extension=extension, endpoint=f"PJSIP/{extension}"
                )
    finally:
        await database.close()


class ServedError(Exception):
    """The server ended, or said something it should not; the text holds its log."""


class ServedCallcenter:
    """One server on free ports beside `pbx`, with its database and log in `folder`. May be started again."""

    def __init__(self, folder: Path, pbx: RealPbx, *, greeting: str = "") -> None:
        self.port = free_port()
        self.database = folder / "callcenter.db"
        self._config = folder / "callcenter.toml"
        self._log = folder / "server.log"
        self._process: asyncio.subprocess.Process | None = None
        manager = pbx.manager
        self._config.write_text(
            f"""
[server]
port = {self.port}
database = "sqlite:///{self.database}"
[asterisk]
name = "lab"
port = {manager.port}
username = "{manager.username}"
secret = "{manager.secret}"
[fastagi]
port = {pbx.fastagi_port}
[flow]
greeting = "{greeting}"
""",
            encoding="utf-8",
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Run it until it serves and its link to the PBX is live. Raises ServedError."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "callcenter", "serve", "--config", str(self._config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        async with aiohttp.ClientSession() as http:
            try:
                await until(lambda: self._healthy(http), "the server serves", START_SECONDS)
            except TimeoutError as late:
                raise ServedError(f"{late}\n{self.log}") from None

    async def _healthy(self, http: aiohttp.ClientSession) -> bool:
        if not self.running:
            raise ServedError(f"the server ended:\n{self.log}")
        with contextlib.suppress(aiohttp.ClientError):
            async with http.get(f"{self.url}/api/v1/health") as answer:
                return answer.status == 200 and (await answer.json())["switch"] == "live"
        return False

    async def stop(self) -> None:
        """End it as an operator does (SIGTERM). Raises ServedError unless it ends in order. May be called twice."""
        if not self.running:
            return
        assert self._process is not None
        self._process.terminate()
        try:
            code = await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill()
            raise ServedError(f"the server did not stop within {STOP_SECONDS:g} s:\n{self.log}") from None
        if code != 0:
            raise ServedError(f"the server ended with {code}:\n{self.log}")

    async def kill(self) -> None:
        """End it as the kernel does when memory runs out (SIGKILL)."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    def faults(self) -> list[str]:
        """Lines of its log that report a fault of its own."""
        return [line for line in self.log.splitlines() if " ERROR " in line or "Traceback" in line]

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """What a query finds in the database now, read beside the server."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


class Person:
    """Somebody who is signed in over REST, to look at what the server says beside the page."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._csrf = ""

    async def sign_in(self, login: str) -> None:
        answer = await self._http.post(
            f"{self._url}/api/v1/session", json={"login": login, "password": PASSWORD}
        )
        assert answer.status == 200, await answer.text()
        self._csrf = (await answer.json())["csrf"]

    async def go_available(self) -> None:
        answer = await self._http.put(
            f"{self._url}/api/v1/me/state",
            json={"state": "available"},
            headers={"X-CSRF-Token": self._csrf},
        )
        assert answer.status == 200, await answer.text()

    async def get(self, path: str) -> Any:
        async with self._http.get(f"{self._url}/api/v1{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def calls(self) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = (await self.get("/calls"))["items"]
        return found

    async def close(self) -> None:
        await self._http.close()
