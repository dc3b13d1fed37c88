"""The commands that run once and end. Each returns its exit code."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from callcenter.asterisk.ami.config import AmiConfig
from callcenter.asterisk.dialplan import (
    DOCTOR_SUFFIX,
    DialplanError,
    DialplanSettings,
    extension_test,
    render,
)
from callcenter.asterisk.doctor import DoctorSettings, run_checks
from callcenter.bootstrap.build import ami_config
from callcenter.bootstrap.console import complain, set_up_log
from callcenter.bootstrap.phones import CannotRing, endpoint_for
from callcenter.kit.clock import SystemClock
from callcenter.settings import Settings
from callcenter.storage.database import Database, DatabaseError, is_failure
from callcenter.storage.people import People, Taken
from crm_core.importing import ImportProgress, ImportRefused, import_customers, import_orders
from web.security.passwords import PasswordHasher, weakness

_NOBODY = "nobody has this login; `callcenter user list` shows who there is"
_SOON = "a running server takes that up within some seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """What `callcenter user add` was told."""

    login: str
    name: str
    role: str
    language: str
    extension: str | None
    endpoint: str | None
    password: str = field(repr=False)


def database_of(settings: Settings) -> Database:
    """The database the settings name. Raises DatabaseError for a URL that cannot be one."""
    return Database(settings.server.database.get_secret_value())


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database at this version's schema, closed in the end. Raises DatabaseError."""
    database = database_of(settings)
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


async def migrate(settings: Settings) -> int:
    """Bring the schema to this version."""
    async with opened(settings):
        pass
    print("the database is at this version")
    return 0


async def add_person(settings: Settings, new: NewPerson) -> int:
    """Add somebody who signs in, and their phone if they answer calls."""
    if (weak := weakness(new.password, login=new.login)) is not None:
        return complain(weak)
    try:
        endpoint = endpoint_for(settings, new.extension, new.endpoint) if new.extension else None
        async with opened(settings) as database:
            await People(database).create_person(
                login=new.login,
                name=new.name,
                role=new.role,
                language=new.language,
                password_hash=PasswordHasher().hash_now(new.password),
                extension=new.extension or None,
                endpoint=endpoint,
            )
    except CannotRing as reason:
        return complain(str(reason))
    except Taken as taken:
        return complain(_taken(taken))
    print(f"{new.login} can sign in as {new.role}" + (f", phone {endpoint}" if endpoint else ""))
    return 0


async def set_password(settings: Settings, login: str, password: str) -> int:
    """Replace a password and sign that person out everywhere."""
    if (weak := weakness(password, login=login)) is not None:
        return complain(weak)
    async with opened(settings) as database:
        people = People(database)
        person = await people.by_login(login, also_disabled=True)
        if person is None:
            return complain(_NOBODY)
        await people.set_password_hash(person.id, PasswordHasher().hash_now(password), sign_out=True)
    print(f"{login} has a new password and has to sign in again")
    return 0


async def set_phone(settings: Settings, login: str, extension: str, endpoint: str | None) -> int:
    """Give somebody a phone, or another one."""
    try:
        endpoint = endpoint_for(settings, extension, endpoint)
        async with opened(settings) as database:
            people = People(database)
            person = await people.by_login(login)
            if person is None:
                return complain(_NOBODY)
            await people.set_phone(person, extension=extension, endpoint=endpoint)
    except CannotRing as reason:
        return complain(str(reason))
    except Taken as taken:
        return complain(_taken(taken))
    first = " and has to sign in again to see calls" if person.agent_id is None else ""
    print(f"{login} answers at {endpoint}{first}; {_SOON}")
    return 0


async def set_disabled(settings: Settings, login: str, disabled: bool) -> int:
    """Sign somebody out for good, or let them in again."""
    async with opened(settings) as database:
        people = People(database)
        person = await people.by_login(login, also_disabled=True)
        if person is None:
            return complain(_NOBODY)
        await people.set_disabled(person.id, disabled)
    done = f"{login} cannot sign in any more" if disabled else f"{login} can sign in again"
    print(f"{done}; {_SOON}")
    return 0


async def list_people(settings: Settings) -> int:
    """Print everybody, one a line."""
    async with opened(settings) as database:
        for person in await People(database).people(also_disabled=True):
            mark = " (disabled)" if person.disabled else ""
            print(f"{person.login:24} {person.role:12} {person.extension or '-':10} {person.name}{mark}")
    return 0


def _taken(taken: Taken) -> str:
    return f"this {taken.field} is taken; `callcenter user list` shows who has it"


