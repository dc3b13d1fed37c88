"""What a live call costs in memory (what an event costs in time is in `make bench`)."""

import gc
import tracemalloc

from callcenter.calls.book import CallBook
from callcenter.calls.entries import EnteredQueue, Entry
from callcenter.telephony.events import CallId
from tests.unit.calls.story import ANNA, Story, leg_id

CALLS = 150


def _talking(number: int) -> list[Entry]:
    """A call with its own ids, as a switch makes them: waits, rings, talks, is held, talks."""
    story = Story(id=CallId(f"pbx:17952913{number:06}.42"))
    caller, agent = f"17952913{number:06}.42", f"17952913{number:06}.47"
    story.arrives(caller, number=f"+1415555{number:04}").up(caller)
    story.tell(EnteredQueue(at=story.at, call=story.id, leg=leg_id(caller), queue="service"))
    story.wait(9).rings(ANNA, agent, for_leg=caller).wait(4).answers(agent, other=caller)
    story.wait(60).hold(caller, by=agent).wait(5).unhold(caller)
    return story.told


def test_a_live_call_takes_well_under_ten_kilobytes() -> None:
    book = CallBook()
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(CALLS):
            for entry in _talking(number):
                book.apply(entry)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(book) == CALLS
    assert (after - before) / CALLS < 5_000
