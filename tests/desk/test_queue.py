"""How conversations change hands on both databases: passed on, put off, given out, taken back from who is gone."""

import asyncio
from datetime import datetime, timedelta

import pytest

from domain.clock import system_clock
from domain.conversation import Owner
from domain.presence import Presence
from domain.staff import Role, Staff, StepRefused
from handlers.queue_steps import snooze, to_queue, transfer, wake
from handlers.staff_steps import answer, close, take
from storage import ledger
from storage.opening import Storage
from storage.queue import load_queue
from storage.times import to_us
from tests.conftest import Urls
from tests.desk.people import Person, customer, does, keeper, staff_member


async def present(storage: Storage, alias: str, *skills: str, limit: int = 0, role: Role = Role.AGENT) -> Staff:
    person = await staff_member(storage, alias, role)
    await storage.presences.set(person.id, Presence.ON)
    await storage.presences.configure(person.id, limit, skills)
    return person


async def taken(storage: Storage, agent: Staff) -> Person:
    person = customer(storage)
    await person.waits()
    await does(storage, agent, person.conversation, "take", take)
    return person


async def owner(storage: Storage, person: Person) -> tuple[Owner, int | None] | None:
    return await storage.desk.owner(person.conversation)


def later(**by: float) -> "Later":
    return Later(timedelta(**by))


