"""Figures, what they must reach, and how they are shown: on the terminal and in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MISSED = "MISSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`quick` is for developing: less of everything, so the figures are rough. `folder` is the measurement's own,
    `shared` the whole run's; both are on the disk that its databases are made on."""

    folder: Path
    shared: Path
    quick: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. At most one of the two targets is set; `peer` says in words what peers did in the same run."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    peer: str = ""

    @property
    def judged(self) -> bool:
        return self.at_least is not None or self.at_most is not None

    @property
    def met(self) -> bool:
        """A figure that is no number (nothing could be measured) meets no target."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return True

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {figure(self.at_least)}"
        return "" if self.at_most is None else f"≤ {figure(self.at_most)}"

    @property
    def verdict(self) -> str:
        return "" if not self.judged else "met" if self.met else MISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One measurement: `how` it was made, its rows, and `failure` where it could not be made at all."""

    name: str
    title: str
    how: str
    rows: Sequence[Row] = ()
    failure: str = ""
    seconds: float = 0.0

    @property
    def met(self) -> bool:
        return not self.failure and all(row.met for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of some or all measurements."""

    command: str
    at: datetime
    machine: Sequence[tuple[str, str]]
    sections: Sequence[Section]

    @property
    def met(self) -> bool:
        return all(section.met for section in self.sections)

    @property
    def missed(self) -> list[str]:
        """Each target that was missed, in words."""
        lines = [f"{one.title}: {one.failure}" for one in self.sections if one.failure]
        lines += [
            f"{one.title}: {row.name}: {figure(row.value)} {row.unit}, target {row.target}"
            for one in self.sections
            for row in one.rows
            if not row.met
        ]
        return lines


def figure(value: float) -> str:
    """Three significant digits or so, thousands separated."""
    if value != value:
        return "not measured"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed; not a number where there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def terminal(section: Section) -> str:
    """One section as text."""
    lines = [f"\n{section.title}  ({section.seconds:.0f} s)"]
    if section.failure:
        lines.append(f"  {MISSED}: {section.failure}")
    width = max((len(row.name) for row in section.rows), default=0)
    for row in section.rows:
        value = f"{figure(row.value)} {row.unit}".strip()
        lines.append(
            f"  {row.name:<{width}}  {value:>18}  {row.target:<9} {row.verdict:<7} {row.peer}".rstrip()
        )
    return "\n".join(lines)


def markdown(run: Run) -> str:
    """docs/benchmarks.md."""
    missed = run.missed
    verdict = (
        "Every target was met."
        if not missed
        else "**Missed:**\n\n" + "\n".join(f"- {_cell(line)}" for line in missed)
    )
    machine = "\n".join(f"| {name} | {_cell(value)} |" for name, value in run.machine)
    parts = [
        "# Benchmarks",
        f"Written by `{run.command}` on {run.at:%Y-%m-%d %H:%M} UTC; do not edit. Peers ran in the same run on the "
        "same machine, and so did the load: callers, phones, browsers and the PBX share its cores with the server.",
        verdict,
        f"| machine | |\n|---|---|\n{machine}",
        *(_section(section) for section in run.sections),
    ]
    return "\n\n".join(parts) + "\n"


def renewed(document: str, run: Run) -> str:
    """docs/benchmarks.md with the sections of `run` in the place of the older ones; each says when it was made."""
    head, *parts = document.rstrip().split("\n\n## ")
    sections = {part.partition("\n")[0]: f"## {part}" for part in parts}
    for one in run.sections:
        sections[one.title] = _section(one, f"Measured by `{run.command}` on {run.at:%Y-%m-%d %H:%M} UTC.")
    title, written, *_ = head.split("\n\n")
    machine = head[head.index("| machine |") :]
    return "\n\n".join([title, written, _verdict(sections), machine, *sections.values()]) + "\n"


def _verdict(sections: Mapping[str, str]) -> str:
    """What the tables of a written document miss, by section."""
    missed = []
    for title, text in sections.items():
        for line in text.splitlines():
            if line.startswith(f"**{MISSED}:**"):
                missed.append(f"- {title}: {line.removeprefix(f'**{MISSED}:**').strip()}")
            elif f"| **{MISSED}** |" in line:
                name, value, target, *_ = line.removeprefix("| ").split(" | ")
                missed.append(f"- {title}: {name}: {value}, target {target}")
    return "**Missed:**\n\n" + "\n".join(missed) if missed else "Every target was met."


def _section(section: Section, measured: str = "") -> str:
    parts = [f"## {section.title}", " ".join(f"{section.how} {measured}".split())]
    if section.failure:
        parts.append(f"**{MISSED}:** {_cell(section.failure)}")
    if section.rows:
        parts.append("\n".join([_HEAD, *map(_line, section.rows)]))
    return "\n\n".join(parts)


_HEAD = "| what | value | target | | peers in the same run |\n|---|---:|---:|---|---|"


def _line(row: Row) -> str:
    verdict = f"**{MISSED}**" if row.verdict == MISSED else row.verdict
    value = f"{figure(row.value)} {row.unit}".strip()
    return f"| {_cell(row.name)} | {value} | {row.target} | {verdict} | {_cell(row.peer)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
