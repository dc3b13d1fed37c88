import pytest

from ivr.flow import (
    MAX_STEPS,
    Enqueue,
    Flow,
    FlowError,
    HangUp,
    Say,
    advance,
    begin,
    greeting_then_queue,
)


def test_greeting_then_queue() -> None:
    flow = greeting_then_queue(greeting="hello", queue="service")
    position, step = begin(flow)
    assert step == Say(prompt="hello", then="queue")
    _, step = advance(flow, position)
    assert step == Enqueue(queue="service")


def test_without_greeting_the_caller_goes_straight_to_the_queue() -> None:
    assert begin(greeting_then_queue(greeting="", queue="orders"))[1] == Enqueue(queue="orders")


def test_a_looping_flow_ends() -> None:
    flow = Flow(start="a", steps={"a": Say(prompt="x", then="b"), "b": Say(prompt="y", then="a")})
    position, step = begin(flow)
    walked = 0
    while not isinstance(step, HangUp):
        position, step = advance(flow, position)
        walked += 1
    assert walked == MAX_STEPS


@pytest.mark.parametrize(
    ("start", "steps", "word"),
    [
        ("nowhere", {"a": HangUp()}, "nowhere"),
        ("a", {"a": Say(prompt="x", then="gone")}, "gone"),
    ],
)
def test_a_flow_that_leads_nowhere_is_refused(start: str, steps: dict[str, HangUp | Say], word: str) -> None:
    with pytest.raises(FlowError, match=word):
        Flow(start=start, steps=steps)
