"""The `callcenter` command. Reads settings, builds what a command needs, prints for people.

Exit codes: 0 done, 1 it did not work (the reason is printed), 2 the command or the settings are wrong.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

import click

from callcenter import __version__
from callcenter.kit.loop import new_loop
from callcenter.settings import Settings, SettingsError, load

DEFAULT_PLACES = (Path("callcenter.toml"), Path("/etc/callcenter/callcenter.toml"))
"""Where settings are looked for when --config is not given; the first that exists."""

CONFIG_OPTION = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="CALLCENTER_CONFIG",
    help="The settings file; else ./callcenter.toml or /etc/callcenter/callcenter.toml.",
)


def _settings(config: Path | None) -> Settings:
    """The settings, or exit 2 with one line."""
    place = config or next((path for path in DEFAULT_PLACES if path.exists()), None)
    if place is None:
        _wrong("no settings file; copy config/callcenter.toml to ./callcenter.toml and change what differs")
    try:
        return load(place)
    except SettingsError as error:
        _wrong(str(error))


def _wrong(line: str) -> NoReturn:
    click.echo(f"callcenter: {line}", err=True)
    sys.exit(2)


def _failed(line: str) -> NoReturn:
    click.echo(f"callcenter: {line}", err=True)
    sys.exit(1)


def _run(work: Coroutine[Any, Any, int | None]) -> NoReturn:
    """Run one asynchronous command; Ctrl-C ends it quietly, what is no mistake of ours with one line."""
    from callcenter.bootstrap.console import failure_line

    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            sys.exit(runner.run(work) or 0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # the edge of the program: what no command foresaw
        line = failure_line(error)
        if line is None:
            raise
        _failed(line)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="callcenter")
def main() -> None:
    """The call-center server: telephone on one side, the customer's record on the other."""


@main.command()
@CONFIG_OPTION
def serve(config: Path | None) -> None:
    """Run the server."""
    gc.disable()  # what is imported and built now stays; looking for garbage in it is a tenth of the start
    from callcenter.bootstrap.run import serve as run_server

    _run(run_server(_settings(config)))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--folder",
    default=Path("var/demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the demo's database is kept.",
)
@click.option("--calls-a-minute", default=2.0, show_default=True, type=click.FloatRange(0, 600))
def demo(host: str, port: int, folder: Path, calls_a_minute: float) -> None:
    """Run the server with the built-in PBX, made-up customers and a gentle stream of callers."""
    from callcenter.bootstrap.demo import run_demo

    _run(run_demo(host=host, port=port, folder=folder, calls_a_minute=calls_a_minute))


@main.command()
@CONFIG_OPTION
def migrate(config: Path | None) -> None:
    """Bring the database to this version (`serve` does it too)."""
    from callcenter.bootstrap.commands import migrate as run_migrate

    _run(run_migrate(_settings(config)))


@main.command()
@CONFIG_OPTION
def doctor(config: Path | None) -> None:
    """Check PBX, dialplan, FastAGI, prompts, database and clock; say what to do about each failure."""
    from callcenter.bootstrap.commands import doctor as run_doctor

    _run(run_doctor(_settings(config)))


@main.command()
@click.argument("url", default="http://127.0.0.1:8080")
@click.option("--login", prompt=True)
@click.option("--password", prompt=True, hide_input=True, envvar="CALLCENTER_PASSWORD")
def watch(url: str, login: str, password: str) -> None:
    """Show a desk live in this terminal."""
    from callcenter.watch import watch as run_watch

    _run(run_watch(url, login, password))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def replay(file: Path) -> None:
    """Show the calls in a recording of AMI traffic (raw bytes, or .xz)."""
    import lzma

    from callcenter.asterisk.tracker.replay import describe

    raw = file.read_bytes()
    try:
        click.echo(describe(lzma.decompress(raw) if file.suffix == ".xz" else raw))
    except lzma.LZMAError as error:
        _failed(f"{file}: not an .xz file: {error}")


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("login")
@click.option("--name", default="", help="Shown to others; the login if not given.")
@click.option(
    "--role", type=click.Choice(["agent", "supervisor", "admin"]), default="agent", show_default=True
)
@click.option("--extension", help="For one who answers calls: the number of their phone, e.g. 1001.")
@click.option("--endpoint", help="The phone as the PBX names it, if it is not PJSIP/<extension>.")
@click.option("--language", type=click.Choice(["en", "zh-CN"]), default="en", show_default=True)
@click.password_option(envvar="CALLCENTER_PASSWORD", help="Asked for if not given.")
@CONFIG_OPTION
def user_add(
    login: str,
    name: str,
    role: str,
    extension: str | None,
    endpoint: str | None,
    language: str,
    password: str,
    config: Path | None,
) -> None:
    """Add a person, with a phone if they answer calls."""
    from callcenter.bootstrap.commands import NewPerson, add_person

    person = NewPerson(
        login=login,
        name=name or login,
        role=role,
        extension=extension,
        endpoint=endpoint,
        language=language,
        password=password,
    )
    _run(add_person(_settings(config), person))


@user.command("password")
@click.argument("login")
@click.password_option(envvar="CALLCENTER_PASSWORD")
@CONFIG_OPTION
def user_password(login: str, password: str, config: Path | None) -> None:
    """Set a new password; all browsers of that person have to sign in again."""
    from callcenter.bootstrap.commands import set_password

    _run(set_password(_settings(config), login, password))


@user.command("phone")
@click.argument("login")
@click.argument("extension")
@click.option("--endpoint", help="The phone as the PBX names it, if it is not PJSIP/<extension>.")
@CONFIG_OPTION
def user_phone(login: str, extension: str, endpoint: str | None, config: Path | None) -> None:
    """Give a person a phone, or another one."""
    from callcenter.bootstrap.commands import set_phone

    _run(set_phone(_settings(config), login, extension, endpoint))


@user.command("disable")
@click.argument("login")
@CONFIG_OPTION
def user_disable(login: str, config: Path | None) -> None:
    """Sign a person out everywhere and for good; their phone may be given to another."""
    from callcenter.bootstrap.commands import set_disabled

    _run(set_disabled(_settings(config), login, True))


@user.command("enable")
@click.argument("login")
@CONFIG_OPTION
def user_enable(login: str, config: Path | None) -> None:
    """Let a disabled person sign in again."""
    from callcenter.bootstrap.commands import set_disabled

    _run(set_disabled(_settings(config), login, False))


@user.command("list")
@CONFIG_OPTION
def user_list(config: Path | None) -> None:
    """Show everybody with role and extension."""
    from callcenter.bootstrap.commands import list_people

    _run(list_people(_settings(config)))


@main.command("import")
@click.argument("kind", type=click.Choice(["customers", "orders"]))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Check every row, change nothing.")
@click.option(
    "--errors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where refused rows go with their reasons; FILE.errors.csv if not given.",
)
@CONFIG_OPTION
def import_file(kind: str, file: Path, dry_run: bool, errors: Path | None, config: Path | None) -> None:
    """Import customers or orders from a CSV file."""
    from callcenter.bootstrap.commands import import_csv

    target = errors or file.with_name(file.name + ".errors.csv")
    _run(import_csv(_settings(config), kind, file, dry_run=dry_run, errors=target))


@main.group()
def asterisk() -> None:
    """The PBX beside this server."""


@asterisk.command("config")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the files into this folder instead of printing them.",
)
@CONFIG_OPTION
def asterisk_config(out: Path | None, config: Path | None) -> None:
    """Print the Asterisk files to install, filled in with these settings."""
    from callcenter.bootstrap.commands import asterisk_files

    _run(asterisk_files(_settings(config), out))
