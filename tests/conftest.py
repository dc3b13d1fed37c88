"""How every tier runs."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

# No deadline: a busy machine is no counterexample. The same examples in each run; `search` looks for new ones, by
# hand.
settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=400, deadline=None, derandomize=True)
settings.register_profile("search", max_examples=4_000, deadline=None)
settings.load_profile("quick")  # scripts/test asks for the other: --hypothesis-profile thorough


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays: the collector need not look at it again at every test."""
    gc.collect()
    gc.freeze()
