"""What one process does reaches a page of another; notes reach no customer by any way; the staff's chat is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from bot.channels.terminal import NAME as TERMINAL
from bot.channels.terminal import Terminal
from bot.desk import DeskLimits, Notices, Rate
from bot.parts import assemble
from bot.settings import Settings
from domain.clock import system_clock
from domain.conversation import Owner
from domain.messages import Delivery
from handlers.staff_steps import answer, note, take
from storage import ledger
from storage.delivery import claim_sends
from storage.notices import STAFF_AFTER_CUSTOMERS
from storage.opening import Storage
from storage.tables import access_log, conversations, customers, outbox
from tests.analysis import thread_analysis
from tests.conftest import Urls
from tests.desk.people import TEXTS, customer, does, staff_member
from tests.desk.service import Member, Running, running
from tests.web.customer import Customer, messages

SECRET_NOTE = "내부에서만 보는 글입니다"
CHAT = "-1001234567890"


class Events:
    """A desk page's stream, read in order."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def until(self, name: str, **values: Any) -> dict[str, Any]:
        """The next event of this name in which these values stand."""
        current = ""
        async with asyncio.timeout(20):
            async for line in self._lines:
                if line.startswith("event: "):
                    current = line[7:]
                elif line.startswith("data: ") and current == name:
                    data: dict[str, Any] = orjson.loads(line[6:])
                    if values.items() <= data.items():
                        return data
        raise AssertionError(f"no {name} with {values}")


@contextlib.asynccontextmanager
async def watching(member: Member, conversation: int = 0) -> AsyncIterator[Events]:
    query = f"?c={conversation}" if conversation else ""
    async with member.http.stream("GET", f"/desk/stream{query}") as response:
        assert response.status_code == 200
        lines = response.aiter_lines()
        try:
            yield Events(lines)
        finally:
            await lines.aclose()  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def two(urls: Urls, folder: Path) -> AsyncIterator[tuple[Running, Running]]:
    """Two services on one database, each with connections and signals of its own, as two processes have."""
    async with (
        urls.open() as one,
        urls.open() as other,
        running(one, folder / "one") as first,
        running(other, folder / "other") as second,
    ):
        yield first, second


async def signed_in(service: Running, http: httpx.AsyncClient, alias: str) -> Member:
    member = Member(http, await service.hire(alias))
    assert (await member.sign_in()).status_code == 303
    return member


async def test_what_one_process_does_reaches_the_pages_of_the_other(urls: Urls, tmp_path: Path) -> None:
    async with two(urls, tmp_path) as (one, other), one.client() as here, other.client() as there:
        member, elsewhere = await signed_in(one, here, "하늘"), await signed_in(other, there, "바다")
        buyer = await Customer.arrive(here)
        async with watching(elsewhere) as queue:
            assert {"waiting": [], "mine": []}.items() <= (await queue.until("board")).items()
            await buyer.say(button="menu:agent")
            board = await queue.until("board")
            assert len(board["waiting"]) == 1
            conversation = board["waiting"][0]["id"]
            async with watching(elsewhere, conversation) as talk:
                await talk.until("ready")
                await buyer.say(text="다른 프로세스에 보입니다")
                await talk.until("message", text="다른 프로세스에 보입니다", author="customer")
                assert (await member.step(conversation, "take")).status_code == 200
                assert (await talk.until("hidden"))["alias"] == "하늘"
                assert (await queue.until("board", waiting=[]))["mine"] == []
            refused = await elsewhere.step(conversation, "take")
            assert refused.status_code == 409
            assert refused.json()["message"] == "하늘 상담원이 먼저 맡았습니다."
            refused = await elsewhere.http.get(f"/desk/c/{conversation}")
            assert refused.status_code == 403
            assert "하늘 상담원이 상담하고 있습니다" in refused.text
            refused = await elsewhere.http.get(f"/desk/stream?c={conversation}")
            assert refused.status_code == 403


