"""The documents that are not about one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter.agents.floor import AgentProfile, Floor
from callcenter.agents.ids import AgentId
from callcenter.bootstrap.desks import QUEUES_SECONDS, Desks
from callcenter.routing.matching import Waiting
from callcenter.settings import QueueSettings
from callcenter.telephony.events import CallId, Endpoint, LegId
from web.realtime.hub import DeskHub


@dataclass
class Timer:
    set: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __call__(self, seconds: float, call: Callable[[], None]) -> None:
        self.set.append((seconds, call))


@dataclass
class Callers:
    now: list[Waiting] = field(default_factory=list)

    def waiting(self) -> list[Waiting]:
        return self.now


def caller(number: int, queue: str = "service") -> Waiting:
    return Waiting(
        call=CallId(f"pbx:{number}"), leg=LegId(f"pbx:{number}"), queue=queue, since=float(number), priority=0
    )


def test_queues_are_told_together_and_only_when_they_differ() -> None:
    timer, hub, callers = Timer(), DeskHub(stream="s"), Callers()
    anna = AgentProfile(
        id=AgentId("1"),
        name="Anna",
        extension="1001",
        endpoint=Endpoint("PJSIP/1001"),
        queues=frozenset({"service"}),
    )
    queues = [QueueSettings(id="service", name="Service"), QueueSettings(id="orders", name="Orders")]
    desks = Desks(hub=hub, floor=Floor([anna]), queues=queues, later=timer)
    desks.open_all(["user:9"])
    before = hub.seq("agent:1")
    callers.now = [caller(7)]
    desks.queues_changed(callers)
    callers.now = [caller(7), caller(8), caller(9, "orders")]
    desks.queues_changed(callers)
    [(seconds, tell)] = timer.set
    assert seconds == QUEUES_SECONDS
    assert hub.seq("agent:1") == before
    tell()
    assert hub.seq("agent:1") == before + 1
    service = {"id": "service", "name": "Service", "waiting": 2, "longest_since": 7.0}
    orders = {"id": "orders", "name": "Orders", "waiting": 1, "longest_since": 9.0}
    assert hub.snapshot("agent:1")["queues"] == [service]
    assert hub.snapshot("user:9")["queues"] == [service, orders]
    desks.queues_changed(callers)
    timer.set[1][1]()
    assert hub.seq("agent:1") == before + 1
