"""The configuration of the private Asterisk, as texts: pure functions of what differs between two of them.

What the product installs on a PBX comes from `callcenter.asterisk.dialplan` unchanged; this adds the rest
of a PBX around it: modules, ports, folders, phones that may call each other, and a manager user that
sees all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callcenter.asterisk.dialplan import DialplanSettings, SamplePhone, SampleTrunk, render
from callcenter.asterisk.lab.install import AsteriskInstall
from callcenter.asterisk.lab.modules import MODULES

EXTENSIONS = ("1001", "1002", "1003", "1004")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPorts:
    """All on 127.0.0.1. `outside` are where the parties beyond the trunks listen (UDP)."""

    manager: int
    http: int
    sip: int
    rtp: int
    outside: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """One private Asterisk. `extra_files` are more configuration files by name; a file `extensions_*.conf`,
    `queues_*.conf` or `pjsip_*.conf` among them is included from its main file; one of
    a name that the lab writes itself (`features.conf`) takes its place."""

    fastagi: str = "127.0.0.1:4573"
    manager_username: str = "callcenter"
    manager_secret: str = field(default="callcenter-lab", repr=False)
    doctor_secret: str = field(default="doctor-lab", repr=False)
    full_username: str = "observer"  # read = all, write = all: for recording, never for the server
    full_secret: str = field(default="observer-lab", repr=False)
    phone_secret: str = field(default="phone-lab-secret", repr=False)
    phones: tuple[str, ...] = EXTENSIONS
    browser_phones: tuple[str, ...] = ()
    phone_context: str = "callcenter-phones"
    trunk_context: str = "callcenter-inbound"
    heartbeat_seconds: int = 5
    heartbeat_limit: int = 20
    fallback_seconds: int = 120
    ring_seconds: int = 15
    tones: bool = False  # music on hold is a pure tone (callers 2130 Hz, agents 2600 Hz), to be measured
    extra_files: Mapping[str, str] = field(default_factory=dict)


def dialplan_settings(settings: LabSettings, ports: LabPorts) -> DialplanSettings:
    """What the product's own files are filled in with here."""
    return DialplanSettings(
        fastagi=settings.fastagi,
        manager_username=settings.manager_username,
        manager_secret=settings.manager_secret,
        doctor_secret=settings.doctor_secret,
        heartbeat_seconds=settings.heartbeat_seconds,
        heartbeat_limit=settings.heartbeat_limit,
        fallback_seconds=settings.fallback_seconds,
        ring_seconds=settings.ring_seconds,
        agent_music="parked",
        fallback_members=settings.phones,
        sip_bind=f"127.0.0.1:{ports.sip}",
        media_address="127.0.0.1",
        phone_context=settings.phone_context,
        phones=tuple(
            SamplePhone(extension=one, secret=settings.phone_secret, browser=one in settings.browser_phones)
            for one in (*settings.phones, *settings.browser_phones)
        ),
        trunks=(
            SampleTrunk(
                name="trunk",
                contact=f"127.0.0.1:{ports.outside[0]}",
                match="127.0.0.1",
                context=settings.trunk_context,
            ),
            SampleTrunk(
                name="trunk2", contact=f"127.0.0.1:{ports.outside[1]}", context=settings.trunk_context
            ),
        ),
    )


def lab_files(
    settings: LabSettings, ports: LabPorts, install: AsteriskInstall, folder: Path
) -> dict[str, str]:
    """Every configuration file by name. `folder` is where the lab lives; it writes nowhere else."""
    files = render(dialplan_settings(settings, ports))
    files.update(settings.extra_files)
    files |= {
        "asterisk.conf": _asterisk(install, folder),
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in MODULES),
        "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error\n",
        "manager.conf": _manager(settings, ports),
        "http.conf": f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {ports.http}\n",
        "rtp.conf": (
            f"[general]\nrtpstart = {ports.rtp}\nrtpend = {ports.rtp + RTP_PORTS}\n"
            "icesupport = yes\nstrictrtp = yes\n"
        ),
        "musiconhold.conf": (
            f"[default]\nmode = files\ndirectory = {folder}/music/caller\n"
            f"[parked]\nmode = files\ndirectory = {folder}/music/agent\n"
        ),
        "features.conf": _FEATURES,
        "res_parking.conf": _PARKING,
        "voicemail.conf": "[general]\nformat = wav\n[default]\n"
        + "".join(f"{one} => 1234,Phone {one}\n" for one in settings.phones),
        "extensions.conf": _EXTENSIONS + _includes("extensions_", files),
        "queues.conf": "[general]\npersistentmembers = no\n" + _includes("queues_", files),
        "pjsip.conf": _PJSIP + _includes("pjsip_", files),
    }
    return _EMPTY | files | dict(settings.extra_files)


