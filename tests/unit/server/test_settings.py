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
