"""What `make bench` writes: figures, targets, and plainly what was missed."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench.report import Row, Run, Section, figure, markdown, percentile, renewed, terminal

GOOD = Row(name="rate", value=1234.5, unit="events/s", at_least=1000, peer="peer | other: 500")
BAD = Row(name="delay", value=7.25, unit="ms", at_most=5)
PLAIN = Row(name="seconds", value=3.0, unit="s")


def run_of(*rows: Row, failure: str = "") -> Run:
    section = Section(name="x", title="X", how="How it\nwas made.", rows=rows, failure=failure)
    return Run(
        command="make bench",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        machine=[("CPU", "one")],
        sections=[section],
    )


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row(name="", value=5, at_most=5), True),
        (Row(name="", value=5.01, at_most=5), False),
        (Row(name="", value=5, at_least=5), True),
        (Row(name="", value=4.99, at_least=5), False),
        (Row(name="", value=math.nan, at_least=5), False),
        (Row(name="", value=math.nan, at_most=5), False),
        (Row(name="", value=math.nan), True),
    ],
)
def test_a_figure_that_is_none_meets_no_target(row: Row, met: bool) -> None:
    assert row.met is met


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.8, "1,234,568"), (12.34, "12.3"), (0.0123, "0.0123"), (3.0, "3"), (math.nan, "not measured")],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert figure(value) == text


def test_percentile() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(list(map(float, range(100))), 0.99) == 99.0
    assert math.isnan(percentile([], 0.5))


def test_the_page_says_what_was_met_and_how() -> None:
    page = markdown(run_of(GOOD, PLAIN))
    assert "Every target was met." in page
    assert "How it was made." in page
    assert "| rate | 1,234 events/s | ≥ 1,000 | met | peer \\| other: 500 |" in page
    assert "| seconds | 3 s |  |  |  |" in page
    assert "| CPU | one |" in page


def test_the_page_says_what_was_missed() -> None:
    run = run_of(GOOD, BAD)
    assert not run.met
    assert run.missed == ["X: delay: 7.25 ms, target ≤ 5"]
    page = markdown(run)
    assert "- X: delay: 7.25 ms, target ≤ 5" in page
    assert "| delay | 7.25 ms | ≤ 5 | **MISSED** |  |" in page
    assert "MISSED" in terminal(run.sections[0])


def test_one_section_is_renewed_and_the_others_stay() -> None:
    first = run_of(BAD)
    other = replace(first.sections[0], title="Y", rows=[GOOD])
    page = markdown(replace(first, sections=[first.sections[0], other]))
    later = replace(run_of(GOOD), command="python -m tests.bench x", at=datetime(2026, 11, 22, tzinfo=UTC))
    mended = renewed(page, later)
    assert "**Missed:**" in page
    assert "Every target was met." in mended
    assert "Measured by `python -m tests.bench x` on 2026-11-22 00:00 UTC." in mended
    assert mended.partition("## Y")[2] == page.partition("## Y")[2]
    assert mended.startswith(page.partition("**Missed:**")[0])
    again = renewed(mended, first)
    assert "- X: delay: 7.25 ms, target ≤ 5" in again
    broken = renewed(page, run_of(failure="no PBX"))
    assert "- X: no PBX" in broken


def test_what_could_not_be_measured_is_missed() -> None:
    run = run_of(failure="could not be measured: SippMissing: no SIPp")
    assert not run.met
    assert "**MISSED:** could not be measured: SippMissing: no SIPp" in markdown(run)


@pytest.mark.parametrize("name", bench.BENCHES)
def test_every_measurement_says_what_it_is(name: str) -> None:
    module = bench.module_of(name)
    assert module.TITLE
    assert module.HOW.strip()
    assert callable(module.run)


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.main(["nothing"])
    assert ended.value.code == 2
    assert "unknown: nothing; there are codec, " in capsys.readouterr().err


def test_the_exit_code_and_the_page_say_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "machine", lambda: [("CPU", "one")])
    monkeypatch.setattr(bench.module_of("codec"), "run", lambda options: [BAD])
    out = tmp_path / "page.md"
    assert bench.main(["codec", "--out", str(out), "--folder", str(tmp_path)]) == 1
    assert "**MISSED**" in out.read_text()
    assert "1 targets were missed" in capsys.readouterr().out


def test_a_measurement_that_breaks_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(options: object) -> list[Row]:
        raise OSError("no disk")

    monkeypatch.setattr(bench, "machine", lambda: [])
    monkeypatch.setattr(bench.module_of("codec"), "run", breaks)
    monkeypatch.setattr(bench.module_of("fanout"), "run", lambda options: [GOOD])
    out = tmp_path / "page.md"
    assert bench.main(["codec", "fanout", "--out", str(out), "--folder", str(tmp_path)]) == 1
    assert "could not be measured: OSError: no disk" in out.read_text()
    assert "| rate | 1,234 events/s | ≥ 1,000 | met |" in out.read_text()
