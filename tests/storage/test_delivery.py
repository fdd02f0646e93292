"""Delivery: in order within a conversation, by the present holder alone."""

from collections.abc import Sequence

import sqlalchemy as sa

from domain.messages import Delivery, Outgoing
from domain.work import Send
from storage.delivery import Settled, claim_sends, next_due, settle
from storage.opening import Storage
from storage.tables import accounts, messages, outbox
from storage.times import SECOND
from tests.storage.helpers import NOW, Decider, incoming, put, scalars, settle_all, take


async def _answer(storage: Storage, addresses: Sequence[str], texts: Sequence[str], token: str = "") -> None:
    """Each address writes and is answered with all the texts."""
    await put(storage, *(incoming(channel="telegram", address=a) for a in addresses))
    decide = Decider(lambda _: [Outgoing(t) for t in texts])
    await settle_all(storage, await take(storage), decide, push={"telegram": token})


async def _claim(storage: Storage, token: str, *, most: int = 100, now: int = NOW) -> list[Send]:
    return await storage.run(lambda _: claim_sends("telegram", token, most, storage.keys.cached, now))


async def test_sends_are_claimed_once_and_in_order(storage: Storage) -> None:
    await _answer(storage, ["1", "2"], ["하나", "둘", "셋"])
    sends = await _claim(storage, "mine")
    by_address = {a: [s.message.text for s in sends if s.address == a] for a in ("1", "2")}
    assert by_address == {"1": ["하나", "둘", "셋"], "2": ["하나", "둘", "셋"]}
    assert await _claim(storage, "mine") == []
    assert await storage.database.run(next_due("telegram", "mine")) is None


async def test_another_holder_takes_over_everything_that_is_not_settled(storage: Storage) -> None:
    await _answer(storage, ["1"], ["하나", "둘"])
    first, _ = await _claim(storage, "dies")
    await storage.database.run(settle([Settled(first.conversation_id, first.seq, Delivery.SENT, "m1")], "dies", NOW))
    assert [s.message.text for s in await _claim(storage, "next")] == ["둘"]


async def test_what_the_platform_answered_is_written(storage: Storage) -> None:
    await _answer(storage, ["1"], ["하나", "둘"])
    sends = await _claim(storage, "mine")
    conversation = sends[0].conversation_id
    answers = [
        Settled(conversation, sends[0].seq, Delivery.SENT, "m77"),
        Settled(conversation, sends[1].seq, Delivery.FAILED, "", blocked=True),
    ]
    await storage.database.run(settle(answers, "mine", NOW + SECOND))
    query = sa.select(messages.c.delivery, messages.c.ref, messages.c.delivered_at).where(messages.c.author == "bot")
    async with storage.database.read() as connection:
        rows = [tuple(r) for r in (await connection.execute(query.order_by(messages.c.seq))).all()]
    assert rows == [("sent", "m77", NOW + SECOND), ("failed", "", NOW + SECOND)]
    assert await scalars(storage, sa.select(outbox.c.seq)) == []
    assert await scalars(storage, sa.select(accounts.c.blocked_at)) == [NOW + SECOND]


async def test_a_send_that_has_to_wait_is_not_overtaken(storage: Storage) -> None:
    await _answer(storage, ["1", "2"], ["하나", "둘"])
    first = next(s for s in await _claim(storage, "mine") if s.address == "1")
    later = NOW + 30 * SECOND
    waiting = Settled(first.conversation_id, first.seq, Delivery.PENDING, later=later, tries=3, part=1)
    await storage.database.run(settle([waiting], "mine", NOW))
    # The next holder sees the other chat now, and this one only when its first answer may go out.
    assert [(s.address, s.message.text) for s in await _claim(storage, "next")] == [("2", "하나"), ("2", "둘")]
    assert [(s.message.text, s.tries, s.part) for s in await _claim(storage, "next", now=later)] == [
        ("하나", 3, 1),
        ("둘", 0, 0),
    ]


async def test_an_answer_waits_for_the_older_one_that_another_delivery_has(storage: Storage) -> None:
    await _answer(storage, ["1"], ["하나"])
    await put(storage, incoming(channel="telegram", address="1"))
    handled = await settle_all(storage, await take(storage), push={"telegram": "mine"})
    assert handled.sends == []
    assert len(await _claim(storage, "mine")) == 2


async def test_the_settling_of_a_former_holder_is_ignored(storage: Storage) -> None:
    await _answer(storage, ["1"], ["하나"])
    (send,) = await _claim(storage, "former")
    await _claim(storage, "present")
    for delivery in (Delivery.FAILED, Delivery.SENT, Delivery.PENDING):
        late = Settled(send.conversation_id, send.seq, delivery, "late", later=NOW + 99 * SECOND, tries=9)
        await storage.database.run(settle([late], "former", NOW))
    async with storage.database.read() as connection:
        waiting = (await connection.execute(sa.select(outbox.c.lease_token, outbox.c.tries, outbox.c.not_before))).all()
    assert [tuple(r) for r in waiting] == [("present", 0, 0)]
    written = sa.select(messages.c.delivery).where(messages.c.author == "bot")
    assert await scalars(storage, written) == ["pending"]
    mine = Settled(send.conversation_id, send.seq, Delivery.SENT, "m1")
    await storage.database.run(settle([mine], "present", NOW))
    await storage.database.run(settle([Settled(send.conversation_id, send.seq, Delivery.FAILED)], "former", NOW))
    assert await scalars(storage, written) == ["sent"]


async def test_a_claim_of_part_of_the_outbox_goes_on_where_it_stopped(storage: Storage) -> None:
    await _answer(storage, ["1", "2", "3"], ["하나", "둘"])
    claimed = [await _claim(storage, "mine", most=2) for _ in range(4)]
    assert [len(c) for c in claimed] == [2, 2, 2, 0]
    texts: dict[str, list[str]] = {}
    for send in (s for c in claimed for s in c):
        texts.setdefault(send.address, []).append(send.message.text)
    assert all(t == ["하나", "둘"] for t in texts.values())


async def test_a_page_acknowledges_and_never_goes_back(storage: Storage) -> None:
    (receipt,), _ = await put(storage, incoming())
    await settle_all(storage, await take(storage), Decider(lambda _: [Outgoing("하나"), Outgoing("둘")]))
    conversation = receipt.conversation_id

    async def delivered() -> list[str]:
        return [m.delivery.value for m in await storage.conversations.log(conversation, 1)]

    await storage.conversations.acknowledge(conversation, 2, NOW)
    assert await delivered() == ["sent", "pending"]
    await storage.conversations.acknowledge(conversation, 99, NOW)  # of what is not there
    assert await delivered() == ["sent", "pending"]
    await storage.conversations.acknowledge(conversation, 3, NOW)
    await storage.conversations.acknowledge(conversation, 1, NOW + SECOND)
    assert await delivered() == ["sent", "sent"]
