"""Open streams of this process: what wakes them, and one look a second for what no signal told."""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog

from bot.engine.signals import Signals, conversation_topic
from domain.errors import KeyGone
from domain.messages import LoggedMessage
from storage.conversations import Conversations

_LOOK_EVERY = 1.0  # seconds
_LOOK_FOR_NEW = 5  # every so many looks also at sessions that have no conversation yet: each costs a statement
_AT_ONCE = 400  # conversations in one statement
PAGE = 200  # messages read at once
log = structlog.get_logger()


class Listener:
    """One open stream. seq: the last message it has sent. restless: it waits for an answer that may never come."""

    def __init__(self, signals: Signals, topic: str) -> None:
        self._signals, self._topic = signals, topic
        self.signal = signals.subscribe(topic)
        self.conversation: int | None = None
        self.seq = 0
        self.restless = False

    def follow(self, conversation: int) -> None:
        """The conversation is known from now on: its log's signal replaces the session's."""
        self.stop()
        self.conversation, self._topic = conversation, conversation_topic(conversation)
        self.signal = self._signals.subscribe(self._topic)

    def stop(self) -> None:
        self._signals.unsubscribe(self.signal, self._topic)


class Feed:
    """Signals are hints: a stream whose hint was lost is found by the look, one statement for all streams."""

    def __init__(self, conversations: Conversations, signals: Signals) -> None:
        self._conversations, self._signals = conversations, signals
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self.closed = False

    @contextlib.contextmanager
    def listening(self, topic: str) -> Iterator[Listener]:
        """A listener that is woken for a topic, until the block ends."""
        listener = Listener(self._signals, topic)
        self._listeners.add(listener)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            listener.stop()

    async def log(self, conversation: int, after: int) -> list[LoggedMessage]:
        """Up to PAGE messages after a seq, in order. Raises KeyGone when the customer was erased."""
        try:
            return await self._conversations.log(conversation, after, PAGE)
        except KeyError:
            raise KeyGone("the customer of this conversation was erased") from None

    async def unanswered(self, conversation: int, up_to: int) -> bool:
        return await self._conversations.open_rows(conversation, up_to)

    async def find(self, channel: str, address: str) -> int | None:
        return await self._conversations.find(channel, address)

    def close(self) -> None:
        """End every stream: each sees `closed` when it wakes."""
        self.closed = True
        for listener in self._listeners:
            listener.signal.set()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        looks = 0
        while self._listeners:
            await asyncio.sleep(_LOOK_EVERY)
            looks += 1
            try:
                await self._wake_those_behind(new_ones=looks % _LOOK_FOR_NEW == 0)
            except Exception as error:  # the database is away: the streams wait with it
                log.error("chat_look_failed", error=type(error).__name__)
        self._looking = None

    async def _wake_those_behind(self, *, new_ones: bool) -> None:
        for listener in self._listeners:
            if new_ones if listener.conversation is None else listener.restless:
                listener.signal.set()
        ids = sorted({x.conversation for x in self._listeners if x.conversation is not None and not x.restless})
        last: dict[int, int] = {}
        for start in range(0, len(ids), _AT_ONCE):
            last |= await self._conversations.last_seq(ids[start : start + _AT_ONCE])
        for listener in self._listeners:
            if listener.conversation is not None and last.get(listener.conversation, 0) > listener.seq:
                listener.signal.set()
