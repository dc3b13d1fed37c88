"""`python -m tests.bench [NAME…]`: measure, with the peers in the same run; writes docs/benchmarks.md.

Exit code 1 if a target was missed or something could not be measured; the table says which.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from tests.bench.machine import machine
from tests.bench.report import Options, Run, Section, markdown, renewed, terminal

PROJECT = Path(__file__).resolve().parents[2]
REPORT = PROJECT / "docs" / "benchmarks.md"

BENCHES: Sequence[str] = (
    "codec",
    "pipeline",
    "cpu",
    "storm",
    "delay",
    "pop",
    "fanout",
    "lookup",
    "journal",
    "memory",
    "ready",
)
"""Modules beside this one, in the order of the table. Each has TITLE, HOW and `run(options) -> list[Row]`."""


def module_of(name: str) -> ModuleType:
    """Imported when asked for: some need what is not everywhere installed."""
    return importlib.import_module(f"tests.bench.{name}")


def measure(name: str, options: Options) -> Section:
    """Run one. What goes wrong becomes the section's failure: the others are measured all the same."""
    module = module_of(name)
    begun = time.monotonic()
    rows, failure, thresholds = [], "", gc.get_threshold()
    try:
        rows = module.run(options)
    except Exception as error:  # the edge: a missing program or a bench's own fault must not lose the rest
        traceback.print_exc()
        failure = f"could not be measured: {type(error).__name__}: {error}"
    finally:
        gc.unfreeze()  # some benches freeze what they have, as a server does
        gc.set_threshold(*thresholds)
        gc.collect()
    return Section(
        name=name,
        title=module.TITLE,
        how=module.HOW,
        rows=rows,
        failure=failure,
        seconds=time.monotonic() - begun,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}; none: all")
    parser.add_argument("--quick", action="store_true", help="rough figures in a fraction of the time")
    parser.add_argument(
        "--out",
        type=Path,
        help=f"default: {REPORT.relative_to(PROJECT)} for a full run, else none; some benches renew theirs in it",
    )
    parser.add_argument("--folder", type=Path, help="where databases are made; default: the project's var/")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.names) - set(BENCHES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    names = [name for name in BENCHES if not chosen.names or name in chosen.names]
    whole = not chosen.names and not chosen.quick
    return _run(
        names, chosen.quick, chosen.out or (REPORT if whole else None), chosen.folder or PROJECT / "var"
    )


def _one(name: str, shared: Path, quick: bool) -> Section:
    folder = shared / name
    folder.mkdir()
    section = measure(name, Options(folder=folder, shared=shared, quick=quick))
    print(terminal(section), flush=True)
    return section


def _run(names: Sequence[str], quick: bool, out: Path | None, where: Path) -> int:
    at, described = datetime.now(UTC), machine()
    for key, value in described:
        print(f"{key:<20} {value}")
    where.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=where) as folder:
        sections = [_one(name, Path(folder), quick) for name in names]
    all_of_it = len(names) == len(BENCHES) and out == REPORT
    command = "make bench" if all_of_it else " ".join(["python -m tests.bench", *names])
    run = Run(command=command, at=at, machine=described, sections=sections)
    if out is not None:
        some = out.exists() and len(names) < len(BENCHES)
        written = renewed(out.read_text(encoding="utf-8"), run) if some else markdown(run)
        out.write_text(written, encoding="utf-8")
        print(f"\nwrote {out}")
    for line in run.missed:
        print(f"MISSED  {line}")
    print("every target was met" if run.met else f"{len(run.missed)} targets were missed")
    return 0 if run.met else 1


if __name__ == "__main__":
    sys.exit(main())
