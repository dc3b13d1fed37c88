"""SIPp: many real calls at a steady rate."""

from __future__ import annotations

import asyncio
import csv
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_GRACE_SECONDS = 20.0  # after the last call should have ended


class SippMissing(Exception):
    """No SIPp on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SippResult:
    """What SIPp says at the end."""

    exit_code: int
    succeeded: int
    failed: int
    said: str


def find_sipp() -> str:
    """The program. Raises SippMissing with what to do."""
    unpacked = PROJECT / "var/tools-bin/sipp"
    path = str(unpacked) if unpacked.exists() else shutil.which("sipp")
    if path is None:
        raise SippMissing("there is no SIPp on this machine: run scripts/install-tools sipp")
    return path


async def run_sipp(
    server: str,
    exten: str,
    *,
    calls: int = 1,
    rate: float = 10.0,
    seconds: float = 1.0,
    numbers: list[str] | None = None,
    names: list[str] | None = None,
    within: float = 60.0,
    messages: Path | None = None,
    scenario: str = "",
    sound: bytes = b"",
) -> SippResult:
    """Place `calls` calls to `exten` at `rate` a second, each talking `seconds` long once answered.

    Caller IDs go round through `numbers` (default: one made-up number). Each call must be answered
    within 30 s and succeed; a BYE of the other side first counts as success too. `messages` is a file for a line
    about each SIP message. Another `scenario` takes the place of the usual one (`{talk_ms}` in it is `seconds`);
    it may play `sound` (PCMU) as `rtp_stream="sound.ulaw"`. Raises TimeoutError.
    """
    with tempfile.TemporaryDirectory(prefix="cc-sipp-") as name:
        folder = Path(name)
        listed = numbers or ["+14155550123"]
        _write_scenario(folder, scenario or CALLER, listed, names or listed, seconds)
        (folder / "sound.ulaw").write_bytes(sound)
        process = await asyncio.create_subprocess_exec(
            find_sipp(),
            server,
            *("-sf", "caller.xml", "-inf", "callers.csv", "-s", exten, "-i", "127.0.0.1", "-m", str(calls)),
            *("-r", f"{rate:g}", "-l", "1000", "-nostdin", "-timeout", f"{within:g}s"),
            *("-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err", "-error_file", "errors"),
            *(("-trace_shortmsg", "-shortmessage_file", str(messages)) if messages is not None else ()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
        )
        try:
            _, said = await asyncio.wait_for(process.communicate(), within + _GRACE_SECONDS)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return _result(folder, process.returncode or 0, said.decode(errors="replace"))


def _write_scenario(
    folder: Path, scenario: str, numbers: list[str], names: list[str], seconds: float
) -> None:
    scenario = scenario.replace("{talk_ms}", str(int(seconds * 1000)))
    (folder / "caller.xml").write_text(scenario, encoding="utf-8")
    rows = "".join(f"{number};{names[i % len(names)]};\n" for i, number in enumerate(numbers))
    (folder / "callers.csv").write_text(f"SEQUENTIAL\n{rows}", encoding="utf-8")


def _result(folder: Path, code: int, said: str) -> SippResult:
    stat, errors = folder / "stat.csv", folder / "errors"
    rows = list(csv.DictReader(stat.read_text().splitlines(), delimiter=";")) if stat.exists() else []
    last = rows[-1] if rows else {}
    text = said + (errors.read_text(errors="replace") if errors.exists() else "")
    return SippResult(
        exit_code=code,
        succeeded=int(last.get("SuccessfulCall(C)") or 0),
        failed=int(last.get("FailedCall(C)") or 0),
        said=re.sub(r"\s+\n", "\n", text)[-2000:],
    )


CALLER = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="caller">
  <send retrans="500" start_rtd="1"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: "[field1]" <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:caller@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Type: application/sdp
    Content-Length: [len]

    v=0
    o=caller 53655765 2353687637 IN IP[local_ip_type] [local_ip]
    s=-
    c=IN IP[media_ip_type] [media_ip]
    t=0 0
    m=audio [media_port] RTP/AVP 0
    a=rtpmap:0 PCMU/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true" rtd="1" timeout="30000"/>
  <send><![CDATA[
    ACK [next_url] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    [last_From:]
    [last_To:]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv request="BYE" timeout="{talk_ms}" ontimeout="ours" next="theirs"/>
  <label id="ours"/>
  <send retrans="500"><![CDATA[
    BYE [next_url] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    [last_From:]
    [last_To:]
    Call-ID: [call_id]
    CSeq: 2 BYE
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="200" next="end"/>
  <label id="theirs"/>
  <send next="end"><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
  <label id="end"/>
</scenario>
"""
