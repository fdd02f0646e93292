"""Telegram's send limits as token buckets; off unless a test switches them on."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import too_many


@dataclass(slots=True)
class Bucket:
    capacity: float
    rate: float
    tokens: float
    at: float

    def wait(self, now: float, cost: int) -> float:
        """Seconds until cost tokens are there; 0 = now."""
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.rate)
        self.at = now
        lacking = min(cost, self.capacity) - self.tokens
        return lacking / self.rate if lacking > 1e-9 else 0.0


@dataclass(slots=True)
class Limits:
    """Overall per second, per private chat and second (with a burst), per group and minute."""

    on: bool = False
    overall: float = 30
    private: float = 1
    private_burst: float = 3
    group_minute: float = 20
    clock: Callable[[], float] = time.monotonic
    refused: int = 0
    _buckets: dict[int | None, Bucket] = field(default_factory=dict)

    def spend(self, chat_id: int, cost: int = 1) -> None:
        """Take the tokens of one call or raise 429; a refused call takes nothing."""
        if not self.on:
            return
        now = self.clock()
        if chat_id > 0:
            own = self._bucket(chat_id, self.private_burst, self.private, now)
        else:
            own = self._bucket(chat_id, self.group_minute, self.group_minute / 60, now)
        everybody = self._bucket(None, self.overall, self.overall, now)
        wait = max(own.wait(now, cost), everybody.wait(now, cost))
        if wait:
            self.refused += 1
            raise too_many(max(1, math.ceil(wait)))
        own.tokens -= cost
        everybody.tokens -= cost

    def reset(self) -> None:
        self._buckets.clear()
        self.refused = 0

    def _bucket(self, key: int | None, capacity: float, rate: float, now: float) -> Bucket:
        if key not in self._buckets:
            self._buckets[key] = Bucket(capacity, rate, capacity, now)
        return self._buckets[key]
