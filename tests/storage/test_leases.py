"""Leases: one holder at a time."""

import asyncio

from domain.errors import Conflict
from storage.leases import give_up, take
from storage.opening import Storage
from storage.times import SECOND
from tests.conftest import Urls
from tests.storage.helpers import NOW


async def test_a_lease_has_one_holder_until_it_ends(storage: Storage) -> None:
    run = storage.database.run
    assert await run(take("telegram", "a", NOW, NOW + 6 * SECOND))
    assert not await run(take("telegram", "b", NOW + SECOND, NOW + 7 * SECOND))
    assert await run(take("telegram", "a", NOW + 5 * SECOND, NOW + 11 * SECOND))
    assert not await run(take("telegram", "b", NOW + 8 * SECOND, NOW + 14 * SECOND))
    assert await run(take("web", "b", NOW, NOW + 6 * SECOND))
    assert await run(take("telegram", "b", NOW + 12 * SECOND, NOW + 18 * SECOND))
    assert not await run(take("telegram", "a", NOW + 13 * SECOND, NOW + 19 * SECOND))


async def test_a_lease_that_is_given_up_is_free_at_once(storage: Storage) -> None:
    run = storage.database.run
    assert await run(take("telegram", "a", NOW, NOW + 6 * SECOND))
    await give_up(storage.database, "telegram", "b")  # not b's to give up
    assert not await run(take("telegram", "b", NOW + SECOND, NOW + 7 * SECOND))
    await give_up(storage.database, "telegram", "a")
    assert await run(take("telegram", "b", NOW + SECOND, NOW + 7 * SECOND))


async def test_of_many_that_want_it_first_one_gets_it(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:

        async def tries(storage: Storage, name: str) -> bool:
            try:
                return await storage.database.run(take("telegram", name, NOW, NOW + 6 * SECOND))
            except Conflict:
                return False

        got = await asyncio.gather(*(tries(s, f"{i}{s is one}") for i in range(8) for s in (one, two)))
        assert got.count(True) == 1
