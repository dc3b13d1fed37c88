"""The real Asterisk with SIPp for phones: a contact that is always there for every agent."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from callcenter.asterisk.lab import AsteriskLab, LabSettings
from callcenter.asterisk.lab.private import free_ports
from tests.bench.house import SECRET, House
from tests.pbx.sipp import CALLER, find_sipp

DIRECT = "bench-direct"
"""The context of a PBX that routes by itself: 2000 rings one of the agents' phones by chance."""

_STOP_SECONDS = 5.0

SOUND = bytes(range(0x80, 0x100)) * 63
"""A second of PCMU that is not silence."""

TALKS = CALLER.replace(
    """  <recv request="BYE" timeout""",
    """  <nop><action><exec rtp_stream="sound.ulaw,-1,0"/></action></nop>
  <recv request="BYE" timeout""",
)
"""A caller who speaks all the time."""

IMPATIENT = (
    CALLER.replace("branch=[branch]", "branch=z9hG4bK-bench-[pid]-[call_number]", 1)
    .replace(
        """<recv response="200" rrs="true" rtd="1" timeout="30000"/>""",
        """<recv response="200" rrs="true" rtd="1" timeout="{talk_ms}" ontimeout="cancel"/>""",
    )
    .replace(
        """  <label id="end"/>""",
        """  <label id="cancel"/>
  <send retrans="500"><![CDATA[
    CANCEL sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-bench-[pid]-[call_number]
    From: "[field1]" <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 CANCEL
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="200"/>
  <recv response="487"/>
  <send><![CDATA[
    ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-bench-[pid]-[call_number]
    From: "[field1]" <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
    [last_To:]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <label id="end"/>""",
    )
)
"""A caller who hangs up after a while, whether the call was answered or not."""

RINGS = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="a phone that rings and is not answered">
  <recv request="INVITE"/>
  <send><![CDATA[
    SIP/2.0 180 Ringing
    [last_Via:]
    [last_From:]
    [last_To:];tag=[pid]SIPpTag01[call_number]
    [last_Call-ID:]
    [last_CSeq:]
    Contact: <sip:[local_ip]:[local_port];transport=[transport]>
    Content-Length: 0

  ]]></send>
  <recv request="CANCEL"/>
  <send><![CDATA[
    SIP/2.0 200 OK
    [last_Via:]
    [last_From:]
    [last_To:];tag=[pid]SIPpTag01[call_number]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>
  <send retrans="500"><![CDATA[
    SIP/2.0 487 Request Terminated
    [last_Via:]
    [last_From:]
    [last_To:];tag=[pid]SIPpTag01[call_number]
    [last_Call-ID:]
    CSeq: 1 INVITE
    Content-Length: 0

  ]]></send>
  <recv request="ACK" crlf="true"/>
</scenario>
"""


def lab_for(house: House, *, phones: int, context: str = "callcenter-inbound") -> AsteriskLab:
    """An Asterisk for that house; all its phones are at one UDP port, callers of the trunk come into `context`."""
    extensions = house.extensions
    return AsteriskLab(
        LabSettings(
            fastagi=f"127.0.0.1:{house.settings.fastagi.port}",
            manager_secret=SECRET,
            phones=(),
            trunk_context=context,
            extra_files={
                "pjsip_bench.conf": "".join(_phone(extension, phones) for extension in extensions),
                "extensions_bench.conf": (
                    f"[{DIRECT}]\nexten => 2000,1,Dial(PJSIP/${{RAND({extensions[0]},{extensions[-1]})}},30)\n"
                    " same => n,Hangup()\n"
                ),
            },
        ),
        ports=free_ports(manager=house.settings.asterisk.port),
    )


def _phone(extension: str, port: int) -> str:
    return (
        f"[{extension}]\ntype = endpoint\ncontext = callcenter-phones\ndisallow = all\nallow = ulaw\n"
        f"direct_media = no\nmedia_address = 127.0.0.1\nbind_rtp_to_media_address = yes\naors = {extension}\n"
        f"[{extension}]\ntype = aor\ncontact = sip:{extension}@127.0.0.1:{port}\n"
    )


@contextlib.contextmanager
def sipp_phones(port: int, *, scenario: str = "") -> Iterator[None]:
    """SIPp as all phones: they ring, answer at once and send back what they hear, or do what `scenario` says."""
    with tempfile.TemporaryDirectory(prefix="cc-phones-") as name:
        chosen = ["-sn", "uas"]
        if scenario:
            (Path(name) / "phones.xml").write_text(scenario, encoding="utf-8")
            chosen = ["-sf", "phones.xml"]
        process = subprocess.Popen(
            [
                find_sipp(),
                *chosen,
                "-rtp_echo",
                "-i",
                "127.0.0.1",
                "-p",
                str(port),
                "-nostdin",
                "-mi",
                "127.0.0.1",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=name,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
