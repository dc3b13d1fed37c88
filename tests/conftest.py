"""How every tier runs."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

settings.register_profile(
    "quick", max_examples=60, deadline=None, derandomize=True
)  # a busy machine is no counterexample
settings.register_profile("thorough", max_examples=400, deadline=None, derandomize=True)
settings.register_profile(
    "search", max_examples=4_000, deadline=None
)  # by hand, for counterexamples not yet known
settings.load_profile("quick")  # scripts/test asks for the other: --hypothesis-profile thorough


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays: the collector need not look at it again at every test."""
    gc.collect()
    gc.freeze()
