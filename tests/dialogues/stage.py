"""The real engine for one transcript: intake, handling, librarian and storage, with a clock that is set by hand."""

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.engine.desk_steps import DeskSteps
from bot.engine.handling import Handling
from bot.engine.intake import Backlog, Intake
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import Signals, conversation_topic
from domain.conversation import Owner
from domain.desk_plan import DeskPlan
from domain.hours import read_hours
from domain.messages import Incoming, LoggedMessage
from domain.staff import Role
from handlers.catalogue import Texts
from handlers.staff_steps import close, take
from handlers.turn import Shop
from storage.opening import Storage
from storage.tables import conversations
from tests.conftest import Urls
from tests.dialogues.form import CHANNELS

PATIENCE = 20.0  # seconds after which a message counts as never handled


class Hands:
    """A clock whose hands are set by the transcript; it goes on by a millisecond each time somebody looks."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


class Stage:
    """One process at a time on the same databases."""

    def __init__(self, urls: Urls, librarian: Librarian, texts: Texts, clock: Hands, hours: str = "") -> None:
        self._plan = DeskPlan(read_hours(hours))
        self._urls, self._librarian, self._texts, self.clock = urls, librarian, texts, clock
        self._stack = contextlib.AsyncExitStack()
        self.storage: Storage
        self._intake: Intake
        self._signals: Signals
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.storage = await self._stack.enter_async_context(self._urls.open(self.clock))
        self._signals = Signals(self.storage.database)
        metrics, backlog = Metrics(), Backlog()
        self._intake = Intake(self.storage, self._signals, metrics, self.clock, backlog)
        handling = Handling(
            self.storage,
            self._librarian,
            self._signals,
            metrics,
            self.clock,
            backlog=backlog,
            channels=CHANNELS,
            deliveries={},
            texts=self._texts,
            shop=Shop("별빛상점", "별빛상점 주식회사"),
            desk=self._plan,
        )
        self._task = asyncio.create_task(handling.run())

    async def stop(self) -> None:
        """Nothing is finished or given back: what was claimed stays claimed, as after a crash."""
        await self._stop_handling()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others)  # words to other processes that are still on their way
        await self._stack.aclose()

    async def take(self, incoming: Sequence[Incoming], *, dies: bool = False) -> None:
        """Take updates in at once, and wait until they are handled, or end the process before that."""
        if dies:
            await self._stop_handling()
        receipts = await asyncio.gather(*(self._intake.put(i) for i in incoming))
        if not dies:
            async with asyncio.timeout(PATIENCE):
                for receipt in receipts:
                    await self._handled(receipt.conversation_id, receipt.seq)

    async def settle(self, channel: str, address: str) -> None:
        """Wait until nothing of a conversation is open any more."""
        conversation = await self.storage.conversations.find(channel, address)
        if conversation is not None:
            async with asyncio.timeout(PATIENCE):
                await self._handled(conversation, 2**62)

    async def log(self, channel: str, address: str) -> list[LoggedMessage]:
        """Everything said in the conversation; empty before its first message."""
        conversation = await self.storage.conversations.find(channel, address)
        log: list[LoggedMessage] = []
        while conversation and (more := await self.storage.conversations.log(conversation, log[-1].seq if log else 0)):
            log += more
        return log

    async def hand_to(self, owner: Owner, channel: str, address: str) -> None:
        """What the staff's pages will do: an agent takes the conversation or gives it back."""
        conversation = await self.storage.conversations.find(channel, address)
        async with self.storage.database.write() as connection:
            await connection.execute(
                sa.update(conversations).where(conversations.c.id == conversation).values(owner=owner.value)
            )

    async def close_by_agent(self, conversation: int) -> None:
        """Take and close it, as the pages do."""
        people = await self.storage.presences.everybody()
        agent = people[0].staff if people else await self.storage.accounts.add("agent", "하늘", Role.AGENT)
        steps = DeskSteps(self.storage, self._signals, self.clock, self._texts, {}, CHANNELS, self._plan)
        for kind, how in (("take", take), ("close", close)):
            await steps.take(conversation, agent.id, secrets.token_hex(8), kind, how)

    async def _handled(self, conversation: int, seq: int) -> None:
        topic = conversation_topic(conversation)
        signal = self._signals.subscribe(topic)
        try:
            while await self.storage.conversations.open_rows(conversation, seq):
                if self._task is not None and self._task.done():
                    self._task.result()
                await signal.wait(0.05)
        finally:
            self._signals.unsubscribe(signal, topic)

    async def _stop_handling(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
