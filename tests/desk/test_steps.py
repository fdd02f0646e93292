"""Steps at the desk on both databases: one owner, nothing said by anybody else, notes that never leave the house."""

import asyncio
import re

import pytest
import sqlalchemy as sa

from domain.cases import CaseState
from domain.conversation import Owner
from domain.messages import Author, Delivery
from domain.staff import Role, StaffError, StepRefused
from handlers.staff_steps import answer, close, give_back, note, preview, take
from storage import ledger
from storage.cases import all_cases
from storage.delivery import claim_sends
from storage.opening import Storage
from storage.tables import conversations, customers, messages, outbox, staff, staff_notes
from tests.conftest import Urls
from tests.desk.people import customer, does, staff_member

SECRET = "이 고객은 지난주에도 같은 문의를 했습니다"


async def test_take_answer_close_tells_the_customer_each_step(storage: Storage) -> None:
    person, agent = customer(storage), await staff_member(storage, "하늘")
    number = await person.waits()
    await does(storage, agent, person.conversation, "take", take)
    await does(storage, agent, person.conversation, "answer", answer("확인해 보겠습니다."))
    await does(storage, agent, person.conversation, "close", close)
    said = (await person.reads())[2:]
    assert (
        said[0] == f"상담원 하늘입니다. 접수번호 {number}번 문의를 이어받았습니다. 지금부터 제가 직접 도와드리겠습니다."
    )
    assert said[1] == "확인해 보겠습니다."
    assert number in said[2]
    assert "하늘" in said[2]
    log = await storage.conversations.log(person.conversation, 2)
    assert [(m.author, m.sender, m.delivery) for m in log] == [(Author.AGENT, "하늘", Delivery.PENDING)] * 3
    assert await storage.desk.owner(person.conversation) == (Owner.BOT, None)
    assert [c.state async for c in all_cases(storage.database) if c.number == number] == [CaseState.DONE]
    assert await ledger.verify(storage.database, storage.hashes) == []


