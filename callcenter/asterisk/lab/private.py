"""A private Asterisk on free ports of 127.0.0.1, for tests and for trying things with a softphone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom

from callcenter.asterisk.dialplan import DOCTOR_SUFFIX
from callcenter.asterisk.lab.files import RTP_PORTS, LabPorts, LabSettings, lab_files
from callcenter.asterisk.lab.install import AsteriskInstall, find_asterisk
from callcenter.asterisk.lab.tones import AGENT_MUSIC_HZ, CALLER_MUSIC_HZ, write_tone
from callcenter.kit.ports import OWN_RANGE, free_port

log = logging.getLogger(__name__)

START_SECONDS = 30.0  # it takes half a second; a machine that compiles beside it may need ten
STOP_SECONDS = 5.0
CONSOLE_SECONDS = 10.0
_POLL_SECONDS = 0.02
_BOOTED = b"Event: FullyBooted"
_LOG_TAIL = 2000  # characters of its log in an error message


class LabError(Exception):
    """The private Asterisk did not do what was asked; the text holds the end of its log."""


@dataclass(frozen=True, slots=True)
class ManagerLogin:
    """Where AMI listens and one user that may sign in."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)


class AsteriskLab:
    """One Asterisk with a folder of its own. `start` and `stop` may be called again; ports stay the same.
    It outlives the event loop that started it: a test session keeps one for all its loops.

    Its folder is made in the system's temporary place (socket paths are limited to 107 bytes) unless
    given, and removed by `remove`. Use as an async context manager for all three.
    """

    def __init__(
        self,
        settings: LabSettings | None = None,
        *,
        folder: Path | None = None,
        ports: LabPorts | None = None,
        install: AsteriskInstall | None = None,
    ) -> None:
        self.settings = settings or LabSettings()
        self.folder = folder or Path(tempfile.mkdtemp(prefix="cc-asterisk-"))
        self.ports = ports or free_ports()
        self._install = install or find_asterisk()
        self._process: subprocess.Popen[bytes] | None = None  # belongs to no event loop

    async def __aenter__(self) -> AsteriskLab:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self.remove()

    @property
    def manager(self) -> ManagerLogin:
        """The server's own user: the least rights of `manager_callcenter.conf`."""
        return self._login(self.settings.manager_username, self.settings.manager_secret)

    @property
    def doctor(self) -> ManagerLogin:
        """The user that makes the doctor's test calls, and may do nothing else."""
        return self._login(self.settings.manager_username + DOCTOR_SUFFIX, self.settings.doctor_secret)

    @property
    def observer(self) -> ManagerLogin:
        """A user that may see and do everything, for recordings and tests."""
        return self._login(self.settings.full_username, self.settings.full_secret)

    def _login(self, username: str, secret: str) -> ManagerLogin:
        return ManagerLogin("127.0.0.1", self.ports.manager, username, secret)

    @property
    def pid(self) -> int:
        """Process id while it runs. Raises LabError if it does not."""
        if self._process is None or self._process.poll() is not None:
            raise LabError("the private Asterisk does not run")
        return self._process.pid

    async def start(self) -> None:
        """Write the files and run it until it says it is booted. Raises LabError."""
        self._write_files()
        command = [*self._install.command, "-C", str(self.folder / "etc/asterisk.conf"), "-f"]
        self._process = _spawn(command, self.folder)
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._booted()
        except TimeoutError:
            await self.kill()
            raise LabError(f"Asterisk was not up within {START_SECONDS:.0f} s:\n{self.log_tail()}") from None

    async def _booted(self) -> None:
        while not await self._says_booted():
            if self._process is None or self._process.poll() is not None:
                raise LabError(f"Asterisk ended while starting:\n{self.log_tail()}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _says_booted(self) -> bool:
        login = self.observer
        try:
            reader, writer = await asyncio.open_connection(login.host, login.port)
        except OSError:
            return False
        try:
            writer.write(
                f"Action: Login\r\nUsername: {login.username}\r\nSecret: {login.secret}\r\n\r\n".encode()
            )
            seen = b""
            while chunk := await reader.read(4096):
                seen += chunk
                if _BOOTED in seen:
                    return True
                if len(seen) > 1 << 20:
                    return False
        except OSError:
            return False
        finally:
            writer.close()
        return False

    async def stop(self) -> None:
        """End it in order, at the latest by force. May be called twice."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            await self.kill()

    async def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait)

    async def restart(self) -> None:
        """Crash it and start it again on the same ports; registrations are kept in its database."""
        await self.kill()
        await self.start()

    async def console(self, command: str) -> str:
        """What its console answers to `command`. Raises LabError."""
        process = await asyncio.create_subprocess_exec(
            *self._install.command,
            *("-C", str(self.folder / "etc/asterisk.conf"), "-rx", command),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), CONSOLE_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise LabError(f"the console did not answer to {command!r}") from None
        if process.returncode != 0:
            raise LabError(f"the console refused {command!r}: {out.decode(errors='replace').strip()[-300:]}")
        return out.decode(errors="replace")

    async def cut_manager(self) -> None:
        """Break every AMI connection now, as a network fault would."""
        shown = await self.console("manager show connected")
        for found in re.finditer(r"^\s*\S+\s+127\.0\.0\.1\s+\d+\s+\d+\s+(\d+)", shown, flags=re.MULTILINE):
            with contextlib.suppress(LabError):
                await self.console(f"manager kick session {found.group(1)}")

    async def hang_up_all(self) -> None:
        """End every call that is left in it."""
        if self._process is not None and self._process.poll() is None:
            await self.console("channel request hangup all")

    async def replace_file(self, name: str, text: str, *, reload: str) -> None:
        """Write one configuration file and run a console command that loads it (`dialplan reload`)."""
        (self.folder / "etc" / name).write_text(text, encoding="utf-8")
        await self.console(reload)

    def file(self, name: str) -> str:
        """The text of one configuration file as it is now."""
        return (self.folder / "etc" / name).read_text(encoding="utf-8")

    @property
    def log(self) -> str:
        """Its notices, warnings and errors so far."""
        path = self.folder / "log/messages"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def log_tail(self) -> str:
        return self.log[-_LOG_TAIL:] or "(it wrote no log)"

    def remove(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_files(self) -> None:
        for name in ("etc", "lib/keys", "spool/callcenter", "run", "log", "share", "music"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in lab_files(self.settings, self.ports, self._install, self.folder).items():
            (self.folder / "etc" / name).write_text(text, encoding="utf-8")
        (self.folder / "share/sounds").mkdir(exist_ok=True)
        _link(self.folder / "share/sounds/en", self._install.sounds)
        _link(self.folder / "share/documentation", self._install.shared / "documentation")
        for name, hertz in (("caller", CALLER_MUSIC_HZ), ("agent", AGENT_MUSIC_HZ)):
            self._music(self.folder / "music" / name, hertz)

    def _music(self, place: Path, hertz: int) -> None:
        if not self.settings.tones:
            _link(place, self._install.music)
        elif not place.exists():
            place.mkdir()
            write_tone(place / "tone.wav", hertz)


def _spawn(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Run it so that it ends with us even if we are killed: the kernel ends it when this thread is gone, so it
    is not started from a pool of threads."""
    setpriv = shutil.which("setpriv")
    prefix = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    return subprocess.Popen(  # noqa: S603 - the command is our own, from find_asterisk
        [*prefix, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,  # Ctrl-C goes to us; we stop it in order
    )


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink():
        link.symlink_to(target)


def free_ports(*, manager: int = 0, http: int = 0, sip: int = 0) -> LabPorts:
    """Ports that nothing on 127.0.0.1 uses now: the wished ones where they are free, else any, and a block for
    media by chance (two labs may share one: Asterisk passes over ports in use)."""
    udp = socket.SOCK_DGRAM
    blocks = (_RTP_LAST - _RTP_FIRST) // (RTP_PORTS + 2)
    return LabPorts(
        manager=free_port(wished=manager),
        http=free_port(wished=http),
        sip=free_port(udp, wished=sip),
        rtp=_RTP_FIRST + (RTP_PORTS + 2) * SystemRandom().randrange(blocks),
        outside=(free_port(udp), free_port(udp)),
    )


_RTP_FIRST, _RTP_LAST = 10000, OWN_RANGE.start  # below the ports that other servers are given
