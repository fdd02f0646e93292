"""A circuit breaker: after failures in a row a service is left alone for a while, then tried once."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator

Seconds = Callable[[], float]


class Breaker:
    """Closed: everything may be tried. Open: nothing, until a pause is over; then one trial closes it, or opens it for
    twice as long.

    failures: in a row, after which it opens. first, longest: seconds of the pauses. clock: seconds that only grow.
    chance: 0 to 1, by which a pause is up to half as long again, so that processes do not try in step.
    """

    def __init__(
        self,
        failures: int,
        first: float,
        longest: float,
        clock: Seconds = time.monotonic,
        chance: Seconds = random.random,
    ) -> None:
        self._failures, self._first, self._longest = failures, first, longest
        self._clock, self._chance = clock, chance
        self._failed = 0
        self._pauses = 0
        self._until = 0.0
        self._trial = False

    @property
    def open(self) -> bool:
        """Whether it is waiting for a trial that succeeds."""
        return self._pauses > 0

    @property
    def pause(self) -> float:
        """Seconds until something may be tried, 0 when it may be now."""
        return max(0.0, self._until - self._clock()) if self.open else 0.0

    def allows(self) -> bool:
        """Whether to try now; while one trial of an open circuit is under way, no other."""
        return not self.open or (not self._trial and self._clock() >= self._until)

    @contextlib.contextmanager
    def trying(self, faults: type[Exception]) -> Iterator[None]:
        """Around one try that `allows` allowed: faults count, other exceptions say nothing about the service.

        A fault's attribute retry_after is what `failed` takes.
        """
        trial = self._trial = self.open
        try:
            yield
        except faults as fault:
            self.failed(getattr(fault, "retry_after", None))
            raise
        else:
            self.succeeded()
        finally:
            if trial:
                self._trial = False

    def succeeded(self) -> None:
        self._failed = self._pauses = 0

    def failed(self, retry_after: float | None = None) -> None:
        """retry_after: seconds that the service asks for, which make the pause at least as long."""
        self._failed += 1
        if self._failed < self._failures or (self.open and self._clock() < self._until):
            return  # tries that began before it opened come in late
        pause = min(self._longest, self._first * 2**self._pauses) * (1 + self._chance() / 2)
        self._pauses += 1
        self._until = self._clock() + max(pause, min(retry_after or 0.0, self._longest))
