"""Intake: once, all or nothing, in order, without gaps."""

import asyncio

import pytest
import sqlalchemy as sa

from domain.messages import Outgoing
from storage.facts import ensure_fact, get_fact
from storage.intake import Lease
from storage.opening import Storage
from storage.tables import accounts, conversations, customers, inbox, messages
from storage.times import SECOND
from tests.conftest import Urls
from tests.storage.helpers import NOW, Decider, incoming, put, scalars, settle_all, take


async def test_an_update_is_taken_in_once(storage: Storage) -> None:
    first, _ = await put(storage, incoming("하나", id="u1"), incoming("둘", id="u2"))
    again, works = await put(storage, incoming("하나", id="u1"), incoming("셋", id="u3"), incoming("셋", id="u3"))
    assert [(r.seq, r.duplicate) for r in first] == [(1, False), (2, False)]
    assert [(r.seq, r.duplicate) for r in again] == [(1, True), (3, False), (3, True)]
    assert works == []
    log = await storage.conversations.log(first[0].conversation_id, 0)
    assert [(m.seq, m.text) for m in log] == [(1, "하나"), (2, "둘"), (3, "셋")]


async def test_the_same_id_of_another_channel_is_another_update(storage: Storage) -> None:
    (web,), _ = await put(storage, incoming(id="u1", channel="web"))
    (telegram,), _ = await put(storage, incoming(id="u1", channel="telegram"))
    assert not telegram.duplicate
    assert telegram.conversation_id != web.conversation_id


async def test_a_batch_that_fails_leaves_nothing(storage: Storage) -> None:
    await put(storage, incoming("하나", id="u1"))
    with pytest.raises(TypeError):
        # The second cannot be written (a lone surrogate, which the engine removes): the first must not stay.
        await put(storage, incoming("둘", id="u2", address="2"), incoming("\ud800", id="u3", address="3"))
    assert await scalars(storage, sa.select(inbox.c.platform_id)) == ["u1"]
    for table in (customers, accounts, conversations, messages):
        assert await scalars(storage, sa.select(sa.func.count()).select_from(table)) == [1]


async def test_the_cursor_moves_with_the_batch_or_not_at_all(storage: Storage) -> None:
    await ensure_fact(storage.database, "offset", "0")
    await put(storage, incoming(id="u1"), cursor=("offset", "8"))
    assert await get_fact(storage.database, "offset") == "8"
    with pytest.raises(TypeError):
        await put(storage, incoming("\ud800", id="u2"), cursor=("offset", "9"))
    assert await get_fact(storage.database, "offset") == "8"


async def test_what_may_be_handled_at_once_is_claimed_at_intake(storage: Storage) -> None:
    lease = Lease("first", NOW + 15 * SECOND)
    _, works = await put(storage, incoming("하나"), incoming("둘"), incoming("셋", address="2"), lease=lease)
    assert [(w.incoming.text, w.tries, w.token) for w in works] == [
        ("하나", 1, "first"),
        ("둘", 1, "first"),
        ("셋", 1, "first"),
    ]
    assert await take(storage) == []
    # Behind something open nothing is claimed: it could overtake.
    _, behind = await put(storage, incoming("넷"), lease=Lease("second", NOW + 15 * SECOND))
    assert behind == []
    await settle_all(storage, works)
    assert [w.incoming.text for w in await take(storage)] == ["넷"]


async def test_two_processes_taking_in_the_same_customer_make_one(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as two:
        receipts = await asyncio.gather(*(put(s, incoming(f"{i}", id=f"u{i}")) for i in range(10) for s in (one, two)))
        assert len({r.conversation_id for (r,), _ in receipts}) == 1
        assert sum(not r.duplicate for (r,), _ in receipts) == 10
        assert await scalars(one, sa.select(sa.func.count()).select_from(customers)) == [1]
        assert sorted(r.seq for (r,), _ in receipts if not r.duplicate) == list(range(1, 11))


async def test_the_log_counts_up_without_gaps_while_two_processes_write_it(urls: Urls) -> None:
    """Messages come in through both while both answer what there is; each answer is one or two messages."""
    answers = Decider(lambda w: [Outgoing("네")] * (1 + w.seq % 2))
    async with urls.open() as one, urls.open() as two:

        async def writes(storage: Storage, name: str) -> None:
            for i in range(15):
                await put(storage, incoming(id=f"{name}{i}"))

        async def handles(storage: Storage, name: str) -> None:
            while await scalars(storage, sa.select(sa.func.count()).where(inbox.c.state == 1)) != [30]:
                await settle_all(storage, await take(storage, token=name), answers)

        await asyncio.gather(writes(one, "a"), writes(two, "b"), handles(one, "worker-a"), handles(two, "worker-b"))
        assert await scalars(one, sa.select(inbox.c.state)) == [1] * 30
        seqs = await scalars(one, sa.select(messages.c.seq).order_by(messages.c.seq))
        assert seqs == list(range(1, len(seqs) + 1))
        assert await scalars(one, sa.select(conversations.c.last_seq)) == [len(seqs)]
        assert len(answers.seen) >= 30
        authors = await scalars(one, sa.select(sa.func.count()).where(messages.c.author == "customer"))
        assert authors == [30]
