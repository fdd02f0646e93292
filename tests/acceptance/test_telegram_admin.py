"""An admin runs the knowledge base in Telegram, on a real process: from a customer's question to the new answer, with a
kill in between; nobody else gets in, and nothing of it is in a customer's conversation."""

from domain.staff import Role
from storage.opening import Storage
from storage.staff import TELEGRAM
from tests.acceptance.process import PATIENCE, Runner
from tests.botapi import BotApiServer, Sent
from tests.conftest import Urls

ADMIN, AGENT, BUYER = 734_000_001, 734_000_002, 734_000_003


class Chat:
    """One person's chat with the bot."""

    def __init__(self, api: BotApiServer, chat: int) -> None:
        self._api, self._chat = api, api.user(chat)
        self._seen = 0

    async def say(self, text: str, told: str) -> Sent:
        """Say something and wait for an answer that contains `told`."""
        self._api.say(self._chat, text)
        return await self._wait(told)

    async def press(self, message: Sent, label: str, told: str) -> Sent:
        (data,) = [b["callback_data"] for b in message.buttons() if b["text"] == label]
        self._api.press(self._chat, message.message_id, data)
        return await self._wait(told)

    async def _wait(self, told: str) -> Sent:
        found = (await self._api.wait_sent(self._chat, contains=told, after=self._seen, timeout=PATIENCE))[-1]
        self._seen = found.message_id
        return found


async def join(storage: Storage, name: str, role: Role, user: int) -> None:
    staff = await storage.accounts.add(name, name, role)
    await storage.accounts.new_link(TELEGRAM, staff.id, f"CODE{user}", 600 * 10**6)
    assert await storage.accounts.join_telegram(f"CODE{user}", str(user)) == staff


async def test_from_a_question_to_its_answer(api: BotApiServer, sqlite_runner: Runner, sqlite_urls: Urls) -> None:
    service = await sqlite_runner.start()
    await service.ready()
    async with sqlite_urls.open() as storage:
        await join(storage, "haneul", Role.ADMIN, ADMIN)
        await join(storage, "noeul", Role.AGENT, AGENT)
    agent, buyer, admin = Chat(api, AGENT), Chat(api, BUYER), Chat(api, ADMIN)
    await agent.say("/kb", "관리자만")
    await buyer.say("/kb", "없는 명령입니다")
    menu = await admin.say("/kb", "지식 관리입니다")
    await admin.press(menu, "새 항목", "제목을 보내")
    kinds = await admin.say("선물 포장 안내", "종류를 골라")
    await admin.press(kinds, "답변", "본문을 보내")
    await service.kill()
    service = await sqlite_runner.start()
    await service.ready()
    made = await admin.say("선물 포장은 상품마다 천 원입니다.", "무엇을 고칠까요")
    await admin.press(made, "다른 표현 추가", "다른 표현을")
    made = await admin.say("선물 포장 되나요\n선물 포장비는 얼마예요\n포장해서 보내 주세요", "다른 표현 3개")
    menu = await admin.press(made, "처음으로", "추가 1개")
    asked = await admin.press(menu, "게시", "게시할까요")
    await admin.press(asked, "예", "제2판을 게시했습니다")
    await buyer.say("선물 포장 되나요?", "선물 포장은 상품마다 천 원입니다.")
    assert await service.stop() == 0
    async with sqlite_urls.open() as storage:
        assert (await storage.knowledge.history())[0].published_by == "haneul"
        assert await storage.conversations.find("telegram", str(ADMIN)) is None
