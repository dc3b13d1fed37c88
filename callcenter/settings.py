"""The settings file, read by the composition root and the command line only.

`load` raises SettingsError whose text is one line: file, key, what was found, what is allowed.
"""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from callcenter.asterisk.dialplan import check_mailbox, check_music, check_pattern, check_source

_MAX_FILE_BYTES = 1 << 20  # a settings file is a page of text; more is a wrong path
_SHOWN_CHARS = 60  # of a wrong value in the error line
_SECRET_WORDS = frozenset({"secret", "doctor_secret", "password", "database", "token"})
_SECTION_ERRORS = frozenset({"model_type", "model_attributes_type"})  # pydantic's: no table where one must be
_DATABASES = frozenset({"sqlite", "postgresql", "postgres"})


class SettingsError(Exception):
    """The settings cannot be used; the text says what to change."""


def _resolve(value: Any) -> Any:
    """Turn `env:NAME` and `file:/path` into what they name.

    Raises ValueError with the missing name, never with a found value.
    """
    if not isinstance(value, str):
        return value
    kind, _, rest = value.partition(":")
    if kind == "env" and rest:
        found = os.environ.get(rest)
        if found is None:
            raise ValueError(f"environment variable {rest} is not set")
        return found
    if kind == "file" and rest:
        try:
            lines = Path(rest).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise ValueError(f"cannot read {rest}: {error.strerror}") from None
        return lines[0].strip() if lines else ""
    return value


def _database(value: SecretStr) -> SecretStr:
    """A URL of a kind that we have. Raises ValueError, which shows the scheme at most."""
    url = value.get_secret_value()
    allowed = "allowed: sqlite:///path or postgresql://user:password@host/name"
    scheme = re.match(r"([a-z][a-z0-9]{0,19})(\+[a-z0-9]+)?://", url)
    if scheme is None:
        raise ValueError(f"not a database URL; {allowed}")
    if scheme[1] not in _DATABASES:
        raise ValueError(f"{scheme[1]} is not supported; {allowed}")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("allowed: an address such as 127.0.0.1 or ::1; names are not looked up") from None


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(
            "allowed: an address or a network such as 10.0.0.5 or 10.0.0.0/24; names are not looked up"
        ) from None
    return value


def _ca_file(value: str) -> str:
    """A file with CA certificates, or empty."""
    try:
        if value:
            ssl.create_default_context(cafile=value)
    except ssl.SSLError:
        raise ValueError("no CA certificate in it; allowed: a PEM file") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}; allowed: a PEM file") from None
    return value