async def test_two_processes_take_at_once_and_one_is_told_who_has_it(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as other:
        person = customer(one)
        await person.waits()
        agents = [await staff_member(one, "하늘"), await staff_member(one, "바다")]
        for _ in range(6):
            tries = await asyncio.gather(
                does(one, agents[0], person.conversation, "take", take),
                does(other, agents[1], person.conversation, "take", take),
                return_exceptions=True,
            )
            refused = [t for t in tries if isinstance(t, StepRefused)]
            assert len(refused) == 1, tries
            winner = agents[1 - tries.index(refused[0])]
            assert (refused[0].key, refused[0].alias) == ("taken", winner.alias)
            assert await one.desk.owner(person.conversation) == (Owner.AGENT, winner.id)
            await does(one, winner, person.conversation, "return", give_back)
        assert sum("이어받았습니다" in text for text in await person.reads()) == 6


async def test_a_conversation_the_bot_has_can_be_taken_and_gets_a_number(storage: Storage) -> None:
    person, agent = customer(storage), await staff_member(storage, "하늘")
    await person.says("안녕하세요", reply="안녕하세요.")
    await does(storage, agent, person.conversation, "take", take)
    opened = await storage.desk.opened(person.conversation)
    assert opened is not None
    assert re.fullmatch(r"\d{6}-\d{6}", opened.number)
    assert [c.number for c in opened.cases] == [opened.number]
    again = await does(storage, agent, person.conversation, "take", take)
    assert again.seq == 0
    assert sum("이어받았습니다" in text for text in await person.reads()) == 1


async def test_nobody_answers_what_is_not_theirs(storage: Storage) -> None:
    person, agent = customer(storage), await staff_member(storage, "하늘")
    other = await staff_member(storage, "바다")
    await person.waits()
    with pytest.raises(StepRefused, match="not_taken"):
        await does(storage, agent, person.conversation, "answer", answer("여기요"))
    await does(storage, agent, person.conversation, "take", take)
    for how in (answer("여기요"), close, give_back, note("메모")):
        with pytest.raises(StepRefused, match="not_yours") as refused:
            await does(storage, other, person.conversation, "step", how)
        assert refused.value.alias == "하늘"
    await does(storage, agent, person.conversation, "close", close)
    with pytest.raises(StepRefused, match="not_taken"):
        await does(storage, agent, person.conversation, "answer", answer("늦은 답변"))
    assert not any(text in ("여기요", "늦은 답변") for text in await person.reads())


async def test_a_disabled_account_does_nothing_and_its_conversation_can_be_taken(storage: Storage) -> None:
    person, agent = customer(storage), await staff_member(storage, "하늘")
    other = await staff_member(storage, "바다")
    await person.waits()
    await does(storage, agent, person.conversation, "take", take)
    await storage.accounts.disable(agent.name)
    with pytest.raises(StepRefused, match="disabled"):
        await does(storage, agent, person.conversation, "answer", answer("여기요"))
    [row] = await storage.desk.staffed()
    assert row.waits
    await does(storage, other, person.conversation, "take", take)
    assert await storage.desk.owner(person.conversation) == (Owner.AGENT, other.id)


async def test_a_step_repeated_after_a_lost_connection_is_taken_once(storage: Storage) -> None:
    person, agent = customer(storage, "telegram"), await staff_member(storage, "하늘")
    await person.waits()
    await does(storage, agent, person.conversation, "take", take)
    done = [
        await does(storage, agent, person.conversation, "answer", answer("한 번만"), client_id="same") for _ in range(3)
    ]
    assert [d.repeated for d in done] == [False, True, True]
    assert len({d.seq for d in done}) == 1
    assert (await person.reads()).count("한 번만") == 1
    for _ in range(2):
        await does(storage, agent, person.conversation, "close", close, client_id="end")
    assert sum("상담을 마쳤습니다" in text for text in await person.reads()) == 1


async def test_an_answer_is_sent_where_the_platform_is_pushed_to(storage: Storage) -> None:
    person, agent = customer(storage, "telegram"), await staff_member(storage, "하늘")
    await person.waits()
    await does(storage, agent, person.conversation, "take", take)
    mine = await does(storage, agent, person.conversation, "answer", answer("제가 보냅니다"), push={"telegram": "tok"})
    assert [(s.address, s.message.text) for s in mine.sends] == [(person.address, "제가 보냅니다")]
    theirs = await storage.run(lambda _: claim_sends("telegram", "other", 50, storage.keys.cached, 2**60))
    assert [s.message.sender for s in theirs] == ["하늘", "하늘"]  # also by a process that took the lease over
    web = customer(storage, "web")
    await web.waits()
    assert (await does(storage, agent, web.conversation, "take", take, push={"telegram": "tok"})).sends == ()


@pytest.mark.parametrize("channel", ["web", "terminal", "telegram"])
async def test_a_note_never_reaches_the_customer(storage: Storage, channel: str) -> None:
    person, agent = customer(storage, channel), await staff_member(storage, "하늘")
    await person.waits()
    await does(storage, agent, person.conversation, "take", take, push={"telegram": "tok"})
    before = await person.reads()
    noted = await does(storage, agent, person.conversation, "note", note(SECRET), push={"telegram": "tok"})
    assert (noted.seq, noted.sends) == (0, ())
    assert await person.reads() == before
    async with storage.database.read() as connection:
        sealed = (await connection.execute(sa.select(staff_notes.c.body))).scalars().all()
        written = (await connection.execute(sa.select(sa.func.count()).select_from(messages))).scalar()
        queued = (await connection.execute(sa.select(outbox.c.seq))).scalars().all()
    assert written == len(before)
    assert all(seq <= len(before) for seq in queued)
    assert len(sealed) == 1
    assert SECRET.encode() not in sealed[0]
    [read] = await storage.desk.notes(person.conversation, 0)
    assert (read.text, read.alias, read.after_seq) == (SECRET, "하늘", len(before))


async def test_the_inbox_lists_who_waits_longest_first_with_masked_words(storage: Storage) -> None:
    agent, people = await staff_member(storage, "하늘"), [customer(storage) for _ in range(3)]
    numbers = [await person.waits() for person in people]
    await people[2].says("제 번호는 010-1234-5678 이고 메일은 hong@example.com 입니다")
    await does(storage, agent, people[0].conversation, "take", take)
    rows = await storage.desk.staffed()
    assert [r.number for r in rows if r.waits] == numbers[1:]
    assert [(r.number, r.agent) for r in rows if not r.waits] == [(numbers[0], agent)]
    assert preview(rows[2].text) == "제 번호는 ○○○ 이고 메일은 ○○○ 입니다"
    assert [r.unanswered for r in rows] == [False, True, True]


async def test_erased_customers_are_left_out_of_the_inbox(storage: Storage) -> None:
    gone, person = customer(storage), customer(storage)
    await gone.waits()
    number = await person.waits()
    async with storage.database.read() as connection:
        key = (
            await connection.execute(
                sa.select(customers.c.key_id)
                .join(conversations, conversations.c.customer_id == customers.c.id)
                .where(conversations.c.id == gone.conversation)
            )
        ).scalar_one()
    await storage.keys.destroy(key)
    assert [r.number for r in await storage.desk.staffed()] == [number]


async def test_the_last_admin_stays(storage: Storage) -> None:
    admin = await staff_member(storage, "관리", Role.ADMIN)
    async with storage.database.write() as connection:
        await connection.execute(sa.update(staff).where(staff.c.id == admin.id).values(password="hash"))
    with pytest.raises(StaffError, match="마지막 관리자"):
        await storage.accounts.disable(admin.name)


def test_previews_are_short_and_hide_what_reaches_a_person() -> None:
    assert preview("a" * 500) == "a" * 79 + "…"
    assert preview("https://example.com/x?id=1 보세요\n\n2025년 3월") == "○○○ 보세요 2025년 3월"
    assert preview("주문 12345678 계좌 110-222-333444") == "주문 ○○○ 계좌 ○○○"
