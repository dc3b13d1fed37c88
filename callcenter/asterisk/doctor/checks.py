"""What the doctor says: one line for each thing that must work, and what to do where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckName(StrEnum):
    """The checks in the order in which they make sense."""

    REACHABLE = "pbx reachable"
    SIGN_IN = "sign-in"
    SECOND_OPINION = "second opinion"
    VERSION = "version"
    RIGHTS = "rights"
    EVENTS = "events"
    CLOCK = "clock"
    DIALPLAN = "dialplan"
    AGENTS = "agents' extensions"
    FALLBACK = "fallback queue"
    TEST_CALLS = "test calls"
    FASTAGI = "fastagi"
    PROMPTS = "prompts"
    DATABASE = "database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One result. `detail` is what was found; `advice` what to do (empty when all is well)."""

    name: CheckName
    ok: bool
    detail: str
    advice: str = ""


def passed(name: CheckName, detail: str) -> Check:
    return Check(name=name, ok=True, detail=detail)


def failed(name: CheckName, detail: str, advice: str) -> Check:
    return Check(name=name, ok=False, detail=detail, advice=advice)
