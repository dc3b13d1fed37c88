"""The settings file: defaults are the documented ones, and every mistake is one clear line."""

from pathlib import Path

import pytest

from callcenter.settings import Settings, SettingsError, check, load

DOCUMENTED = Path(__file__).parents[3] / "config" / "callcenter.toml"


def test_the_documented_file_is_exactly_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_AMI_SECRET", "s3cret")
    expected = check({"asterisk": {"secret": "s3cret"}}, source="test")
    assert load(DOCUMENTED) == expected
    assert expected.server == Settings().server


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"server": {"prt": 1}}, "f.toml: server.prt: unknown key; allowed: database, host, log_level, port"),
        ({"server": {"port": "abc"}}, "f.toml: server.port: found 'abc'; input should be a valid integer"),
        ({"server": {"port": 70000}}, "f.toml: server.port: found 70000; input should be less than or equal"),
        ({"server": {"region": "usa"}}, "f.toml: server.region: found 'usa'; allowed: text matching"),
        ({"queues": [{"name": "x"}]}, "f.toml: queues.0.id: missing"),
        ({"flow": {"queue": "orders"}}, "f.toml: flow.queue: found 'orders'; allowed: service"),
        ({"routing": {"ring_seconds": 1}}, "f.toml: routing.ring_seconds: found 1;"),
        (
            {"server": {"trusted_proxies": ["proxy.example.com"]}},
            "f.toml: server.trusted_proxies.0: found 'proxy.example.com'; allowed: an address such as 127.0.0.1",
        ),
        (
            {"fastagi": {"peers": ["127.0.0.1", "pbx.example.com"]}},
            "f.toml: fastagi.peers.1: found 'pbx.example.com'; allowed: an address or a network such as",
        ),
        (
            {"asterisk": {"tls_ca": "/nope.pem"}},
            "f.toml: asterisk.tls_ca: found '/nope.pem'; cannot be read: No such file or directory; allowed: a",
        ),
        ({"asterisk": {"tls_ca": __file__}}, f"f.toml: asterisk.tls_ca: found {__file__!r}"[:80]),
        (
            {"server": {"database": "mysql://u:hunter2@h/n"}},
            "f.toml: server.database: found (hidden); mysql is not supported; allowed: sqlite:///path or postgr",
        ),
        (
            {"server": {"database": "hunter2"}},
            "f.toml: server.database: found (hidden); not a database URL; allowed: sqlite:///path or postgresql",
        ),
        ({"dialplan": {"agent_pattern": "_X."}}, "f.toml: dialplan.agent_pattern: found '_X.'; "),
        ({"dialplan": {"agent_pattern": "_[3-1]XX"}}, "f.toml: dialplan.agent_pattern: found '_[3-1]XX'; "),
        ({"dialplan": {"technology": "IAX2"}}, "f.toml: dialplan.technology: found 'IAX2'; "),
        ({"dialplan": {"permit": "pbx.example"}}, "f.toml: dialplan.permit: found 'pbx.example'; "),
        ({"dialplan": {"music": "a b"}}, "f.toml: dialplan.music: found 'a b'; "),
        ({"dialplan": {"mailbox": "1000"}}, "f.toml: dialplan.mailbox: found '1000'; "),
        ({"zzz": 1}, "f.toml: zzz: unknown key; allowed: asterisk"),
        (
            {"queues": [{"id": "service", "name": "a"}, {"id": "service", "name": "b"}]},
            "f.toml: queues: an id is given twice",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_key_found_and_allowed(
    document: dict[str, object], line: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        check(document, source="f.toml")
    text = str(caught.value)
    assert text.startswith(line)
    assert "\n" not in text


def test_a_secret_is_read_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SECRET", "from-env")
    secret_file = tmp_path / "secret"
    secret_file.write_text("from-file\nsecond line\n")
    by_env = check({"asterisk": {"secret": "env:SOME_SECRET"}}, source="t")
    by_file = check({"asterisk": {"secret": f"file:{secret_file}"}}, source="t")
    assert by_env.asterisk.secret.get_secret_value() == "from-env"
    assert by_file.asterisk.secret.get_secret_value() == "from-file"


def test_a_secret_is_neither_in_the_error_nor_in_the_repr() -> None:
    with pytest.raises(SettingsError) as caught:
        check({"asterisk": {"secret": 12345678}}, source="t")
    assert "12345678" not in str(caught.value)
    assert "hunter2" not in repr(check({"asterisk": {"secret": "hunter2"}}, source="t"))


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (
            {"asterisk": [{"secret": "hunter2"}]},
            "t: asterisk: found a list of tables ([[…]]); allowed: one table of keys ([…])",
        ),
        ({"asterisk": "hunter2"}, "t: asterisk: found a single value; allowed: one table of keys ([…])"),
        ({"server": {"database": {"url": "hunter2"}}}, "t: server.database: found (hidden); "),
        ({"server": {"database": ["hunter2"]}}, "t: server.database: found (hidden); "),
        ({"asterisk": {"secret": {"secret": "hunter2"}}}, "t: asterisk.secret: found (hidden); "),
        ({"asterisk": {"doctor_secret": ["hunter2"]}}, "t: asterisk.doctor_secret: found (hidden); "),
        ({"flow": {"greeting": {"secret": "hunter2"}}}, "t: flow.greeting: found a table; "),
    ],
)
def test_no_mistake_makes_a_secret_visible(document: dict[str, object], line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check(document, source="t")
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_proxies_and_peers_are_read() -> None:
    settings = check(
        {
            "server": {"trusted_proxies": ["127.0.0.1", "2001:DB8::1"]},
            "fastagi": {"peers": ["10.0.0.0/24", "::1"]},
        },
        source="t",
    )
    assert settings.server.trusted_proxies == ("127.0.0.1", "2001:db8::1")
    assert settings.fastagi.peers == ("10.0.0.0/24", "::1")


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="environment variable NOT_THERE is not set"):
        check({"asterisk": {"secret": "env:NOT_THERE"}}, source="t")


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"\xff\xfe", "UTF-8"), (b"[server", "not valid TOML"), (b"x" * (1 << 20) + b"x", "larger than")],
)
def test_an_unreadable_file_says_why(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "callcenter.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=word):
        load(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
