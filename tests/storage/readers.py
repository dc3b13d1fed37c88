"""A reader with an eye on what it is asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import URL

from crm_core.reading import Plan, Query, ReadFailed, Row, T, open_reader


class WatchedReader:
    """The real one; notes how many queries each step has, and refuses all of them while `broken`."""

    def __init__(self, url: URL, *, broken: bool = False) -> None:
        self.broken = broken
        self.steps: list[int] = []
        self._reader = open_reader(url)

    async def fetch(self, queries: Sequence[Query], *, deadline: float) -> list[Sequence[Row]]:
        self._note(queries)
        return await self._reader.fetch(queries, deadline=deadline)

    async def follow(self, plan: Plan[T], *, deadline: float) -> T:
        return await self._reader.follow(self._watching(plan), deadline=deadline)

    async def close(self) -> None:
        await self._reader.close()

    def _watching(self, plan: Plan[T]) -> Plan[T]:
        try:
            queries = next(plan)
            while True:
                self._note(queries)
                queries = plan.send((yield queries))
        except StopIteration as done:
            result: T = done.value
            return result

    def _note(self, queries: Sequence[Query]) -> None:
        self.steps.append(len(queries))
        if self.broken:
            raise ReadFailed("OperationalError: database is locked")
