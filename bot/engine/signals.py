"""Wake-ups between the loops of this process and of others. A missed one costs a second, never a message."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable

from storage.database import Database
from storage.wakeups import ANYTHING, Wakeups

INBOX = "inbox"
OUTBOX = "outbox"
KNOWLEDGE = "kb"
DESK = "desk"  # who has a conversation, or what was said in one that is not the bot's


class Signal:
    """Set by many, awaited by one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until set or for at most `seconds`; then it is clear again. True when it was set."""
        try:
            # Not wait_for: in Python 3.11 it can swallow a cancellation that comes together with the event.
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Signals:
    """Topics: INBOX, OUTBOX, KNOWLEDGE, DESK and "c<id>" for a conversation's log."""

    def __init__(self, database: Database) -> None:
        self._waiting: dict[str, set[Signal]] = defaultdict(set)
        self._wakeups = Wakeups(database, self.raise_here)
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        await self._wakeups.run()

    def subscribe(self, *topics: str) -> Signal:
        signal = Signal()
        for topic in topics:
            self._waiting[topic].add(signal)
        return signal

    def unsubscribe(self, signal: Signal, *topics: str) -> None:
        for topic in topics:
            self._waiting[topic].discard(signal)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def raise_here(self, topic: str) -> None:
        """Wake this process's waiters."""
        if topic == ANYTHING:
            for signals in self._waiting.values():
                for signal in signals:
                    signal.set()
            return
        for signal in self._waiting.get(topic, ()):
            signal.set()

    def tell(self, topics: Iterable[str]) -> None:
        """Wake waiters here and in other processes; does not wait for those."""
        listed = list(topics)
        for topic in listed:
            self.raise_here(topic)
        task = asyncio.get_running_loop().create_task(self._wakeups.tell(listed))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def told(self) -> None:
        """Wait until other processes were told too: for commands that end soon."""
        await asyncio.gather(*self._telling)


def conversation_topic(conversation_id: int) -> str:
    return f"c{conversation_id}"
