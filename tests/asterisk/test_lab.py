"""The private Asterisk itself: it starts clean, can be crashed, cut and asked, and says what is wrong."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callcenter.asterisk.lab import AsteriskLab, AsteriskMissing, LabError, LabSettings, find_asterisk
from callcenter.asterisk.lab.files import RTP_PORTS
from callcenter.asterisk.lab.private import free_ports
from callcenter.kit.ports import free_port
from tests.asterisk.scripts import Manager
from tests.pbx.real import RealPbx

pytestmark = pytest.mark.pbx
PROJECT = Path(__file__).resolve().parents[2]


async def test_it_starts_without_an_error_listens_on_loopback_only_and_leaves_nothing() -> None:
    async with AsteriskLab(LabSettings(browser_phones=("1101",))) as lab:
        assert "ERROR[" not in lab.log, lab.log
        assert "WARNING[" not in lab.log, lab.log
        bound = _bound(lab.pid)
        ports = lab.ports
        assert {bound[port] for port in (ports.manager, ports.http, ports.sip)} == {"127.0.0.1"}
        assert "1101" in await lab.console("pjsip show endpoints")
        folder = lab.folder
    assert not folder.exists()


def _bound(pid: int) -> dict[int, str]:
    """Local address by port of its listening TCP and its UDP sockets, from /proc."""
    sockets = {
        link for fd in Path(f"/proc/{pid}/fd").iterdir() if (link := _target(fd)).startswith("socket:[")
    }
    found = {}
    for name in ("tcp", "udp"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if f"socket:[{words[9]}]" in sockets and words[3] in ("0A", "07"):
                address, _, port = words[1].partition(":")
                found[int(port, 16)] = ".".join(str(byte) for byte in bytes.fromhex(address)[::-1])
    return found


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def test_it_does_not_outlive_a_killed_owner(tmp_path: Path) -> None:
    """A test run that is killed leaves no Asterisk behind."""
    program = (
        "import asyncio, pathlib, time\n"
        "from callcenter.asterisk.lab import AsteriskLab\n"
        f"lab = AsteriskLab(folder=pathlib.Path({str(tmp_path)!r}))\n"
        "asyncio.run(lab.start())\n"
        "print(lab.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        owner.kill()
    until = time.monotonic() + 5.0
    while _alive(pid) and time.monotonic() < until:
        pass
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_media_stays_on_loopback(real_pbx: RealPbx) -> None:
    caller, callee = await real_pbx.phone("1001"), await real_pbx.phone("1002")
    await caller.call("1002")
    await callee.ringing()
    await callee.answer()
    await caller.talking()
    first = real_pbx.lab.ports.rtp
    media = {
        address for port, address in _bound(real_pbx.lab.pid).items() if first <= port <= first + RTP_PORTS
    }
    assert media == {"127.0.0.1"}


async def test_a_cut_breaks_every_manager_connection_and_new_ones_are_taken(real_pbx: RealPbx) -> None:
    login = real_pbx.manager
    reader, writer = await asyncio.open_connection(login.host, login.port)
    await reader.readline()
    writer.write(f"Action: Login\r\nUsername: {login.username}\r\nSecret: {login.secret}\r\n\r\n".encode())
    await reader.readuntil(b"Fully Booted\r\n\r\n")
    await real_pbx.cut_manager()
    await asyncio.wait_for(reader.read(), 3.0)
    assert reader.at_eof()
    writer.close()
    async with Manager(login.host, login.port, login.username, login.secret) as manager:
        assert (await manager.do("Ping"))["Response"] == "Success"


async def test_a_configuration_that_cannot_start_is_told_with_its_log() -> None:
    lab = AsteriskLab(
        LabSettings(extra_files={"modules.conf": "[modules]\nautoload = no\nrequire = no_such.so\n"})
    )
    try:
        with pytest.raises(LabError, match="no_such"):
            await lab.start()
    finally:
        await lab.stop()
        lab.remove()


def test_a_wished_port_is_given_where_it_is_free() -> None:
    wished = free_port()
    assert free_ports(manager=wished).manager == wished
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", wished))
        assert free_ports(manager=wished).manager not in (0, wished)


def test_a_missing_asterisk_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(AsteriskMissing, match="scripts/install-tools asterisk"):
        find_asterisk(tmp_path)


def test_installing_what_is_there_is_quick() -> None:
    began = time.monotonic()
    subprocess.run([sys.executable, PROJECT / "scripts/install-tools", "asterisk", "sipp"], check=True)
    assert time.monotonic() - began < 10.0


def test_an_unknown_tool_is_refused_by_name() -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "scripts/install-tools", "asteriks"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "unknown tool 'asteriks'" in done.stderr