Secret = Annotated[SecretStr, BeforeValidator(_resolve)]
DatabaseUrl = Annotated[Secret, AfterValidator(_database)]
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
CaFile = Annotated[str, AfterValidator(_ca_file)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: Annotated[str, Field(pattern=r"^(https?://[^/\s]+)?$")] = ""
    trusted_proxies: tuple[Address, ...] = ()
    database: DatabaseUrl = SecretStr("sqlite:///var/callcenter.db")
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class AsteriskSettings(_Section):
    name: Name = "pbx"
    host: str = "127.0.0.1"
    port: Port = 5038
    username: str = "callcenter"
    secret: Secret = SecretStr("")
    doctor_secret: Secret = SecretStr("")
    tls: bool = False
    tls_ca: CaFile = ""
    plain_login: bool = False
    devices: tuple[str, ...] = ("PJSIP/[0-9]*", "SIP/[0-9]*")
    control: bool = True


class DialplanSection(_Section):
    """What `callcenter asterisk config` writes into the PBX's files; `agent_pattern` and `technology` also say
    which phones this server may ring."""

    agent_pattern: Annotated[str, AfterValidator(check_pattern)] = "_1XXX"
    technology: Literal["PJSIP", "SIP"] = "PJSIP"
    permit: Annotated[str, AfterValidator(check_source)] = "127.0.0.1"
    music: Annotated[str, AfterValidator(check_music)] = "default"
    mailbox: Annotated[str, AfterValidator(check_mailbox)] = ""


class FastAgiSettings(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 4573
    advertise: Annotated[str, Field(pattern=r"^([A-Za-z0-9.\-]+:[0-9]+)?$")] = ""
    peers: tuple[Network, ...] = ("127.0.0.1",)


class FlowSettings(_Section):
    greeting: Annotated[str, Field(pattern=r"^[A-Za-z0-9_/\-]*$")] = "hello-world"
    queue: Name = "service"


class RoutingSettings(_Section):
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 15


class QueueSettings(_Section):
    """`agents` are extensions; empty: everybody serves this queue."""

    id: Name
    name: Annotated[str, Field(min_length=1, max_length=80)]
    agents: tuple[str, ...] = ()


class NumberSettings(_Section):
    """Where one dialled number leads, as the trunk says it."""

    dialled: Annotated[str, Field(pattern=r"^\+?[0-9]{1,20}$")]
    queue: Name


class PauseReasonSettings(_Section):
    id: Name
    en: Annotated[str, Field(min_length=1, max_length=80)]
    zh: Annotated[str, Field(min_length=1, max_length=80)]


_DEFAULT_QUEUES = (QueueSettings(id="service", name="Service"),)
_DEFAULT_REASONS = (
    PauseReasonSettings(id="break", en="Break", zh="休息"),
    PauseReasonSettings(id="lunch", en="Lunch", zh="午餐"),
    PauseReasonSettings(id="training", en="Training", zh="培训"),
    PauseReasonSettings(id="paperwork", en="Paperwork", zh="文书工作"),
)


class Settings(_Section):
    """All sections; every default is the one written in config/callcenter.toml (tested)."""

    server: ServerSettings = ServerSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    dialplan: DialplanSection = DialplanSection()
    fastagi: FastAgiSettings = FastAgiSettings()
    flow: FlowSettings = FlowSettings()
    routing: RoutingSettings = RoutingSettings()
    queues: tuple[QueueSettings, ...] = _DEFAULT_QUEUES
    numbers: tuple[NumberSettings, ...] = ()
    pause_reasons: tuple[PauseReasonSettings, ...] = _DEFAULT_REASONS


def load(path: Path) -> Settings:
    """Read and check a settings file. Raises SettingsError."""
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise SettingsError(f"{path}: larger than {_MAX_FILE_BYTES} bytes; is this the settings file?")
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    return check(document, source=str(path))


def check(document: dict[str, Any], *, source: str) -> Settings:
    """Check an already parsed document. Raises SettingsError naming `source`."""
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise SettingsError(_one_line(error, source)) from None
    queue_ids = [queue.id for queue in settings.queues]
    if len(set(queue_ids)) != len(queue_ids):
        raise SettingsError(f"{source}: queues: an id is given twice; each queue needs its own")
    wanted = [("flow.queue", settings.flow.queue)]
    wanted += [(f"numbers.{n}.queue", number.queue) for n, number in enumerate(settings.numbers)]
    for key, queue_id in wanted:
        if queue_id not in queue_ids:
            raise SettingsError(f"{source}: {key}: found {queue_id!r}; allowed: {', '.join(queue_ids)}")
    return settings


def _one_line(error: ValidationError, source: str) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{source}: {key}: unknown key; allowed: {', '.join(_allowed_keys(first['loc'][:-1]))}"
    if first["type"] == "missing":
        return f"{source}: {key}: missing; it must be given"
    return f"{source}: {key}: found {_found(first)}; {_allowed(first)}"


def _found(first: Any) -> str:
    """The wrong value; of a secret, and of what stands where a whole section should, only that or its kind."""
    if any(word in str(part) for part in first["loc"] for word in _SECRET_WORDS):
        return "(hidden)"
    value = first["input"]
    if isinstance(value, list):
        return "a list" if not any(isinstance(one, dict) for one in value) else "a list of tables ([[…]])"
    if isinstance(value, dict):
        return "a table"
    if first["type"] in _SECTION_ERRORS:
        return "a single value"
    return repr(value)[:_SHOWN_CHARS]


def _allowed(first: Any) -> str:
    context = first.get("ctx", {})
    if "pattern" in context:
        return f"allowed: text matching {context['pattern']}"
    if first["type"] in _SECTION_ERRORS:
        return "allowed: one table of keys ([…])"
    message: str = first["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _allowed_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        arguments = getattr(annotation, "__args__", ())
        model = arguments[0] if arguments else annotation
    return sorted(model.model_fields)
