"""Claims: one worker for a row, in order within a conversation, and what happens when a worker dies."""

import asyncio

import sqlalchemy as sa

from storage.claims import ALONE, claim, count_try, release
from storage.intake import Lease
from storage.opening import Storage
from storage.tables import inbox
from storage.times import SECOND
from tests.conftest import Urls
from tests.storage.helpers import NOW, incoming, put, scalars, settle_all, take

LATER = NOW + 16 * SECOND


async def test_only_the_oldest_open_message_of_a_conversation_is_claimed(storage: Storage) -> None:
    await put(storage, incoming("가1", address="가"), incoming("가2", address="가"), incoming("나1", address="나"))
    works = await take(storage)
    assert sorted(w.incoming.text for w in works) == ["가1", "나1"]
    assert await take(storage, token="other") == []
    await settle_all(storage, works)
    assert [w.incoming.text for w in await take(storage)] == ["가2"]


async def test_the_platforms_order_counts_not_that_of_arrival(storage: Storage) -> None:
    await put(storage, incoming("둘째", channel="telegram", order=12))
    await put(storage, incoming("첫째", channel="telegram", order=11))
    (first,) = await take(storage)
    assert first.incoming.text == "첫째"
    await settle_all(storage, [first])
    assert [w.incoming.text for w in await take(storage)] == ["둘째"]


async def test_a_claim_takes_no_more_than_asked_and_only_its_channels(storage: Storage) -> None:
    await put(storage, *(incoming(address=str(i)) for i in range(9)))
    assert len(await take(storage, token="a", most=4)) == 4
    assert len(await take(storage, token="b", most=1)) == 1
    lease = Lease("c", LATER)
    assert await storage.database.run(claim(["telegram"], 100, lease, NOW)) == []
    assert len(await take(storage, token="c", most=100)) == 4


async def test_no_row_is_claimed_by_two_workers(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:
        await put(one, *(incoming(address=str(i)) for i in range(60)))
        claims = await asyncio.gather(*(take(s, token=f"{s is one}{i}", most=4) for i in range(10) for s in (one, two)))
        taken = [(w.conversation_id, w.seq) for works in claims for w in works]
        assert len(taken) == len(set(taken))
        rest = await take(one, token="rest")
        assert len(taken) + len(rest) == 60


async def test_a_lease_that_ran_out_is_taken_over(storage: Storage) -> None:
    await put(storage, incoming("하나"), incoming("둘"))
    (first,) = await take(storage, token="dies")
    assert await take(storage, token="next", now=NOW + 14 * SECOND) == []
    (again,) = await take(storage, token="next", now=LATER)
    assert (again.seq, again.token) == (first.seq, "next")


async def test_tries_are_counted_for_the_message_that_is_tried_alone(storage: Storage) -> None:
    """Claims alone never lead to a message being set aside; what is tried alone counts before it is tried."""
    await put(storage, incoming())
    tries = [(await take(storage, token=f"{i}", now=NOW + i * 16 * SECOND))[0].tries for i in range(4)]
    assert tries == [1, ALONE, ALONE, ALONE]
    (work,) = await take(storage, token="alone", now=NOW + 64 * SECOND)
    await storage.database.run(count_try(work))
    (after,) = await take(storage, token="next", now=NOW + 80 * SECOND)
    assert after.tries == ALONE + 1
    await storage.database.run(count_try(work))  # its lease has gone to "next"
    (last,) = await take(storage, token="last", now=NOW + 96 * SECOND)
    assert last.tries == ALONE + 1


async def test_a_row_that_was_given_back_may_be_claimed_at_once(storage: Storage) -> None:
    await put(storage, incoming("하나"), incoming("둘"))
    (work,) = await take(storage)
    await storage.database.run(release(work, NOW, work.tries, "ValueError in people.py:1"))
    (again,) = await take(storage, token="next", now=NOW + 1)
    assert (again.seq, again.tries) == (work.seq, ALONE)
    error = sa.select(inbox.c.error).where(inbox.c.seq == work.seq)
    assert await scalars(storage, error) == ["ValueError in people.py:1"]


async def test_giving_back_late_does_not_touch_what_another_worker_has(storage: Storage) -> None:
    await put(storage, incoming())
    (late,) = await take(storage, token="late")
    await take(storage, token="next", now=LATER)
    await storage.database.run(release(late, 0, 9, "late"))
    assert await take(storage, token="third", now=LATER + 1) == []
    assert await scalars(storage, sa.select(inbox.c.tries)) == [ALONE]
