"""The matching engine: fair, complete, and it says why."""

from hypothesis import given
from hypothesis import strategies as st

from callcenter.agents.ids import AgentId
from callcenter.routing.matching import Idle, Waiting, match
from callcenter.telephony.events import CallId, Endpoint, LegId

NOW = 1_795_000_000.0


def caller(name: str, *, since: float = NOW - 60, priority: int = 0, queue: str = "service") -> Waiting:
    return Waiting(call=CallId(name), leg=LegId(name), queue=queue, since=since, priority=priority)


def agent(name: str, *, since: float = NOW - 60, queues: frozenset[str] | None = None) -> Idle:
    return Idle(agent=AgentId(name), endpoint=Endpoint(f"PJSIP/{name}"), since=since, queues=queues)


def pairs(waiting: list[Waiting], idle: list[Idle]) -> list[tuple[str, str]]:
    return [(found.waiting.call, found.agent) for found in match(waiting, idle, NOW)]


def test_who_waited_longest_gets_who_was_idle_longest() -> None:
    waiting = [caller("late", since=NOW - 5), caller("early", since=NOW - 90)]
    idle = [agent("busy", since=NOW - 3), agent("rested", since=NOW - 300)]
    assert pairs(waiting, idle) == [("early", "rested"), ("late", "busy")]


def test_priority_goes_before_waiting() -> None:
    waiting = [caller("early", since=NOW - 90), caller("vip", since=NOW - 1, priority=5)]
    assert pairs(waiting, [agent("a")]) == [("vip", "a")]


def test_a_queue_without_a_free_agent_holds_up_no_other() -> None:
    waiting = [caller("c1", queue="repair", since=NOW - 90), caller("c2")]
    assert pairs(waiting, [agent("a", queues=frozenset({"service"}))]) == [("c2", "a")]


def test_every_choice_says_why() -> None:
    (found,) = match([caller("c", since=NOW - 12)], [agent("a", since=NOW - 94)], NOW)
    assert found.why == "idle 94 s, caller waited 12 s"


_QUEUES = st.sampled_from(["service", "repair", "sales"])
_SINCE = st.integers(0, 50).map(lambda seconds: NOW - seconds)
_CALLERS = st.lists(st.tuples(_QUEUES, _SINCE, st.integers(0, 2)), max_size=12).map(
    lambda rows: [
        caller(f"c{number}", queue=queue, since=since, priority=priority)
        for number, (queue, since, priority) in enumerate(rows)
    ]
)
_AGENTS = st.lists(st.tuples(st.none() | st.frozensets(_QUEUES), _SINCE), max_size=12).map(
    lambda rows: [
        agent(f"a{number}", queues=queues, since=since) for number, (queues, since) in enumerate(rows)
    ]
)


@given(_CALLERS, _AGENTS)
def test_never_a_caller_beside_an_eligible_idle_agent(waiting: list[Waiting], idle: list[Idle]) -> None:
    found = match(waiting, idle, NOW)
    served = {one.waiting.call for one in found}
    given_away = [one.agent for one in found]
    assert len(given_away) == len(set(given_away))
    assert len(served) == len(found)
    for one in waiting:
        if one.call in served:
            continue
        for free in idle:
            if free.agent not in given_away:
                assert free.queues is not None
                assert one.queue not in free.queues


@given(_CALLERS, _AGENTS)
def test_first_in_first_out_inside_a_priority_and_queue(waiting: list[Waiting], idle: list[Idle]) -> None:
    served = {one.waiting.call for one in match(waiting, idle, NOW)}
    for left in waiting:
        if left.call in served:
            continue
        for other in waiting:
            if other.call in served and (other.queue, other.priority) == (left.queue, left.priority):
                assert other.since <= left.since


@given(_CALLERS, _AGENTS)
def test_the_order_of_the_input_does_not_matter(waiting: list[Waiting], idle: list[Idle]) -> None:
    expected = match(waiting, idle, NOW)
    assert match(list(reversed(waiting)), list(reversed(idle)), NOW) == expected
