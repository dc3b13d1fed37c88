"""The commands that run once and end. Each returns its exit code."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from callcenter.asterisk.dialplan import DialplanError, DialplanSettings, render
from callcenter.asterisk.doctor import DoctorSettings, run_checks
from callcenter.bootstrap.build import ami_config
from callcenter.bootstrap.console import complain, set_up_log
from callcenter.kit.clock import SystemClock
from callcenter.settings import Settings
from callcenter.storage.database import Database, DatabaseError
from callcenter.storage.people import People, Taken
from crm_core.importing import ImportProgress, ImportRefused, import_customers, import_orders
from web.security.passwords import PasswordHasher, weakness

EXTENSION = re.compile(r"[0-9]{2,12}")
"""As in the dialplan's files: it becomes part of a dial string there."""


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


async def migrate(settings: Settings) -> int:
    """Bring the schema to this version."""
    try:
        database = database_of(settings)
        await database.migrate()
    except DatabaseError as error:
        return complain(str(error))
    await database.close()
    print("the database is at this version")
    return 0


async def add_person(settings: Settings, new: NewPerson) -> int:
    """Add somebody who signs in, and their phone if they answer calls."""
    if (weak := weakness(new.password, login=new.login)) is not None:
        return complain(weak)
    if new.extension and not EXTENSION.fullmatch(new.extension):
        return complain(f"extension {new.extension!r}: allowed are 2 to 12 digits")
    database = database_of(settings)
    await database.migrate()
    people = People(database)
    try:
        await people.create_person(
            login=new.login,
            name=new.name,
            role=new.role,
            language=new.language,
            password_hash=PasswordHasher().hash_now(new.password),
            extension=new.extension or None,
            endpoint=new.endpoint,
        )
    except Taken as taken:
        return complain(f"this {taken.field} is taken; `callcenter user list` shows who has it")
    finally:
        await database.close()
    print(f"{new.login} can sign in as {new.role}" + (f", phone {new.endpoint}" if new.extension else ""))
    return 0


async def set_password(settings: Settings, login: str, password: str) -> int:
    """Replace a password and sign that person out everywhere."""
    if (weak := weakness(password, login=login)) is not None:
        return complain(weak)
    database = database_of(settings)
    await database.migrate()
    people = People(database)
    try:
        person = await people.by_login(login)
        if person is None:
            return complain("nobody has this login; `callcenter user list` shows who there is")
        await people.set_password_hash(person.id, PasswordHasher().hash_now(password), sign_out=True)
    finally:
        await database.close()
    print(f"{login} has a new password and has to sign in again")
    return 0


async def list_people(settings: Settings) -> int:
    """Print everybody, one a line."""
    database = database_of(settings)
    await database.migrate()
    try:
        for person in await People(database).people():
            print(f"{person.login:24} {person.role:12} {person.extension or '-':10} {person.name}")
    finally:
        await database.close()
    return 0


def dialplan_settings(settings: Settings) -> DialplanSettings:
    """What the files for the PBX need of the server's settings."""
    fastagi = settings.fastagi.advertise or f"{settings.fastagi.host}:{settings.fastagi.port}"
    return DialplanSettings(
        fastagi=fastagi,
        ring_seconds=settings.routing.ring_seconds,
        manager_username=settings.asterisk.username,
        manager_secret=settings.asterisk.secret.get_secret_value(),
    )


def asterisk_files(settings: Settings, out: Path | None) -> int:
    """Print the files for the PBX, or write them (readable by the owner only: one holds the secret)."""
    try:
        files = render(dialplan_settings(settings))
    except DialplanError as error:
        return complain(str(error))
    for name, text in files.items():
        if out is None:
            print(f";;; {name}\n{text}")
            continue
        out.mkdir(parents=True, exist_ok=True)
        target = out / name
        target.touch(mode=0o600)
        target.chmod(0o600)  # also where an earlier one was open to others
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target}")
    return 0


async def doctor(settings: Settings) -> int:
    """Run every check, print each with what to do about it. Exit code 1 if one failed."""
    set_up_log("error")
    database = database_of(settings)
    try:
        checks = await run_checks(
            DoctorSettings(
                ami=ami_config(settings),
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
    print(f"\n{'Everything works.' if not failures else f'{failures} of {len(checks)} checks failed.'}")
    return 1 if failures else 0


async def _extensions(database: Database) -> tuple[str, ...]:
    """The agents' extensions; none where the database cannot be asked, which has a check of its own."""
    try:
        return tuple(agent.extension for agent in await People(database).agents() if agent.extension)
    except SQLAlchemyError:
        return ()


async def _say_database(database: Database) -> str:
    """What to say of the database. Raises DatabaseError with the reason where it does not work."""
    found = await database.check()
    if found != "ok":
        raise DatabaseError(f"{found}; run `callcenter migrate`, or check server.database")
    return f"{database.url.get_backend_name()} answers, schema in place"


async def import_csv(settings: Settings, kind: str, file: Path, *, dry_run: bool, errors: Path) -> int:
    """Import customers or orders; progress on one line, refused rows into `errors`. Exit 1 if any was refused."""
    database = database_of(settings)
    await database.migrate()
    try:
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
    finally:
        await database.close()
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
