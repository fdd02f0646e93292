"""What is due is told before it passes, in the staff's group and on the board: once, whoever looks and restarts."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.desk.board import Seen, board_json
from bot.desk.notices import Notices
from bot.engine.signals import Signals
from domain.cases import CaseKind, NewCase
from domain.clock import Clock
from domain.conversation import Owner
from domain.desk_plan import DeskPlan
from domain.effects import Effects
from domain.hours import read_hours
from domain.messages import Outgoing
from domain.queue import Escalation
from domain.work import Work
from handlers.staff_steps import answer, take
from storage.delivery import claim_sends
from storage.handling import Loaded
from storage.opening import Storage
from tests.conftest import Urls
from tests.desk.people import TEXTS, does, staff_member
from tests.storage.helpers import incoming, put, settle_all
from tests.storage.helpers import take as claim

CHAT = "-1001234567890"
NOW = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)  # 10:00 in Seoul, a Tuesday; NOW of the helpers
PLAN = DeskPlan(
    read_hours("mon-fri 09:00-18:00"),
    first_answer=timedelta(minutes=30),
    resolution=timedelta(hours=9),
    remind=timedelta(minutes=10),
)


def at(moment: datetime) -> Clock:
    return lambda: moment


def notices(storage: Storage, moment: datetime) -> Notices:
    signals = Signals(storage.database)
    return Notices(storage, signals, at(moment), TEXTS, channel="telegram", chat=CHAT, link="", remind=PLAN.remind)


async def said(storage: Storage) -> list[str]:
    sends = await storage.run(lambda _: claim_sends("telegram", "tok", 50, storage.keys.cached, 2**60))
    return [s.message.text.splitlines()[0] for s in sends]


async def waits(storage: Storage) -> int:
    def decide(work: Work, loaded: Loaded) -> Effects:
        carries: Escalation = PLAN.escalate("asked", "", NOW, urgent=False)
        case = NewCase("260303-000001", CaseKind.HANDOVER, None, "asked", escalation=carries)
        state = replace(loaded.conversation.state, waiting_case=case.number)
        return Effects(state, Owner.QUEUE, loaded.customer.age, (Outgoing("네"),), cases=(case,))

    await put(storage, incoming("상담원이요", address="가"))
    await settle_all(storage, await claim(storage), decide)  # type: ignore[arg-type]
    found = await storage.conversations.find("web", "가")
    assert found is not None
    return found


async def test_the_group_is_reminded_once_before_each_limit(urls: Urls) -> None:
    async with urls.open() as one, urls.open() as other:
        conversation = await waits(one)
        await notices(one, NOW).tell()
        await notices(one, NOW + timedelta(minutes=19)).tell()
        assert await said(one) == ["상담을 기다리는 고객이 있습니다."]
        soon = NOW + timedelta(minutes=20)
        await asyncio.gather(*(notices(s, soon).tell() for s in (one, other, one, other)))
    async with urls.open() as again:
        await notices(again, soon).tell()
        assert (await said(again)).count("첫 답변 기한이 가까운 상담이 있습니다.") == 1
        agent = await staff_member(again, "하늘")
        await does(again, agent, conversation, "take", take)
        await notices(again, NOW + timedelta(hours=23)).tell()  # nine open hours end the next day at 10:00
        assert await said(again) == []
        await notices(again, NOW + timedelta(hours=23, minutes=50)).tell()
        await notices(again, NOW + timedelta(days=3)).tell()
        assert await said(again) == ["처리 기한이 가까운 상담이 있습니다."]


async def test_the_board_says_what_is_due_next(storage: Storage) -> None:
    conversation = await waits(storage)
    agent = await staff_member(storage, "하늘")

    async def due() -> list[object]:
        seen = Seen(await storage.desk.staffed(), await storage.presences.everybody())
        board = board_json(seen, agent, PLAN.remind)
        return [row["due"] for row in (*board["waiting"], *board["mine"])]

    first = {"what": "first", "at": "2026-03-03T01:30:00+00:00", "from": "2026-03-03T01:20:00+00:00"}
    assert await due() == [first]
    await does(storage, agent, conversation, "take", take)
    assert await due() == [first]
    await does(storage, agent, conversation, "answer", answer("안녕하세요"))
    assert await due() == [{"what": "resolve", "at": "2026-03-04T01:00:00+00:00", "from": "2026-03-04T00:50:00+00:00"}]