def dialplan_settings(settings: Settings, extensions: Iterable[str]) -> DialplanSettings:
    """What the files for the PBX need of the server's settings. The phones of `extensions` ring in the fallback
    queue."""
    asterisk, plan = settings.asterisk, settings.dialplan
    has = extension_test(plan.agent_pattern)
    return DialplanSettings(
        fastagi=settings.fastagi.advertise or f"{settings.fastagi.host}:{settings.fastagi.port}",
        agent_pattern=plan.agent_pattern,
        technology=plan.technology,
        ring_seconds=settings.routing.ring_seconds,
        music=plan.music,
        fallback_mailbox=plan.mailbox,
        fallback_members=tuple(sorted(one for one in extensions if has(one))),
        manager_username=asterisk.username,
        manager_secret=asterisk.secret.get_secret_value(),
        manager_permit=plan.permit,
        doctor_secret=asterisk.doctor_secret.get_secret_value(),
    )


async def asterisk_files(settings: Settings, out: Path | None) -> int:
    """Print the files for the PBX, or write them (readable by the owner only: one holds the secret)."""
    database = database_of(settings)
    try:
        extensions = await _extensions(database)
    finally:
        await database.close()
    try:
        files = render(dialplan_settings(settings, extensions))
    except DialplanError as error:
        return complain(str(error))
    for name, text in files.items():
        if out is None:
            print(f";;; {name}\n{text}")
            continue
        try:
            _write_private(out / name, text)
        except OSError as error:
            return complain(f"{out / name}: cannot be written: {error.strerror}")
        print(f"wrote {out / name}")
    if not extensions:
        print(
            "callcenter: there are no agents yet, so nobody is in the fallback queue; "
            "add them (callcenter user add) and do this again",
            file=sys.stderr,
        )
    return 0


def _write_private(target: Path, text: str) -> None:
    """Readable by the owner only, from its first byte on, whatever stood or was linked there before."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


async def doctor(settings: Settings) -> int:
    """Run every check, print each with what to do about it. Exit code 1 if one failed."""
    set_up_log("error")
    database = database_of(settings)
    try:
        checks = await run_checks(
            DoctorSettings(
                ami=ami_config(settings),
                caller=_doctors_own(settings),
                clock=SystemClock(),
                control=settings.asterisk.control,
                fastagi_host=settings.fastagi.host,
                fastagi_port=settings.fastagi.port,
                prompts=(settings.flow.greeting,) if settings.flow.greeting else (),
                extensions=await _extensions(database),
                database=lambda: _say_database(database),
            )
        )
    finally:
        await database.close()
    for check in checks:
        print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name.value:20} {check.detail}")
        if check.advice:
            print(f"{'':26} → {check.advice}")
    failures = sum(not check.ok for check in checks)
    print(f"\n{failures} of {len(checks)} checks failed." if failures else "\nAll that was checked works.")
    return 1 if failures else 0


def _doctors_own(settings: Settings) -> AmiConfig | None:
    """The manager user that may make test calls, if the settings have its secret."""
    secret = settings.asterisk.doctor_secret.get_secret_value()
    if not secret:
        return None
    return replace(ami_config(settings), username=settings.asterisk.username + DOCTOR_SUFFIX, secret=secret)


async def _extensions(database: Database) -> tuple[str, ...]:
    """The agents' extensions; none where the database cannot be asked, which has a check of its own."""
    try:
        return tuple(agent.extension for agent in await People(database).agents() if agent.extension)
    except Exception as error:  # drivers have errors of their own
        if not is_failure(error):
            raise
        return ()


async def _say_database(database: Database) -> str:
    """What to say of the database. Raises DatabaseError with the reason where it does not work."""
    found = await database.check()
    if found != "ok":
        raise DatabaseError(f"{found}; run `callcenter migrate`, or check server.database")
    return f"{database.url.get_backend_name()} answers, schema in place"


async def import_csv(settings: Settings, kind: str, file: Path, *, dry_run: bool, errors: Path) -> int:
    """Import customers or orders; progress on one line, refused rows into `errors`. Exit 1 if any was refused."""
    try:
        async with opened(settings) as database:
            if kind == "customers":
                result = await import_customers(
                    file,
                    database.sessions,
                    dry_run=dry_run,
                    errors_path=errors,
                    progress=_show_progress,
                    region=settings.server.region,
                )
            else:
                result = await import_orders(
                    file, database.sessions, dry_run=dry_run, errors_path=errors, progress=_show_progress
                )
    except ImportRefused as refusal:
        return complain(str(refusal))
    print(file=sys.stderr)  # ends the line of the progress
    done = "would be " if dry_run else ""
    print(
        f"{result.rows} rows: {result.created} {done}new, {result.updated} {done}changed, "
        f"{result.refused} refused" + (f"; the reasons are in {errors}" if result.refused else "")
    )
    return 1 if result.refused else 0


def _show_progress(progress: ImportProgress) -> None:
    share = 100 * progress.bytes_read // max(1, progress.bytes_total)
    print(
        f"\r{share:3} %  {progress.rows} rows, {progress.refused} refused",
        end="",
        flush=True,
        file=sys.stderr,
    )
