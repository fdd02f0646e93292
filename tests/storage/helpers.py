"""Short ways to put messages in, claim them and handle them, without the engine."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from domain.conversation import Age
from domain.effects import Effects
from domain.messages import Incoming, IncomingKind, Outgoing
from domain.work import Receipt, Work
from storage.claims import claim, claimed_work
from storage.handling import Handled, Loaded, handle
from storage.intake import Arrival, Lease, take_in
from storage.opening import Storage
from storage.times import SECOND, to_us

NOW = to_us(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
_ids = itertools.count(1)


def incoming(
    text: str = "안녕하세요", *, address: str = "1", id: str = "", channel: str = "web", order: int = 0
) -> Incoming:
    return Incoming(
        channel=channel,
        platform_id=id or f"p{next(_ids)}",
        address=address,
        kind=IncomingKind.TEXT,
        at=datetime(2026, 3, 3, tzinfo=UTC),
        text=text,
        order=order,
        name="김하늘",
    )


async def put(
    storage: Storage,
    *messages: Incoming,
    lease: Lease | None = None,
    now: int = NOW,
    cursor: tuple[str, str] | None = None,
) -> tuple[list[Receipt], list[Work]]:
    """Take a batch of one channel in."""
    return await storage.run(
        lambda spare: take_in(
            messages[0].channel,
            [Arrival(m, ()) for m in messages],
            hashes=storage.hashes,
            keys=storage.keys.cached,
            spare_keys=spare,
            now=now,
            cursor=cursor,
            lease=lease,
        )
    )


async def take(
    storage: Storage, *, token: str = "worker", most: int = 100, now: int = NOW, seconds: int = 15
) -> list[Work]:
    """Claim and open rows of the web channel."""
    claimed = await storage.database.run(claim(["web", "telegram"], most, Lease(token, now + seconds * SECOND), now))
    if not claimed:
        return []
    return await storage.run(lambda _: claimed_work(claimed, token, storage.keys.cached))


@dataclass
class Decider:
    """Answers each message with what `say` makes of it, and remembers what it was asked."""

    say: Callable[[Work], Sequence[Outgoing]] = lambda work: [Outgoing(f"들었습니다: {work.incoming.text}")]
    change: Callable[[Work, Effects], Effects] = lambda _work, effects: effects
    seen: list[Work] = field(default_factory=list)

    def __call__(self, work: Work, loaded: Loaded) -> Effects:
        self.seen.append(work)
        plain = Effects(loaded.conversation.state, loaded.conversation.owner, Age.UNKNOWN, tuple(self.say(work)))
        return self.change(work, plain)


async def settle_all(
    storage: Storage,
    works: Sequence[Work],
    decide: Decider | None = None,
    *,
    now: int = NOW,
    push: dict[str, str] | None = None,
    aside: bool = False,
) -> Handled:
    """Decide and write a batch."""
    return await storage.run(
        lambda _: handle(
            works,
            decide or Decider(),
            hashes=storage.hashes,
            keys=storage.keys.cached,
            now=now,
            push=push or {},
            aside=aside,
        )
    )


async def scalars(storage: Storage, query: sa.Select[Any]) -> list[Any]:
    async with storage.database.read() as connection:
        return list((await connection.execute(query)).scalars().all())
