"""What agents want survives a restart, on both databases."""

from __future__ import annotations

from callcenter.agents.presence import Wish
from callcenter.bootstrap.wishes import WishKeeper
from callcenter.kit.clock import ManualClock
from callcenter.storage.database import Database
from callcenter.storage.people import People
from callcenter.storage.wishes import Wishes


async def test_the_newest_wish_of_each_agent_is_kept(database: Database) -> None:
    people, clock = People(database), ManualClock()
    anna = (await people.create_agent(name="Anna", extension="1001")).id
    ben = (await people.create_agent(name="Ben", extension="1002")).id
    keeper = WishKeeper(Wishes(database), clock)
    keeper.keep(anna, Wish.AVAILABLE, None)
    keeper.keep(ben, Wish.AVAILABLE, None)
    assert await keeper.flush()
    clock.advance(60)
    keeper.keep(anna, Wish.PAUSED, "lunch")
    assert await keeper.flush()
    found = {one.agent: (one.wish, one.reason, one.at) for one in await Wishes(database).all()}
    assert found == {
        anna: (Wish.PAUSED, "lunch", clock.now()),
        ben: (Wish.AVAILABLE, None, clock.now() - 60),
    }


async def test_what_the_database_did_not_take_is_tried_again(database: Database) -> None:
    anna = (await People(database).create_agent(name="Anna", extension="1001")).id
    wishes = Wishes(database)
    keeper = WishKeeper(wishes, ManualClock())
    save, broken = wishes.save, True

    async def fails(rows: object) -> None:
        if broken:
            raise OSError("gone")
        await save(rows)  # type: ignore[arg-type]

    wishes.save = fails  # type: ignore[method-assign]
    keeper.keep(anna, Wish.AVAILABLE, None)
    assert not await keeper.flush()
    broken = False
    assert await keeper.flush()
    assert [one.wish for one in await wishes.all()] == [Wish.AVAILABLE]