async def test_notes_and_their_words_are_in_nothing_a_customer_receives(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage, running(storage, tmp_path) as service, service.client() as http:
        member, buyer = await signed_in(service, http, "하늘"), await Customer.arrive(http)
        async with buyer.listening() as events:
            await buyer.say(button="menu:agent")
            conversation = None
            while conversation is None:
                conversation = await storage.conversations.find("web", buyer.token.partition(".")[0])
            async with watching(member, conversation) as talk:
                await talk.until("state", owner="queue")
                steps = ("take", ""), ("note", SECRET_NOTE), ("answer", "보이는 답변"), ("note", SECRET_NOTE)
                for kind, text in steps:
                    assert (await member.step(conversation, kind, text)).status_code == 200
                await talk.until("note", text=SECRET_NOTE)
                assert (await member.step(conversation, "close")).status_code == 200
            seen: list[dict[str, Any]] = []
            while not any("상담을 마쳤습니다" in m["text"] for m in seen):
                seen += await messages(events, 1)
            assert any(m["text"] == "보이는 답변" for m in seen)
            assert SECRET_NOTE not in orjson.dumps(seen).decode()
            assert [m["seq"] for m in seen] == list(range(1, len(seen) + 1))
        raw = await http.get("/chat/session", headers=buyer.headers)
        assert SECRET_NOTE not in raw.text


async def test_the_terminal_shows_answers_and_no_notes(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage:
        parts = assemble(Settings(data_dir=tmp_path), storage, thread_analysis())
        agent, person = await staff_member(storage, "하늘"), customer(storage, TERMINAL)
        await person.waits()
        await does(storage, agent, person.conversation, "take", take)
        await does(storage, agent, person.conversation, "note", note(SECRET_NOTE))
        await does(storage, agent, person.conversation, "answer", answer("보이는 답변"))
        out = StringIO()
        terminal = Terminal(
            parts.intake,
            storage.conversations,
            parts.signals,
            system_clock,
            address=person.address,
            out=out,
            read_line=lambda: "",
        )
        await terminal._show_new(person.conversation)
        assert "보이는 답변" in out.getvalue()
        assert SECRET_NOTE not in out.getvalue()


async def test_the_staffs_chat_is_told_once_and_after_the_customers(urls: Urls, tmp_path: Path) -> None:
    async with urls.open() as storage, urls.open() as other:
        people = [customer(storage, "telegram") for _ in range(2)]
        numbers = [await person.waits() for person in people]
        await people[0].says("제 번호는 010-1234-5678입니다")
        tellers = [_notices(opened, tmp_path) for opened in (storage, other)]
        await asyncio.gather(*(teller.tell() for teller in tellers))
        await tellers[0].tell()
        agent = await staff_member(storage, "하늘")
        await does(storage, agent, people[0].conversation, "take", take)
        await does(storage, agent, people[0].conversation, "answer", answer("고객에게"))
        sends = await storage.run(lambda _: claim_sends("telegram", "token", 50, storage.keys.cached, 2**60))
        notices = [s for s in sends if s.address == CHAT]
        assert len(notices) == 2
        for number, send in zip(numbers, notices, strict=True):
            assert send.priority == STAFF_AFTER_CUSTOMERS
            assert number in send.message.text
            assert "https://shop.example/desk/" in send.message.text
            assert "1234" not in send.message.text.replace(number, "")
        assert sends[-2:] == notices
        again = await people[1].waits()
        await tellers[1].tell()
        more = await storage.run(lambda _: claim_sends("telegram", "token", 50, storage.keys.cached, 2**60))
        assert [again in s.message.text for s in more] == [True]
        assert [r.conversation_id for r in await storage.desk.staffed()] == [p.conversation for p in people]


async def test_a_taken_or_cancelled_wait_is_not_announced(storage: Storage, tmp_path: Path) -> None:
    agent, taken, left = await staff_member(storage, "하늘"), customer(storage), customer(storage)
    await taken.waits()
    await left.waits()
    await does(storage, agent, taken.conversation, "take", take)
    async with storage.database.write() as connection:
        where = conversations.c.id == left.conversation
        await connection.execute(sa.update(conversations).where(where).values(owner=Owner.BOT.value))
    await _notices(storage, tmp_path).tell()
    async with storage.database.read() as connection:
        assert (await connection.execute(sa.select(outbox))).all() == []


@pytest.mark.parametrize("channel", ["web", "terminal"])
async def test_answers_to_pages_wait_until_the_page_has_shown_them(storage: Storage, channel: str) -> None:
    agent, person = await staff_member(storage, "하늘"), customer(storage, channel)
    await person.waits()
    await does(storage, agent, person.conversation, "take", take)
    done = await does(storage, agent, person.conversation, "answer", answer("보셨나요?"))
    assert await storage.desk.deliveries(person.conversation, [done.seq]) == {done.seq: Delivery.PENDING}
    await storage.conversations.acknowledge(person.conversation, done.seq, 1)
    assert await storage.desk.deliveries(person.conversation, [done.seq]) == {done.seq: Delivery.SENT}


def _notices(storage: Storage, folder: Path) -> Notices:
    parts = assemble(Settings(data_dir=folder), storage, thread_analysis())
    return Notices(
        storage,
        parts.signals,
        system_clock,
        TEXTS,
        channel="telegram",
        chat=CHAT,
        link="https://shop.example/desk/",
    )


async def test_looks_that_were_changed_or_taken_away_are_found(storage: Storage) -> None:
    agent, log = await staff_member(storage, "하늘"), storage.access_log
    for customer_id in (1, 2, 3, None):
        await log.add(
            agent.id, "127.0.0.1", "conversation.opened", customer_id=customer_id, conversation_id=customer_id
        )
    assert await log.broken() == []
    assert await ledger.verify(storage.database, storage.hashes) == []
    ids = [look.id for look in reversed(await log.rows())]
    async with storage.database.write() as connection:
        await connection.execute(sa.update(access_log).where(access_log.c.id == ids[1]).values(customer_id=9))
        await connection.execute(sa.delete(access_log).where(access_log.c.id == ids[2]))
    assert await log.broken() == [f"look/{ids[1]}", f"look/{ids[2]}"]


async def test_what_goes_beyond_the_limits_is_told_when_to_come_back(sqlite_urls: Urls, tmp_path: Path) -> None:
    limits = DeskLimits(sign_ins=Rate(3, 0.05), requests=Rate(4, 0.05), streams=1)
    async with (
        sqlite_urls.open() as storage,
        running(storage, tmp_path, limits=limits) as service,
        service.client() as http,
    ):
        member = await signed_in(service, http, "하늘")  # two forms, and two pages
        async with watching(member) as queue:
            await queue.until("ready")
            reply = await http.get("/desk/stream")
            assert (reply.status_code, reply.json()["error"]) == (429, "too_many_windows")
        answers = [await http.get("/desk/me") for _ in range(3)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "요청이 너무 많습니다" in answers[-1].text
        http.cookies.clear()
        tries = [await member.sign_in("틀린 비밀번호 1") for _ in range(3)]
        assert tries[-1].status_code == 429


async def test_the_page_of_an_erased_customer_says_so(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage, running(storage, tmp_path) as service, service.client() as http:
        member, person = await signed_in(service, http, "하늘"), customer(storage)
        await person.waits()
        async with watching(member, person.conversation) as talk:
            await talk.until("ready")
            query = sa.select(customers.c.key_id).join(conversations, conversations.c.customer_id == customers.c.id)
            async with storage.database.read() as connection:
                where = conversations.c.id == person.conversation
                key = (await connection.execute(query.where(where))).scalar_one()
            await storage.keys.destroy(key)
            await talk.until("gone")
        reply = await http.get(f"/desk/c/{person.conversation}")
        assert reply.status_code == 410
        assert "삭제된 고객입니다" in reply.text
        assert (await member.step(person.conversation, "take")).status_code == 410