class Later:
    """The system's clock, set forward."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def __call__(self) -> datetime:
        return system_clock() + self._by


async def test_a_transfer_tells_the_customer_who_speaks_and_keeps_the_note_inside(storage: Storage) -> None:
    sky, sea = await present(storage, "하늘"), await present(storage, "바다")
    person = await taken(storage, sky)
    await does(storage, sky, person.conversation, "transfer", transfer("환불을 기다리는 고객입니다"), to=sea)
    assert await owner(storage, person) == (Owner.AGENT, sea.id)
    said = await person.reads()
    assert "상담원 바다입니다" in said[-1]
    assert not any("환불을 기다리는" in text for text in said)
    [note] = await storage.desk.notes(person.conversation, 0)
    assert (note.text, note.alias) == ("환불을 기다리는 고객입니다", "하늘")
    with pytest.raises(StepRefused, match="not_yours"):
        await does(storage, sky, person.conversation, "answer", answer("늦었습니다"))
    assert await ledger.verify(storage.database, storage.hashes) == []


async def test_a_transfer_goes_only_to_somebody_who_is_there_and_has_room(storage: Storage) -> None:
    sky, sea = await present(storage, "하늘"), await present(storage, "바다", limit=1)
    person, other = await taken(storage, sky), await taken(storage, sea)
    with pytest.raises(StepRefused, match="target_full"):
        await does(storage, sky, person.conversation, "transfer", transfer(""), to=sea)
    await does(storage, sea, other.conversation, "close", close)
    await storage.presences.set(sea.id, Presence.OFF)
    with pytest.raises(StepRefused, match="target_off"):
        await does(storage, sky, person.conversation, "transfer", transfer(""), to=sea)
    with pytest.raises(StepRefused, match="has_it_already"):
        await does(storage, sky, person.conversation, "transfer", transfer(""), to=sky)
    assert await owner(storage, person) == (Owner.AGENT, sky.id)


async def test_only_supervisors_move_what_others_have(storage: Storage) -> None:
    sky, sea = await present(storage, "하늘"), await present(storage, "바다")
    chief = await staff_member(storage, "관리", Role.SUPERVISOR)
    person = await taken(storage, sky)
    for how in (transfer(""), to_queue("")):
        with pytest.raises(StepRefused, match="not_yours"):
            await does(storage, sea, person.conversation, "move", how, to=sea)
    await does(storage, chief, person.conversation, "transfer", transfer(""), to=sea)
    assert await owner(storage, person) == (Owner.AGENT, sea.id)
    await does(storage, chief, person.conversation, "queue", to_queue("다시 나눠 주세요"))
    assert await owner(storage, person) == (Owner.QUEUE, None)


async def test_back_in_the_queue_it_has_its_old_place_and_the_customer_is_told_once(storage: Storage) -> None:
    sky = await present(storage, "하늘")
    person = await taken(storage, sky)
    newer = customer(storage)
    await newer.waits()
    for _ in range(2):
        await does(storage, sky, person.conversation, "queue", to_queue(""))
        queue = await storage.database.run(load_queue(to_us(system_clock())))
        assert [w.conversation_id for w in queue.waiting] == [person.conversation, newer.conversation]
        await does(storage, sky, person.conversation, "take", take)
    assert sum("다른 상담원이 이어서" in text for text in await person.reads()) == 1


async def test_take_transfer_and_assignment_at_once_leave_one_owner(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as other:
        sky, sea = await present(one, "하늘"), await present(one, "바다")
        chief = await staff_member(one, "관리", Role.SUPERVISOR)
        for _ in range(4):
            person = customer(one)
            await person.waits()
            tries = await asyncio.gather(
                does(one, sky, person.conversation, "take", take),
                does(other, chief, person.conversation, "transfer", transfer(""), to=sea),
                keeper(one, assigns=True).look(),
                keeper(other, assigns=True).look(),
                return_exceptions=True,
            )
            assert all(t is None or not isinstance(t, BaseException) or isinstance(t, StepRefused) for t in tries), (
                tries
            )
            had = await owner(one, person)
            assert had is not None
            assert had[0] is Owner.AGENT
            opened = await one.desk.opened(person.conversation)
            assert opened is not None
            assert len([c for c in opened.cases if c.number == opened.number]) == 1
            speaks = [t for t in await person.reads() if "이어받았습니다" in t]
            assert opened.agent is not None
            assert f"상담원 {opened.agent.alias}입니다" in speaks[-1]
        assert await ledger.verify(one.database, one.hashes) == []


async def test_two_conversations_are_not_given_to_one_who_has_room_for_one(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as other:
        sky, sea = await present(one, "하늘"), await present(one, "바다", limit=1)
        people = [await taken(one, sky) for _ in range(2)]
        tries = await asyncio.gather(
            *(
                does(storage, sky, person.conversation, "transfer", transfer(""), to=sea)
                for storage, person in zip((one, other), people, strict=True)
            ),
            return_exceptions=True,
        )
        assert sorted(type(t).__name__ for t in tries) == ["StepRefused", "Stepped"]


async def test_complaint_9_the_queue_is_drained_when_an_agent_goes_offline(storage: Storage) -> None:
    sky, sea = await present(storage, "하늘"), await present(storage, "바다")
    person, kept = await taken(storage, sky), await taken(storage, sea)
    await keeper(storage).look()
    assert await owner(storage, person) == (Owner.AGENT, sky.id)
    await storage.presences.set(sky.id, Presence.OFF)
    await keeper(storage, assigns=True).look()
    assert await owner(storage, person) == (Owner.AGENT, sea.id)
    assert await owner(storage, kept) == (Owner.AGENT, sea.id)
    said = await person.reads()
    assert "다른 상담원이 이어서" in said[-2]
    assert "상담원 바다입니다" in said[-1]


async def test_who_is_silent_goes_off_and_loses_what_he_had_once(urls: Urls) -> None:
    clock = later(minutes=16)
    async with urls.open() as now, urls.open(clock) as one, urls.open(clock) as other:
        sky = await present(now, "하늘")
        person = await taken(now, sky)
        await asyncio.gather(*(keeper(storage, clock).look() for storage in (one, other)))
        assert await owner(one, person) == (Owner.QUEUE, None)
        assert sum("다른 상담원이 이어서" in text for text in await person.reads()) == 1
        [there] = [p.attendance for p in await one.presences.everybody()]
        assert there is not None
        assert there.presence is Presence.OFF


async def test_an_unanswered_customer_goes_to_another_after_the_limit(storage: Storage) -> None:
    sky = await present(storage, "하늘")
    person, answered = await taken(storage, sky), await taken(storage, sky)
    await person.says("아직 안 왔어요")
    await does(storage, sky, answered.conversation, "answer", answer("확인했습니다"))
    limit = {"silent": timedelta(minutes=30), "away": timedelta(hours=5)}
    await keeper(storage, later(minutes=29), **limit).look()
    assert await owner(storage, person) == (Owner.AGENT, sky.id)
    await keeper(storage, later(minutes=31), **limit).look()
    assert await owner(storage, person) == (Owner.QUEUE, None)
    assert await owner(storage, answered) == (Owner.AGENT, sky.id)


async def test_given_out_to_who_is_there_has_room_the_skill_and_the_least(storage: Storage) -> None:
    await present(storage, "쉼")
    paused = (await storage.presences.everybody())[0].staff
    await storage.presences.set(paused.id, Presence.PAUSE)
    sky, sea = await present(storage, "하늘", limit=1), await present(storage, "바다")
    people = [customer(storage) for _ in range(4)]
    for person in people:
        await person.waits()
    await keeper(storage).look()
    assert {await owner(storage, p) for p in people} == {(Owner.QUEUE, None)}  # manual leaves them
    await keeper(storage, assigns=True).look()
    had = [await owner(storage, p) for p in people]
    assert [h[1] for h in had if h] == [sky.id, sea.id, sea.id, sea.id]


async def test_put_off_it_comes_back_by_itself_or_when_the_customer_writes(storage: Storage) -> None:
    sky = await present(storage, "하늘")
    person, other = await taken(storage, sky), await taken(storage, sky)
    for one in (person, other):
        await does(storage, sky, one.conversation, "snooze", snooze(system_clock() + timedelta(hours=1)))
    assert [r.handover.snoozed_until is not None for r in await storage.desk.staffed() if r.handover] == [True, True]
    await other.says("여기 있습니다")
    await keeper(storage, later(minutes=59), away=timedelta(hours=5)).look()
    opened = [await storage.desk.opened(p.conversation) for p in (person, other)]
    assert [o.handover.snoozed_until is not None for o in opened if o and o.handover] == [True, False]
    await keeper(storage, later(minutes=61), away=timedelta(hours=5)).look()
    assert not any(r.handover and r.handover.snoozed_until for r in await storage.desk.staffed())
    assert await owner(storage, person) == (Owner.AGENT, sky.id)
    for until in (system_clock() - timedelta(minutes=1), system_clock() + timedelta(days=31)):
        with pytest.raises(StepRefused, match="bad_time"):
            await does(storage, sky, person.conversation, "snooze", snooze(until))
    await does(storage, sky, person.conversation, "wake", wake)


async def test_the_first_answer_is_counted_once(storage: Storage) -> None:
    sky = await present(storage, "하늘")
    person = await taken(storage, sky)
    opened = await storage.desk.opened(person.conversation)
    assert opened is not None
    assert opened.handover is not None
    assert opened.handover.answered is None
    await does(storage, sky, person.conversation, "answer", answer("안녕하세요"))
    first = await storage.desk.opened(person.conversation)
    await does(storage, sky, person.conversation, "answer", answer("더 도와드릴까요"))
    again = await storage.desk.opened(person.conversation)
    assert first is not None
    assert again is not None
    assert first.handover is not None
    assert first.handover.answered is not None
    assert first.handover == again.handover
