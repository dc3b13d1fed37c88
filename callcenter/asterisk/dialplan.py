"""The files to install on an Asterisk, filled in with one's settings.

The templates are `config/asterisk/*.conf.in`, with `@{name}` where a value goes. Every value is checked
against an allow-list before it is written: a comma, a semicolon or a line end in a value would change the
dialplan. The private Asterisk of the tests runs exactly these files.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "config" / "asterisk"
SUFFIX = ".conf.in"

CONTEXTS = (
    "callcenter-inbound",
    "callcenter-hold",
    "callcenter-wait",
    "callcenter-connect",
    "callcenter-ring",
    "callcenter-ref",
    "callcenter-ended",
    "callcenter-bridge",
    "callcenter-join",
    "callcenter-park",
    "callcenter-consult",
    "callcenter-fallback",
    "callcenter-doctor",
)
"""Every context of `extensions_callcenter.conf`; `callcenter doctor` looks for each."""

DOCTOR_SUFFIX = "-doctor"
"""Behind the name of the manager user: the name of the one that makes the doctor's test calls."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
_SECRET = re.compile(r"[A-Za-z0-9_.\-]{8,128}")
_EXTENSION = re.compile(r"[0-9]{2,12}")
_PATTERN = re.compile(
    r"_[0-9XZN]{1,15}|_[0-9XZN]{0,12}\[(?:[0-9](?:-[0-9])?){1,10}\][0-9XZN]{0,12}|[0-9]{2,12}"
)
_CLASSES = str.maketrans({"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"})
_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9.\-]{0,253}:[0-9]{1,5}")
_MAILBOX = re.compile(r"([0-9]{2,12}@[A-Za-z0-9_\-]{1,32})?")
_SOURCE = re.compile(r"[0-9./]{7,31}")
_TECHNOLOGIES = ("PJSIP", "SIP")


class DialplanError(ValueError):
    """A value may not be written into the PBX's files; the text says which, and what is allowed."""


class _Filling(Template):
    delimiter = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePhone:
    """One phone of `pjsip_callcenter.conf`. `browser`: a WebRTC phone (DTLS, ICE)."""

    extension: str
    secret: str = field(repr=False)
    name: str = ""
    browser: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTrunk:
    """One trunk of `pjsip_callcenter.conf`: where its calls come from and go to."""

    name: str
    contact: str  # host:port that outgoing calls are sent to
    match: str = ""  # address its calls come from; empty: this trunk only carries outgoing calls
    context: str = "callcenter-inbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialplanSettings:
    """What differs from one PBX to the next. `fastagi` is the server's address as the PBX sees it."""

    fastagi: str = "127.0.0.1:4573"
    agent_pattern: str = "_1XXX"
    technology: str = "PJSIP"
    ring_seconds: int = 15
    script_seconds: int = 900  # longest one caller may spend in the menus of one script
    heartbeat_seconds: int = 5
    heartbeat_limit: int = 20  # a heartbeat that takes longer means a frozen server
    music: str = "default"
    agent_music: str = "default"
    fallback_queue: str = "callcenter"
    fallback_seconds: int = 120
    fallback_mailbox: str = ""  # `1000@default`; empty: the message is kept as a sound file in the spool
    fallback_members: tuple[str, ...] = ()
    manager_username: str = "callcenter"
    manager_secret: str = field(default="", repr=False)
    manager_permit: str = "127.0.0.1"
    doctor_secret: str = field(default="", repr=False)  # empty: no user that may make test calls
    sip_bind: str = "127.0.0.1:5060"
    media_address: str = ""  # the only address that media uses; empty: the machine's own choice
    phone_context: str = "callcenter-phones"
    phones: tuple[SamplePhone, ...] = ()
    phone_contacts: int = 2
    trunks: tuple[SampleTrunk, ...] = ()


def render(settings: DialplanSettings, templates: Mapping[str, str] | None = None) -> dict[str, str]:
    """The text of each file by its name (`extensions_callcenter.conf`, …).

    `templates` are texts by template name; without it those of the project are read. Raises
    DialplanError if a value is not on its allow-list or a template names an unknown value.
    """
    values = _values(settings)
    found = read_templates() if templates is None else templates
    return {name.removesuffix(".in"): _fill(name, text, values) for name, text in sorted(found.items())}


def phone_of(technology: str, extension: str) -> str:
    """The endpoint that `callcenter-ring` dials for an extension; no other can be an agent's phone."""
    return f"{technology}/{extension}"