RTP_PORTS = 3998  # four a call (two legs, RTP and RTCP): a thousand calls at once

_PLAIN = ("ccss.conf", "cli_aliases.conf", "cli_permissions.conf", "codecs.conf", "followme.conf", "amd.conf",
          "pjsip_notify.conf", "queuerules.conf", "sorcery.conf", "udptl.conf")  # fmt: skip
_EMPTY = dict.fromkeys(_PLAIN, "[general]\n")
_EMPTY |= {
    "cdr.conf": "[general]\nenable = no\n",
    "indications.conf": (
        "[general]\ncountry = us\n[us]\ndescription = United States\n"
        "ringcadence = 2000,4000\ndial = 350+440\nbusy = 480+620/500,0/500\n"
        "ring = 440+480/2000,0/4000\ncongestion = 480+620/250,0/250\ncallwaiting = 440/300,0/10000\n"
    ),
    "confbridge.conf": "[general]\n[default_user]\ntype = user\n[default_bridge]\ntype = bridge\n",
    "pjproject.conf": "[startup]\nlog_mappings = no\n",
    "stasis.conf": "[declined_message_types]\n",
    "dnsmgr.conf": "[general]\nenable = no\n",
    "acl.conf": "",
    "cel.conf": "[general]\nenable = no\n",
    "websocket_client.conf": "",
    "dsp.conf": "[default]\n",
    "say.conf": "[general]\nmode = old\n",
    "extconfig.conf": "[settings]\n",
}

_FEATURES = """\
[general]
pickupexten = *8
transferdigittimeout = 3
[featuremap]
blindxfer = ##
atxfer = *2
disconnect = **
"""

_PARKING = """\
[general]
[default]
parkext = 70
parkpos = 71-79
context = parkedcalls
parkingtime = 45
comebacktoorigin = yes
comebackdialtime = 15
parkedmusicclass = parked
"""

_EXTENSIONS = """\
; Phones of the lab: call each other, call the call center (2000), hear yourself (600), call outside (+…).
[callcenter-phones]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},30)
 same => n,Hangup()
exten => 2000,1,Goto(callcenter-inbound,14155550100,1)
exten => 600,1,Answer()
 same => n,Playback(demo-echotest)
 same => n,Echo()
exten => _+X.,1,Dial(PJSIP/${EXTEN}@trunk,60)
 same => n,Hangup()
"""

# Phones are told by their user name, the trunk by what is left: all come from the same address here.
_PJSIP = """\
[global]
type = global
endpoint_identifier_order = username,ip
user_agent = lab
[system]
type = system
"""


def _includes(prefix: str, files: Mapping[str, str]) -> str:
    return "".join(f"#include {name}\n" for name in sorted(files) if name.startswith(prefix))


def _asterisk(install: AsteriskInstall, folder: Path) -> str:
    places = {
        "astetcdir": folder / "etc",
        "astmoddir": install.modules,
        "astvarlibdir": folder / "lib",
        "astdbdir": folder / "lib",
        "astkeydir": folder / "lib",
        "astdatadir": folder / "share",
        "astagidir": folder / "lib",
        "astspooldir": folder / "spool",
        "astrundir": folder / "run",
        "astlogdir": folder / "log",
    }
    lines = "".join(f"{key} => {path}\n" for key, path in places.items())
    return f"[directories]\n{lines}[options]\nverbose = 0\ndebug = 0\nsystemname = lab\n"


def _manager(settings: LabSettings, ports: LabPorts) -> str:
    return (
        f"[general]\nenabled = yes\nport = {ports.manager}\nbindaddr = 127.0.0.1\ntimestampevents = yes\n"
        f"authtimeout = 30\nauthlimit = 50\n[{settings.full_username}]\nsecret = {settings.full_secret}\n"
        "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
        "read = all\nwrite = all\nwritetimeout = 5000\n"
        "#include manager_callcenter.conf\n"
    )
