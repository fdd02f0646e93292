"""The platform's limits, in one memory: overall, for each chat, for each group."""

import time
from collections import deque

from domain.channel import Limits


class Pace:
    """Says from when (time.monotonic) something may be sent. Without limits always at once."""

    def __init__(self, limits: Limits | None) -> None:
        self._limits = limits
        self._overall: deque[float] = deque()
        self._chats: dict[int, deque[float]] = {}

    def overall_ready(self) -> float:
        """From when any message at all may be sent."""
        if self._limits is None:
            return 0.0
        return _window(self._overall, int(self._limits.overall_per_second), 1.0)

    def chat_ready(self, chat: int, *, group: bool) -> float:
        """From when the next message to this chat may be sent."""
        if self._limits is None or chat not in self._chats:
            return 0.0
        if group:
            return _window(self._chats[chat], int(self._limits.group_per_minute), 60.0)
        # A burst is allowed, then one message for each 1/rate seconds.
        return _window(
            self._chats[chat], self._limits.chat_burst, self._limits.chat_burst / self._limits.chat_per_second
        )

    def sent(self, chat: int, *, group: bool) -> None:
        """Count a message that goes out now."""
        if self._limits is None:
            return
        now = time.monotonic()
        self._overall.append(now)
        self._chats.setdefault(chat, deque(maxlen=int(self._limits.group_per_minute) + 1)).append(now)
        if len(self._chats) > 10_000:
            self._chats = {c: times for c, times in self._chats.items() if times[-1] > now - 60.0}


def _window(times: deque[float], most: int, seconds: float) -> float:
    """From when fewer than `most` of the times lie within the last `seconds`."""
    while times and times[0] <= time.monotonic() - seconds:
        times.popleft()
    return 0.0 if len(times) < most else times[len(times) - most] + seconds
