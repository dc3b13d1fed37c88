"""The `callcenter` command as a person uses it: what it prints, and what it ends with."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callcenter.cli import main

PASSWORD = "a long enough password"


class Shell:
    """Runs the command with one settings file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "callcenter.toml"
        self.settings(f'[server]\ndatabase = "sqlite:///{folder}/callcenter.db"\n')

    def settings(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(self.config)])

    def add(self, login: str, *more: str) -> Result:
        return self.run("user", "add", login, "--password", PASSWORD, *more)


@pytest.fixture
def shell(tmp_path: Path, prepared: Path) -> Shell:
    shutil.copy(prepared, tmp_path / "callcenter.db")
    return Shell(tmp_path)


def one_line(result: Result) -> str:
    """What went wrong, which is one line and no traceback."""
    assert isinstance(result.exception, SystemExit), result.exception
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("callcenter: ")
    return line


@pytest.mark.parametrize(
    "words", [["serve"], ["migrate"], ["user", "list"], ["asterisk", "config"], ["doctor"]]
)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nprot = 1\n", "server.prot: unknown key; allowed: database"),
        ("[routing]\nring_seconds = 1\n", "routing.ring_seconds: found 1"),
        ("[server\n", "not valid TOML"),
        (
            '[server]\ndatabase = "mysql://root:hush@h/x"\n',
            "(hidden); mysql is not supported; allowed: sqlite",
        ),
        ('[fastagi]\npeers = ["pbx.example.com"]\n', "fastagi.peers.0: found 'pbx.example.com'; allowed: an"),
        ('[asterisk]\ntls = true\ntls_ca = "/nope.pem"\n', "asterisk.tls_ca: found '/nope.pem'; cannot be"),
        (
            '[asterisk]\nsecret = "env:CALLCENTER_NOT_SET"\n',
            "environment variable CALLCENTER_NOT_SET is not set",
        ),
    ],
)
def test_wrong_settings_are_one_line_and_exit_2(shell: Shell, words: list[str], text: str, says: str) -> None:
    shell.settings(text)
    result = shell.run(*words)
    assert result.exit_code == 2
    assert says in one_line(result)
    assert "hush" not in result.output


def test_no_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("callcenter.cli.DEFAULT_PLACES", (Path("callcenter.toml"),))
    result = CliRunner().invoke(main, ["user", "list"])
    assert result.exit_code == 2
    assert "config/callcenter.toml" in one_line(result)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://root:hush@127.0.0.1:1/x", "cannot be used"),
        ("postgresql://root:hush@127.0.0.1:port/x", "not a database URL"),
        ("sqlite:////dev/null/x.db", "cannot be used"),
        ("sqlite:///{folder}", "cannot be used: unable to open database file"),
        ("sqlite:///{folder}/callcenter.toml", "cannot be used: file is not a database"),
    ],
)
@pytest.mark.parametrize("words", [["migrate"], ["user", "list"], ["serve"]])
def test_a_database_that_cannot_be_used_is_one_line_and_exit_1(
    shell: Shell, words: list[str], url: str, says: str
) -> None:
    shell.settings(f'[server]\ndatabase = "{url.format(folder=shell.folder)}"\n')
    result = shell.run(*words)
    assert result.exit_code == 1
    assert says in one_line(result)
    assert "hush" not in result.output


def test_people_are_added_and_listed(shell: Shell) -> None:
    added = shell.add("anna", "--name", "Anna Bauer", "--extension", "1001")
    assert (added.exit_code, added.stdout) == (0, "anna can sign in as agent, phone PJSIP/1001\n")
    assert shell.add("boss", "--role", "supervisor").stdout == "boss can sign in as supervisor\n"
    listed = shell.run("user", "list")
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["anna", "agent", "1001", "Anna", "Bauer"],
        ["boss", "supervisor", "-", "boss"],
    ]
    assert PASSWORD not in added.output + listed.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["anna"], "this login is taken"),
        (["ANNA"], "this login is taken"),
        (["ben", "--extension", "1001"], "this extension is taken"),
    ],
)
def test_taken(shell: Shell, words: list[str], says: str) -> None:
    shell.add("anna", "--extension", "1001")
    result = shell.add(*words)
    assert result.exit_code == 1
    assert says in one_line(result)


def test_a_phone_that_is_taken_leaves_nobody_half_made(shell: Shell) -> None:
    shell.add("anna", "--extension", "1001")
    shell.add("ben", "--extension", "1001")
    assert [line.split()[0] for line in shell.run("user", "list").stdout.splitlines()] == ["anna"]


@pytest.mark.parametrize("extension", ["1", "10 01", "1001&PJSIP/9", "abc", "1234567890123"])
def test_an_extension_is_digits(shell: Shell, extension: str) -> None:
    result = shell.add("anna", "--extension", extension)
    assert result.exit_code == 1
    assert "digits" in one_line(result)
    assert shell.run("user", "list").stdout == ""


def test_a_phone_is_one_that_the_dialplan_rings(shell: Shell) -> None:
    outside = shell.add("anna", "--extension", "2001")
    assert outside.exit_code == 1
    assert "dialplan.agent_pattern is _1XXX" in one_line(outside)
    assert "the dialplan rings PJSIP/1001" in one_line(
        shell.add("anna", "--extension", "1001", "--endpoint", "SIP/1001")
    )
    shell.add("anna", "--extension", "1001")
    assert "dialplan.agent_pattern" in one_line(shell.run("user", "phone", "anna", "2001"))
    assert shell.run("user", "list").stdout.split()[2] == "1001"


