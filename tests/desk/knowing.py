"""A service whose knowledge base is small, for the pages on which admins run it."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from domain.clock import system_clock
from domain.knowledge import Entry, EntryKind
from domain.staff import Role
from knowledge.files import dump
from storage.crypto import MasterKey
from storage.opening import open_storage
from storage.times import to_us
from tests.desk.service import Member, Running, running

POLICY = "온담상점 이용약관"


def entry(entry_id: str, title: str, body: str, clause: str, *aliases: str, questions: tuple[str, ...] = ()) -> Entry:
    return Entry(entry_id, title, EntryKind.ANSWER, body, POLICY, clause, aliases=aliases, questions=questions)


ENTRIES = (
    entry(
        "delivery",
        "배송 기간",
        "주문하신 다음 날 보내 드립니다.",
        "제9조",
        "배송 며칠 걸려요",
        "택배 언제 오나요",
        "언제 배송되나요",
        questions=("배송은 며칠 걸려요?",),
    ),
    entry(
        "returns",
        "반품 기한",
        "받으신 날부터 7일 안에 반품하실 수 있습니다.\n\n- 포장을 뜯지 않은 상품",
        "제10조",
        "반품하고 싶어요",
        "물건 돌려보내도 되나요",
        "반품 기간이 궁금해요",
        questions=("반품은 언제까지 돼요?",),
    ),
    Entry("hello", "인사", EntryKind.CHAT, "안녕하세요, 온담상점입니다.", aliases=("안녕하세요", "반갑습니다", "하이")),
    Entry(
        "human_agent",
        "상담원 연결",
        EntryKind.HANDOVER,
        "상담원에게 연결해 드리겠습니다.",
        aliases=("상담원 연결해 주세요", "사람이랑 얘기할래요", "직원 바꿔 주세요"),
        action="contact_agent",
    ),
)


@contextlib.asynccontextmanager
async def knowing(folder: Path, *, two_person: bool = False) -> AsyncIterator[Running]:
    data, keys = (f"sqlite+aiosqlite:///{folder / name}" for name in ("data.db", "keys.db"))
    master = MasterKey.from_text(MasterKey.new_text())
    async with open_storage(data, keys, master, system_clock) as storage:
        texts = {one.id: dump(one) for one in ENTRIES}
        now = to_us(system_clock())
        await storage.knowledge.publish(texts, after=0, by="처음", note="내부 메모", now=now, draft=True)
        async with running(storage, folder, two_person=two_person) as service:
            await service.parts.librarian.live()
            yield service


class Admin(Member):
    """An admin's browser without a screen."""

    async def post(self, path: str, **body: Any) -> httpx.Response:
        headers = {"X-Desk-Token": self.proof}
        return await self.http.post(f"/desk/knowledge/{path}", json=body, headers=headers, timeout=60)

    async def etag(self, entry_id: str) -> str:
        page = (await self.http.get(f"/desk/knowledge/e/{entry_id}")).text
        return page.partition('data-etag="')[2].partition('"')[0]

    async def once(self, path: str, **body: Any) -> httpx.Response:
        """A step with an id of its own."""
        return await self.post(path, id=secrets.token_hex(8), **body)


async def admin(service: Running, http: httpx.AsyncClient, role: Role = Role.ADMIN) -> Admin:
    found = Admin(http, await service.hire("하늘", role))
    assert (await found.sign_in()).status_code == 303
    return found
