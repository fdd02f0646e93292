"""The queue in the database: order, places, figures; what closes a hand-over and what it carries."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from domain.cases import CaseKind, NewCase
from domain.conversation import Owner
from domain.effects import Effects
from domain.messages import Outgoing
from domain.queue import Escalation, NeedsQueue, Queue
from domain.work import Work
from storage.handling import Loaded
from storage.opening import Storage
from storage.queue import load_queue
from storage.tables import handovers
from storage.times import SECOND
from tests.storage.helpers import NOW, incoming, put, scalars, settle_all, take

MINUTE = 60 * SECOND


def joins(urgent: Callable[[str], bool] = lambda _: False) -> Callable[[Work, Loaded], Effects]:
    """Everybody asks for a person, and is told the place."""

    def decide(work: Work, loaded: Loaded) -> Effects:
        if loaded.queue is None:
            raise NeedsQueue
        hurry = urgent(work.incoming.text)
        place = loaded.queue.place(work.conversation_id, urgent=hurry)
        number = f"260303-{work.conversation_id:06d}"
        case = NewCase(number, CaseKind.HANDOVER, None, "asked", escalation=Escalation(hurry, "주문"))
        state = replace(loaded.conversation.state, waiting_case=number)
        return Effects(state, Owner.QUEUE, loaded.customer.age, (Outgoing(f"{place}번째"),), cases=(case,))

    return decide


def leaves(work: Work, loaded: Loaded) -> Effects:
    number = loaded.conversation.state.waiting_case
    return Effects(loaded.conversation.state, Owner.BOT, loaded.customer.age, cancelled_cases=(number,))


async def queue_of(storage: Storage, now: int = NOW) -> Queue:
    return await storage.database.run(load_queue(now))


async def told(storage: Storage, address: str) -> list[str]:
    conversation = await storage.conversations.find("web", address)
    assert conversation is not None
    return [m.text for m in await storage.conversations.log(conversation, 1)]


async def test_customers_of_one_batch_get_places_of_their_own(storage: Storage) -> None:
    await put(storage, *(incoming(address=name) for name in "가나다"))
    await settle_all(storage, await take(storage), joins())  # type: ignore[arg-type]
    assert sorted([await told(storage, name) for name in "가나다"]) == [["1번째"], ["2번째"], ["3번째"]]


async def test_urgent_ones_come_first_then_who_waits_longest(storage: Storage) -> None:
    hurry = joins(lambda text: text == "급해요")
    for minute, (name, text) in enumerate([("가", "하나"), ("나", "급해요"), ("다", "셋"), ("라", "급해요")]):
        now = NOW + minute * MINUTE
        await put(storage, incoming(text, address=name), now=now)
        await settle_all(storage, await take(storage, now=now), hurry, now=now)  # type: ignore[arg-type]
    order = [one.conversation_id for one in (await queue_of(storage)).waiting]
    assert order == [await storage.conversations.find("web", name) for name in "나라가다"]
    assert await told(storage, "라") == ["2번째"]
    assert [s.conversation_id for s in await storage.desk.staffed()] == order
    opened = await storage.desk.opened(order[0])
    assert opened is not None
    assert opened.handover is not None
    assert (opened.handover.urgent, opened.handover.skill) == (True, "주문")


async def test_urgency_that_is_said_while_waiting_moves_up(storage: Storage) -> None:
    await put(storage, incoming(address="가"), incoming(address="나"))
    await settle_all(storage, await take(storage), joins())  # type: ignore[arg-type]
    last = (await queue_of(storage)).waiting[-1].conversation_id
    address = "가" if await storage.conversations.find("web", "가") == last else "나"
    await put(storage, incoming("급해요", address=address))
    urgent = lambda _work, loaded: Effects(  # noqa: E731
        loaded.conversation.state, Owner.QUEUE, loaded.customer.age, urgent=True
    )
    await settle_all(storage, await take(storage), urgent)
    assert (await queue_of(storage)).waiting[0].conversation_id == last


async def test_who_leaves_is_counted_no_more(storage: Storage) -> None:
    await put(storage, incoming(address="가"), incoming(address="나"))
    await settle_all(storage, await take(storage), joins())  # type: ignore[arg-type]
    await put(storage, incoming("그만", address="가"))
    await settle_all(storage, await take(storage), leaves, now=NOW + MINUTE)  # type: ignore[arg-type]
    assert [one.conversation_id for one in (await queue_of(storage)).waiting] == [
        await storage.conversations.find("web", "나")
    ]
    closed = await scalars(storage, sa.select(handovers.c.closed_at).order_by(handovers.c.closed_at))
    assert set(closed) == {None, NOW + MINUTE}


async def test_the_usual_wait_is_the_median_of_a_week_and_unknown_when_few(storage: Storage) -> None:
    await put(storage, *(incoming(address=str(i)) for i in range(6)))
    await settle_all(storage, await take(storage), joins())  # type: ignore[arg-type]
    numbers = await scalars(storage, sa.select(handovers.c.number).order_by(handovers.c.number))
    for minutes, number in zip((1, 2, 4, 50, 60), numbers, strict=False):
        assert (await queue_of(storage)).usual is None
        async with storage.database.write() as connection:
            row = sa.update(handovers).where(handovers.c.number == number)
            await connection.execute(row.values(answered_at=NOW, answered_in=minutes * MINUTE))
    assert (await queue_of(storage)).usual == timedelta(minutes=4)
    assert (await queue_of(storage, NOW + 8 * 24 * 60 * MINUTE)).usual is None