def extension_test(pattern: str) -> Callable[[str], bool]:
    """Whether Asterisk would find an extension under `pattern`. Raises DialplanError for one that is not
    allowed in our files."""
    meaning = "an extension or a pattern such as _1XXX or _[1-3]XXX"
    _allowed("agent_pattern", pattern, _PATTERN, meaning)
    try:
        shape = re.compile(pattern.removeprefix("_").translate(_CLASSES))
    except re.error:  # a range that runs backwards
        raise DialplanError(f"agent_pattern {pattern!r}: allowed is {meaning}") from None
    return lambda extension: shape.fullmatch(extension) is not None


def check_pattern(pattern: str) -> str:
    """The pattern, if it may be written into the files. Raises DialplanError."""
    extension_test(pattern)
    return pattern


def check_source(address: str) -> str:
    """The address or network, if it may be written into the files. Raises DialplanError."""
    return _source(address)


def check_music(name: str) -> str:
    """The music class, if it may be written into the files. Raises DialplanError."""
    return _word("music", name)


def check_mailbox(mailbox: str) -> str:
    """The mailbox, if it may be written into the files; empty is none. Raises DialplanError."""
    return _allowed("mailbox", mailbox, _MAILBOX, "mailbox@context, such as 1000@default")


def read_templates(folder: Path = TEMPLATES) -> dict[str, str]:
    """The project's templates by name. Raises DialplanError if the folder holds none."""
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob(f"*{SUFFIX}")}
    if not found:
        raise DialplanError(f"{folder} holds no *{SUFFIX} files: the installation is incomplete")
    return found


def _fill(name: str, text: str, values: Mapping[str, str]) -> str:
    try:
        return _Filling(text).substitute(values)
    except (KeyError, ValueError) as error:
        raise DialplanError(f"{name}: the template is wrong: {error}") from error


def _values(settings: DialplanSettings) -> dict[str, str]:
    values = {
        "fastagi": _allowed("fastagi", settings.fastagi, _ADDRESS, "host:port"),
        "agent_pattern": check_pattern(settings.agent_pattern),
        "technology": _one_of("technology", settings.technology, _TECHNOLOGIES),
        "devices": _DEVICES[settings.technology],
        "dialled": _DIALLED[settings.technology],
        "fallback_members": _members(settings),
        "fallback_message": _message(settings.fallback_mailbox),
        "manager_secret": _allowed(
            "manager_secret", settings.manager_secret, _SECRET, "8 to 128 letters, digits, `_`, `.`, `-`"
        ),
        "manager_permit": _source(settings.manager_permit),
        "doctor_user": _doctor_user(settings),
        "sip_bind": _allowed("sip_bind", settings.sip_bind, _ADDRESS, "address:port"),
        "phones": "\n".join(_phone(phone) for phone in settings.phones),
        "trunks": "\n".join(_trunk(trunk, settings.media_address) for trunk in settings.trunks),
        "media": _media(settings.media_address),
        "max_contacts": _count("phone_contacts", settings.phone_contacts, 1, 10),
    }
    for key in ("music", "agent_music", "fallback_queue", "manager_username", "phone_context"):
        values[key] = _word(key, getattr(settings, key))
    for key, least, most in _SECONDS:
        values[key] = _count(key, getattr(settings, key), least, most)
    return values


_SECONDS: Sequence[tuple[str, int, int]] = (
    ("ring_seconds", 5, 120),
    ("script_seconds", 30, 3600),
    ("heartbeat_seconds", 1, 60),
    ("heartbeat_limit", 2, 120),
    ("fallback_seconds", 1, 3600),
)


_PLAIN = r"A-Za-z0-9@.:\;=_~%+*&/\x2D"  # of a SIP address; \x2D is the hyphen, which FILTER takes for a range
_DEVICE = "PJSIP/${EXTEN}/sips?:[^&/]+"
_DEVICES = {
    "PJSIP": (
        " same => n,Set(CC_FIRST=PJSIP/${EXTEN})\n"
        " same => n,Set(CC_SAID=${PJSIP_DIAL_CONTACTS(${EXTEN})})\n"
        f" same => n,Set(CC_ALL=${{FILTER({_PLAIN},${{CC_SAID}})}})\n"
        f' same => n,Set(CC_PLAIN=${{REGEX("^{_DEVICE}(&{_DEVICE})+$" ${{CC_ALL}})}})\n'
        " same => n,Set(CC_PLAIN=${CC_PLAIN}$[${LEN(${CC_ALL})} = ${LEN(${CC_SAID})}])"
    ),
    "SIP": " same => n,Set(CC_FIRST=SIP/${EXTEN})",
}
_DIALLED = {"PJSIP": '${${IF($["${CC_PLAIN}" = "11"]?CC_ALL:CC_FIRST)}}', "SIP": "${CC_FIRST}"}
"""All devices of an extension, or the first: why and how stands in the template."""


