"""The journal's waiting line: order, bounds, and losses marked where they happened."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from callcenter.storage.journal.backlog import LOSS_KIND, Backlog, JournalLimits
from tests.storage.journal_parts import AT, entries, entry, fold


def _small(**limits: int) -> Backlog:
    return Backlog(JournalLimits(**({"entries": 4, "folds": 2, "batch": 3} | limits)))


def test_a_batch_is_the_oldest_entries_and_stays_until_done() -> None:
    backlog = _small()
    backlog.add(entries(1, 4), (), 0.0)
    first = backlog.take()
    assert [one.at for one in first.entries] == [AT + 1, AT + 2, AT + 3]
    assert backlog.take() == first
    backlog.done(first, 0.0)
    assert [one.at for one in backlog.take().entries] == [AT + 4]


def test_a_row_is_never_ahead_of_its_journal() -> None:
    backlog = _small()
    backlog.add(entries(1, 4), [fold()], 0.0)
    batch = backlog.take()
    assert batch.folds == ()
    backlog.done(batch, 0.0)
    assert backlog.take().folds == (fold(),)


def test_the_last_row_of_a_call_counts_and_one_that_changed_while_written_is_written_again() -> None:
    backlog = _small()
    old, new = fold(wait_seconds=1.0), fold(wait_seconds=2.0)
    backlog.add((), [fold(wait_seconds=0.5), old], 0.0)
    batch = backlog.take()
    assert batch.folds == (old,)
    backlog.add((), [new], 0.0)
    backlog.done(batch, 0.0)
    assert backlog.take().folds == (new,)


def test_past_the_bound_a_loss_is_marked_between_what_is_held_and_what_comes_next() -> None:
    backlog = _small()
    backlog.add(entries(1, 9), (), 0.0)
    assert backlog.lost == 5
    backlog.done(backlog.take(), 0.0)
    backlog.add([entry(10)], (), 0.0)
    kinds = [one.kind for one in backlog.take().entries]
    assert kinds == ["LegUp", LOSS_KIND, "LegUp"]
    loss = json.loads(backlog.take().entries[1].body)
    assert loss == {"entries": 5, "folds": 0, "since": AT + 5, "until": AT + 9}


def test_bytes_are_bounded_too() -> None:
    backlog = _small(entries=100, bytes=20)
    backlog.add(entries(1, 9), (), 0.0)
    assert backlog.lost == 6


def test_rows_past_the_bound_are_lost_and_marked() -> None:
    backlog = _small()
    backlog.add((), [fold("pbx:1"), fold("pbx:2"), fold("pbx:3")], 0.0)
    assert backlog.lost == 1
    backlog.mark_loss(0.0)
    assert json.loads(backlog.take().entries[0].body)["folds"] == 1


def test_behind_is_the_age_of_the_oldest() -> None:
    backlog = _small()
    assert backlog.behind(9.0) == 0.0
    backlog.add([entry(1)], (), 1.0)
    backlog.add([entry(2)], (), 5.0)
    assert backlog.behind(9.0) == 8.0


@given(st.lists(st.one_of(st.integers(1, 6), st.none()), max_size=40))
def test_nothing_is_lost_without_being_counted(steps: list[int | None]) -> None:
    backlog, given_count, written, n = _small(), 0, [], 0
    for step in [*steps, None, None, None, None]:
        if step is None:
            batch = backlog.take()
            written += batch.entries
            backlog.done(batch, 0.0)
        else:
            backlog.add(entries(n + 1, n + step), (), 0.0)
            given_count, n = given_count + step, n + step
    real = [one for one in written if one.kind != LOSS_KIND]
    marked = sum(json.loads(one.body)["entries"] for one in written if one.kind == LOSS_KIND)
    assert len(real) + marked == given_count
    assert marked == backlog.lost
    assert [one.at for one in real] == sorted(one.at for one in real)
