"""CPU of a message's way through the storage, in an empty database and in one with a long past.

As many chats write in both: in the full one, 200 drawn from all there are. Beside that, what it costs when everybody
writes at once, so that next to nothing is in any cache.

The whole way without the platform: intake, decision (a greeting, real handlers), write, settling; batches of 32 from
chats drawn at random among all there are.
"""

import contextlib
import random
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import uvloop

from benchmarks.options import Options
from benchmarks.report import ratio, table
from domain.clock import system_clock
from domain.deadlines import Calendar
from domain.effects import Effects
from domain.knowledge import Decision, DecisionKind, Entry, EntryKind
from domain.messages import Delivery, Incoming, IncomingKind
from domain.work import Work
from handlers.catalogue import load_texts
from handlers.entrance import handle as decide
from handlers.library import Library
from handlers.turn import Context, Prepared, Shop, Turn
from storage.crypto import MasterKey
from storage.delivery import Settled, settle
from storage.handling import Loaded, handle
from storage.intake import Arrival, Lease, take_in
from storage.opening import Storage, open_storage
from storage.times import to_us

CONVERSATIONS = 100_000
WRITING = 200
MESSAGES = 1_000_000
BATCH = 32
FILL = 1_000
MEASURED = 200  # batches of one measure
TURNS = 7


def run(options: Options) -> dict[str, object]:
    return uvloop.run(_run(options))


async def _run(options: Options) -> dict[str, object]:
    async with _database() as empty, _database() as full:
        await empty.send(range(WRITING))
        began = time.monotonic()
        for start in range(0, CONVERSATIONS, FILL):
            await full.send(range(start, min(CONVERSATIONS, start + FILL)))
        while full.messages < MESSAGES:
            await full.send([random.randrange(CONVERSATIONS) for _ in range(FILL)])
        print(f"  filled to {full.messages:,} messages in {time.monotonic() - began:.0f} s", flush=True)
        writing = random.sample(range(CONVERSATIONS), WRITING)
        await full.send(writing)
        before, after, everybody = [], [], []
        for _ in range(max(TURNS, options.repeat)):  # in turns, so that both meet the same machine
            before.append(await empty.measure(range(WRITING)))
            after.append(await full.measure(writing))
        for _ in range(3):
            everybody.append(await full.measure(range(CONVERSATIONS)))
    rows = [
        [f"{WRITING} conversations, all writing", f"{median(before):.0f}"],
        [f"{CONVERSATIONS:,} conversations, {MESSAGES:,} messages; {WRITING} writing", f"{median(after):.0f}"],
        ["the same; everybody writing", f"{median(everybody):.0f}"],
    ]
    table(["database", "CPU µs/message"], rows)
    print(ratio("full / empty", median(after), median(before)))
    return {
        "empty_us": median(before),
        "full_us": median(after),
        "everybody_us": median(everybody),
        "ratio": median(after) / median(before),
    }


@contextlib.asynccontextmanager
async def _database() -> "AsyncIterator[_Traffic]":
    with tempfile.TemporaryDirectory() as name:
        urls = [f"sqlite+aiosqlite:///{Path(name) / file}.db" for file in ("data", "keys")]
        async with open_storage(urls[0], urls[1], MasterKey(secrets.token_bytes(32)), system_clock) as storage:
            yield _Traffic(storage)


class _Traffic:
    """Greetings from many chats, answered by the real handlers and settled."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._number = 0
        self.messages = 0
        entry = Entry("greeting", "인사", EntryKind.CHAT, "안녕하세요. 무엇을 도와드릴까요?")
        self._context = Context(
            Shop("shop", "operator"),
            load_texts(),
            Library(1, datetime.now(UTC).date(), {entry.id: entry}),
            Calendar(),
            system_clock(),
        )

    async def measure(self, writing: Sequence[int]) -> float:
        """CPU microseconds for each message of these customers."""
        chats = [[random.choice(writing) for _ in range(BATCH)] for _ in range(MEASURED)]
        began = time.process_time()
        for batch in chats:
            await self.send(batch)
        return (time.process_time() - began) / (MEASURED * BATCH) * 1e6

    async def send(self, chats: Sequence[int]) -> None:
        """One batch: a message from each chat, answered and settled."""
        now = to_us(system_clock())
        storage = self._storage
        arrivals = [Arrival(self._incoming(str(10_000_000 + chat)), ()) for chat in chats]
        lease = Lease("bench", now + 60_000_000)
        hashes, keys = storage.hashes, storage.keys.cached
        _, works = await storage.run(
            lambda spare: take_in(
                "telegram", arrivals, hashes=hashes, keys=keys, spare_keys=spare, now=now, lease=lease
            )
        )
        program = partial(handle, works, self._decide, hashes=hashes, keys=keys, now=now, push={"telegram": "bench"})
        handled = await storage.run(lambda _: program())
        answered = [Settled(s.conversation_id, s.seq, Delivery.SENT, ref="1") for s in handled.sends]
        await storage.database.run(settle(answered, "bench", now))
        self.messages += len(works) + len(answered)

    def _incoming(self, chat: str) -> Incoming:
        self._number += 1
        number = self._number
        return Incoming(
            "telegram", str(number), chat, IncomingKind.TEXT, system_clock(), text="안녕하세요 반갑습니다", order=number
        )

    def _decide(self, work: Work, loaded: Loaded) -> Effects:
        greeting = Decision(work.incoming.text, DecisionKind.CHAT, "greeting", None, (), 1.0)
        prepared = Prepared(work.incoming, work.seq, secrets.randbelow(1_000_000), decisions=(greeting,))
        return decide(Turn(self._context, prepared, loaded.conversation, loaded.customer, loaded.cases))
