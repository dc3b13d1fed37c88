"""The demo's telephone traffic: a gentle stream of callers, agents who answer by themselves, a button.

A robot's phone answers after a few seconds and talks for a while. A person's phone rings long enough to
read the screen and is then answered too, so that one sees the whole life of a call without owning a phone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from callcenter.simulator.core.channel import Channel
from callcenter.simulator.people import Caller, Choice, Habit, Reaction, place_call
from callcenter.simulator.server import SimulatedSwitch

Numbers = Callable[[], tuple[str, str]]
"""Gives the number and the name of the next caller (from the customers' records, or made up)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of seconds from which durations are drawn, most often near its middle."""

    low: float
    high: float

    def draw(self, source: random.Random) -> float:
        return source.triangular(self.low, self.high, (self.low + self.high) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """How lively the demo is."""

    between_calls: Span = Span(20.0, 45.0)
    patience: Span = Span(60.0, 180.0)
    robot_answers: Span = Span(2.0, 6.0)
    robot_talks: Span = Span(20.0, 70.0)
    person_answers: Span = Span(8.0, 12.0)  # the time to read who is calling
    person_talks: Span = Span(15.0, 30.0)  # ended, the call stays on the desk: nobody is hurried
    most_waiting: int = 4
    """No new caller arrives by itself while so many calls live: the demo is gentle."""


class DemoTraffic:
    """`start` and `stop` the stream; `simulate_call` is the button. Repeats exactly for one seed."""

    def __init__(
        self,
        site: SimulatedSwitch,
        numbers: Numbers,
        *,
        to_did: str = "14155550100",
        robots: frozenset[str] = frozenset(),
        plan: TrafficPlan | None = None,
        trunk: str = "trunk",
        seed: int = 1,
    ) -> None:
        self.plan = plan or TrafficPlan()
        self._site = site
        self._numbers = numbers
        self._did = to_did
        self._trunk = trunk
        self._robots = set(robots)
        self._random = random.Random(seed)  # noqa: S311 - a repeatable demo, nothing secret
        self._task: asyncio.Task[None] | None = None

    def settle_phones(self) -> None:
        """Give every phone of the PBX its habit: a robot's, or a person's."""
        for name, handset in self._site.handsets.items():
            if not handset.endpoint.is_trunk:
                handset.habit = self._habit(name.partition("/")[0])

    def set_robots(self, extensions: frozenset[str]) -> None:
        """Say which phones are held by robots from now on."""
        self._robots = set(extensions)

    def _habit(self, extension: str) -> Habit:
        def react(channel: Channel) -> Reaction:
            plan, source = self.plan, self._random
            robot = extension in self._robots
            return Reaction(
                choice=Choice.ANSWER,
                after=(plan.robot_answers if robot else plan.person_answers).draw(source),
                talk=(plan.robot_talks if robot else plan.person_talks).draw(source),
                caller_ends=source.random() < 0.5,
            )

        return react

    def start(self) -> None:
        """Begin the stream of callers."""
        self.settle_phones()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._stream(), name="demo traffic")

    async def stop(self) -> None:
        """End the stream; calls that live go on. May be called twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _stream(self) -> None:
        while True:
            await asyncio.sleep(self.plan.between_calls.draw(self._random))
            line = self._site.handset(self._trunk)
            if len(line.lines) < self.plan.most_waiting:
                number, name = self._numbers()
                self.simulate_call(number, name)

    def simulate_call(self, number: str, name: str = "", to_did: str = "") -> bool:
        """A caller of that number and name calls now. False if the PBX knows no such DID."""
        caller = Caller(number=number, name=name, patience=self.plan.patience.draw(self._random))
        line = self._site.handset(self._trunk)
        return place_call(line, to_did or self._did, caller) is not None
