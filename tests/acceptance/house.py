"""One running service that the tests of a module share, each with chats of its own."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from domain.messages import Delivery, LoggedMessage
from handlers.catalogue import Texts, load_texts
from storage.opening import Storage
from storage.tables import accounts, cases, conversations, inbox
from tests.acceptance.process import PATIENCE, Runner, Service, until
from tests.botapi import BotApiServer, Sent


@dataclass(slots=True)
class House:
    """The platform, the process, and the same database opened beside it."""

    api: BotApiServer
    runner: Runner
    service: Service
    storage: Storage
    texts: Texts = field(default_factory=load_texts)
    _chats: Iterator[int] = field(default_factory=lambda: itertools.count(732_000_001))

    def chat(self) -> int:
        return self.api.user(next(self._chats))

    async def sent(self, chat: int, *, contains: str, after: int = 0, count: int = 1) -> list[Sent]:
        return await self.api.wait_sent(chat, contains=contains, after=after, count=count, timeout=PATIENCE)

    async def met(self) -> int:
        """A chat past first contact: of age, with the necessary consent."""
        chat = self.chat()
        self.api.say(chat, "/start")
        for key, label in (("welcome.age", "welcome.adult"), ("welcome.consent", "welcome.agree")):
            (asked,) = await self.sent(chat, contains=self.words(key))
            self.api.press(chat, asked.message_id, self.texts(label))
        await self.sent(chat, contains=self.words("welcome.agreed"))
        return chat

    def words(self, key: str) -> str:
        """The beginning of a text of the catalogue, up to what is filled in."""
        return self.texts(key).partition("{")[0].strip()

    def last_id(self, chat: int) -> int:
        sent = self.api.sent(chat)
        return sent[-1].message_id if sent else 0

    async def log(self, chat: int) -> list[LoggedMessage]:
        """What the database holds of the chat, decrypted."""
        found = await self.storage.conversations.find("telegram", str(chat))
        return [] if found is None else await self.storage.conversations.log(found, after=0)

    async def quiet(self, chat: int) -> list[LoggedMessage]:
        """The log once everything in the chat is handled and settled."""

        async def done() -> list[LoggedMessage]:
            # In this order: what is acknowledged is in the log, what is handled has its answers there.
            found = None if self.api.unconfirmed() else await self.storage.conversations.find("telegram", str(chat))
            before = await self.log(chat)
            if found is None or await self.storage.conversations.open_rows(found, before[-1].seq):
                return []
            log = await self.log(chat)
            return [] if any(m.delivery is Delivery.PENDING for m in log) else log

        return await until(done, f"quiet in chat {chat}")

    async def blocked(self, chat: int) -> bool:
        row = await self._account(chat, accounts.c.blocked_at)
        return row is not None

    async def cases(self, chat: int) -> list[tuple[str, str, str]]:
        """Number, kind and state of the chat's cases, oldest first."""
        found = await self.storage.conversations.find("telegram", str(chat))
        query = sa.select(cases.c.number, cases.c.kind, cases.c.state).where(cases.c.conversation_id == found)
        async with self.storage.database.read() as connection:
            return [(r[0], r[1], r[2]) for r in (await connection.execute(query.order_by(cases.c.id))).all()]

    async def inbox_rows(self) -> int:
        async with self.storage.database.read() as connection:
            count: int = (await connection.execute(sa.select(sa.func.count()).select_from(inbox))).scalar_one()
        return count

    async def _account(self, chat: int, column: sa.ColumnElement[int | None]) -> int | None:
        found = await self.storage.conversations.find("telegram", str(chat))
        query = sa.select(column).join(conversations, conversations.c.account_id == accounts.c.id)
        async with self.storage.database.read() as connection:
            value: int | None = (await connection.execute(query.where(conversations.c.id == found))).scalar()
        return value