def _members(settings: DialplanSettings) -> str:
    if not settings.fallback_members:
        return f"; member = {settings.technology}/1001"
    members = [_allowed("fallback_members", one, _EXTENSION, "digits") for one in settings.fallback_members]
    return "\n".join(f"member = {settings.technology}/{member}" for member in members)


def _message(mailbox: str) -> str:
    """The dialplan's last lines for a caller nobody took: a mailbox, or a sound file in the spool."""
    if mailbox:
        check_mailbox(mailbox)
        return f" same => n,VoiceMail({mailbox},us)"
    return (
        " same => n,Playback(vm-intro)\n"
        " same => n,Record(${ASTSPOOLDIR}/callcenter/${FILTER(0-9.,${UNIQUEID})}.wav,10,180,k)\n"
        " same => n,UserEvent(CCMessage,Status: ${RECORD_STATUS})"
    )


def _doctor_user(settings: DialplanSettings) -> str:
    """A second manager user for the doctor's test calls, where the settings have a secret for it."""
    if not settings.doctor_secret:
        return ""
    secret = _allowed(
        "doctor_secret", settings.doctor_secret, _SECRET, "8 to 128 letters, digits, `_`, `.`, `-`"
    )
    return (
        "\n; For the test calls of `callcenter doctor`. `originate` lets whoever knows this secret run\n"
        "; applications on this PBX: take this user out again when all is well.\n"
        f"[{_word('manager_username', settings.manager_username)}{DOCTOR_SUFFIX}]\n"
        f"secret = {secret}\n"
        "deny = 0.0.0.0/0.0.0.0\n"
        f"permit = {_source(settings.manager_permit)}\n"
        "read = system\n"
        "write = originate\n"
    )


def _phone(phone: SamplePhone) -> str:
    extension = _allowed("extension", phone.extension, _EXTENSION, "digits")
    secret = _allowed("secret of a phone", phone.secret, _SECRET, "8 to 128 letters, digits, `_`, `.`, `-`")
    label = re.sub(r"[^A-Za-z0-9 .\-]", "", phone.name) or f"Phone {extension}"
    browser = "webrtc = yes\ndtls_auto_generate_cert = yes\n" if phone.browser else ""
    return (
        f"[{extension}](callcenter-phone)\nauth = {extension}\naors = {extension}\n"
        f'callerid = "{label}" <{extension}>\nmailboxes = {extension}@default\n'
        f"call_group = 1\npickup_group = 1\n{browser}"
        f"[{extension}](callcenter-phone-auth)\nusername = {extension}\npassword = {secret}\n"
        f"[{extension}](callcenter-phone-address)\n"
    )


def _media(address: str) -> str:
    """Lines of an endpoint that keep its media on one address."""
    return f"media_address = {_source(address)}\nbind_rtp_to_media_address = yes\n" if address else ""


def _trunk(trunk: SampleTrunk, media_address: str) -> str:
    name = _word("trunk", trunk.name)
    contact = _allowed("contact of a trunk", trunk.contact, _ADDRESS, "host:port")
    text = (
        f"[{name}]\ntype = endpoint\n"
        f"context = {_word('context of a trunk', trunk.context)}\n"
        "disallow = all\nallow = ulaw,alaw\ndirect_media = no\ntrust_id_inbound = yes\n"
        f"{_media(media_address)}send_pai = yes\n"
        "; outside, nobody learns which colleague's phone answered, and no re-INVITE says so\n"
        f"send_connected_line = no\naors = {name}\n"
        f"[{name}]\ntype = aor\ncontact = sip:{contact}\n"
    )
    if trunk.match:
        text += f"[{name}]\ntype = identify\nendpoint = {name}\nmatch = {_source(trunk.match)}\n"
    return text


def _allowed(key: str, value: str, pattern: re.Pattern[str], meaning: str) -> str:
    if not pattern.fullmatch(value):
        shown = "" if "secret" in key else f" {value!r}"
        raise DialplanError(f"{key}{shown}: allowed is {meaning}")
    return value


def _word(key: str, value: str) -> str:
    return _allowed(key, value, _WORD, "letters, digits, `_`, `.`, `-`")


def _one_of(key: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise DialplanError(f"{key} {value!r}: allowed is {', '.join(allowed)}")
    return value


def _count(key: str, value: int, least: int, most: int) -> str:
    if not isinstance(value, int) or not least <= value <= most:
        raise DialplanError(f"{key} {value!r}: allowed is {least} to {most}")
    return str(value)


def _source(value: str) -> str:
    """An address or network that may connect, as Asterisk's ACLs take it."""
    try:
        if not _SOURCE.fullmatch(value):
            raise ValueError(value)
        ipaddress.IPv4Network(value, strict=False)
    except ValueError as error:
        raise DialplanError(f"address {value!r}: allowed is 192.0.2.7 or 192.0.2.0/24") from error
    return value
