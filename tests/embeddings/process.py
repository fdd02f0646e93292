"""One process's worth of the program with the plug, on a knowledge base whose words do not tell everything."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bot.embeddings import Plug
from bot.engine.analysis import ThreadAnalysis
from bot.engine.signals import conversation_topic
from bot.parts import Parts, assemble
from bot.settings import Settings
from domain.conversation import Owner
from domain.knowledge import Entry
from domain.messages import Author, Incoming, IncomingKind
from knowledge.analysis import Analyzer
from knowledge.files import dump
from knowledge.shelf import Shelf
from knowledge.vectors import texts_of
from storage.opening import Storage
from storage.tables import conversations
from tests.embeddings.server import Embedder
from tests.knowledge.shop import SHOP

WEB = "web"
PATIENCE = 30.0  # seconds after which a message counts as never handled
STRANGE = "개인정보가 딴 데로 새는 경우"  # the words of the shop's entries leave it in doubt
TOLD = "개인정보의 제3자 제공에 관한 안내입니다."  # and what answers it
_ids = itertools.count(1)


async def publish(storage: Storage, entries: Sequence[Entry] = SHOP) -> int:
    """As the next version."""
    latest = await storage.knowledge.latest()
    texts = {e.id: dump(e) for e in entries}
    return await storage.knowledge.publish(texts, after=latest.version if latest else 0, by="test", note="", now=1)


def texts_in(entries: Sequence[Entry] = SHOP) -> list[str]:
    """Every text that is embedded, sorted."""
    return sorted({text for entry in entries for text in texts_of(entry)})


@dataclass
class Process:
    """parts: as `sangdam run` has them. Nothing runs but what the tests start."""

    parts: Parts
    settings: Settings
    analysis: ThreadAnalysis

    @property
    def plug(self) -> Plug:
        assert self.parts.plug is not None
        return self.parts.plug

    async def fill(self) -> bool:
        await self.parts.librarian.load()
        return await self.plug.filling.fill()

    async def say(self, text: str, *, button: str = "", address: str = "하늘") -> str:
        """What the bot answers to a message."""
        conversation, seq = await self.put(text, button=button, address=address)
        await self.handled(conversation, seq)
        log = await self.parts.storage.conversations.log(conversation, seq)
        return "\n".join(m.text for m in log if m.author is Author.BOT)

    async def put(self, text: str, *, button: str = "", address: str = "하늘") -> tuple[int, int]:
        receipt = await self.parts.intake.put(
            Incoming(
                channel=WEB,
                platform_id=f"e{next(_ids)}",
                address=address,
                kind=IncomingKind.BUTTON if button else IncomingKind.TEXT,
                at=datetime.now(UTC),
                text=text,
                button=button,
            )
        )
        return receipt.conversation_id, receipt.seq

    async def handled(self, conversation: int, seq: int) -> None:
        topic = conversation_topic(conversation)
        signal = self.parts.signals.subscribe(topic)
        async with asyncio.timeout(PATIENCE):
            while await self.parts.storage.conversations.open_rows(conversation, seq):
                await signal.wait(0.05)
        self.parts.signals.unsubscribe(signal, topic)

    async def hand_to(self, owner: Owner, conversation: int) -> None:
        async with self.parts.storage.database.write() as connection:
            await connection.execute(
                sa.update(conversations).where(conversations.c.id == conversation).values(owner=owner.value)
            )

    @contextlib.asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Messages are handled within it."""
        await self.parts.librarian.load()
        task = asyncio.create_task(self.parts.handling(self.settings, [WEB], {}).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def process(
    storage: Storage, analyzer: Analyzer, folder: Path, embedder: Embedder | None, **settings: str | float
) -> AsyncIterator[Process]:
    """A process that has just started; without an embedder the plug is off."""
    named = {"embeddings_url": embedder.url, "embeddings_model": "small"} if embedder else {}
    configured = Settings.model_validate({"data_dir": folder, **named, **settings})
    analysis = ThreadAnalysis(lambda: Shelf(analyzer))
    parts = assemble(configured, storage, analysis)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(analysis.close)
        stack.push_async_callback(parts.workshop.close)
        stack.push_async_callback(parts.signals.told)
        if parts.plug:
            await stack.enter_async_context(parts.plug.client)
        yield Process(parts, configured, analysis)