def test_the_agents_ring_in_the_fallback_queue(shell: Shell) -> None:
    database = f'[server]\ndatabase = "sqlite:///{shell.folder}/callcenter.db"\n'
    shell.settings(f'{database}[asterisk]\nsecret = "made-up-secret-1"\n')
    nobody = shell.run("asterisk", "config")
    assert "no agents yet" in nobody.stderr
    shell.add("anna", "--extension", "1001")
    somebody = shell.run("asterisk", "config")
    assert somebody.stderr == ""
    assert "\nmember = PJSIP/1001\n" in somebody.stdout


def test_a_weak_password_is_refused(shell: Shell) -> None:
    result = shell.run("user", "add", "anna", "--password", "short")
    assert result.exit_code == 1
    assert "12" in one_line(result)


def test_a_password_is_replaced(shell: Shell) -> None:
    shell.add("anna")
    done = shell.run("user", "password", "anna", "--password", "another long password")
    assert (done.exit_code, done.stdout) == (0, "anna has a new password and has to sign in again\n")
    nobody = shell.run("user", "password", "ben", "--password", "another long password")
    assert nobody.exit_code == 1
    assert "nobody has this login" in one_line(nobody)


def test_the_files_for_the_pbx(shell: Shell) -> None:
    secret = "made-up-secret-1"
    shell.settings(f'[asterisk]\nsecret = "{secret}"\n[routing]\nring_seconds = 21\n')
    printed = shell.run("asterisk", "config")
    assert printed.exit_code == 0
    assert "CC_SECONDS=21" in printed.stdout
    assert "[callcenter-hold]" in printed.stdout
    out = shell.folder / "files"
    out.mkdir()
    open_to_all = out / "manager_callcenter.conf"
    open_to_all.touch(mode=0o644)
    open_to_all.chmod(0o644)
    written = shell.run("asterisk", "config", "--out", str(out))
    assert written.exit_code == 0
    assert secret not in written.stdout
    assert secret in open_to_all.read_text(encoding="utf-8")
    assert {stat.S_IMODE(one.stat().st_mode) for one in out.iterdir()} == {0o600}


def test_files_for_a_pbx_need_a_secret(shell: Shell) -> None:
    result = shell.run("asterisk", "config")
    assert result.exit_code == 1
    assert "manager_secret" in one_line(result)


def test_a_recording_that_is_none(shell: Shell) -> None:
    junk = shell.folder / "junk.xz"
    junk.write_bytes(b"junk")
    result = CliRunner().invoke(main, ["replay", str(junk)])
    assert result.exit_code == 1
    assert "not an .xz file" in one_line(result)


def test_a_phone_is_given_later_and_changed(shell: Shell) -> None:
    shell.add("anna", "--extension", "1001")
    shell.add("ben")
    taken = shell.run("user", "phone", "ben", "1001")
    assert taken.exit_code == 1
    assert "this extension is taken" in one_line(taken)
    given = shell.run("user", "phone", "ben", "1002")
    assert given.stdout.startswith(
        "ben answers at PJSIP/1002 and has to sign in again to see calls; a running server"
    )
    assert shell.run("user", "phone", "BEN", "1003").exit_code == 0
    listed = shell.run("user", "list").stdout.splitlines()
    assert [line.split()[2] for line in listed] == ["1001", "1003"]
    assert "digits" in one_line(shell.run("user", "phone", "ben", "x"))
    assert "nobody has this login" in one_line(shell.run("user", "phone", "cleo", "1004"))


def test_somebody_is_disabled_and_enabled(shell: Shell) -> None:
    shell.add("anna", "--extension", "1001")
    done = shell.run("user", "disable", "anna")
    assert done.stdout.startswith("anna cannot sign in any more; a running server")
    assert shell.run("user", "list").stdout.split() == ["anna", "agent", "1001", "anna", "(disabled)"]
    assert "nobody has this login" in one_line(shell.run("user", "phone", "anna", "1002"))
    assert shell.add("ben", "--extension", "1001").exit_code == 0
    assert shell.run("user", "enable", "anna").stdout.startswith("anna can sign in again; a running server")
    listed = shell.run("user", "list").stdout.splitlines()
    assert [line.split()[:3] for line in listed] == [["anna", "agent", "-"], ["ben", "agent", "1001"]]
    assert "nobody has this login" in one_line(shell.run("user", "disable", "cleo"))


def test_files_for_the_pbx_go_through_no_link(shell: Shell) -> None:
    shell.settings('[asterisk]\nsecret = "made-up-secret-1"\n')
    out, other = shell.folder / "files", shell.folder / "other"
    out.mkdir()
    other.write_text("precious", encoding="utf-8")
    (out / "manager_callcenter.conf").symlink_to(other)
    assert shell.run("asterisk", "config", "--out", str(out)).exit_code == 0
    assert other.read_text(encoding="utf-8") == "precious"
    assert [one.name for one in out.iterdir() if one.name.startswith(".")] == []


def test_files_for_the_pbx_that_cannot_be_written(shell: Shell) -> None:
    shell.settings('[asterisk]\nsecret = "made-up-secret-1"\n')
    result = shell.run("asterisk", "config", "--out", "/dev/null/files")
    assert result.exit_code == 1
    assert "cannot be written: Not a directory" in one_line(result)


def test_a_public_address_without_its_proxy_is_warned_of(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    database = f'database = "sqlite:///{shell.folder}"\npublic_url = "https://calls.example.com"\n'
    shell.settings(f"[server]\n{database}")
    shell.run("serve")
    assert "name the proxy's address" in caplog.text
    caplog.clear()
    shell.settings(f'[server]\n{database}trusted_proxies = ["127.0.0.1"]\n')
    shell.run("serve")
    assert caplog.text == ""
