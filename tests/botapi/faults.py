"""Faults a test orders in advance: an error answer, an answer that never arrives, a slow answer."""

import asyncio
from dataclasses import dataclass, field

from .errors import ApiError


@dataclass(slots=True)
class Fault:
    """times: how many calls it still meets. chat: only calls about that chat; None = any."""

    method: str
    times: int
    chat: int | None = None
    error: ApiError | None = None
    drop: bool = False
    applied: bool = True
    seconds: float = 0.0
    before: bool = False

    def meets(self, method: str, chat: object) -> bool:
        return (
            self.times > 0
            and (self.method == "*" or self.method.lower() == method.lower())
            and (self.chat is None or self.chat == chat)
        )


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def next(self, method: str, chat: object) -> list[Fault]:
        """The delays that hold for this call, and at most one failure; each is used up by one."""
        if not self.waiting:
            return []
        met: list[Fault] = []
        for fault in self.waiting:
            if fault.meets(method, chat) and (fault.seconds or not any(f.error or f.drop for f in met)):
                fault.times -= 1
                met.append(fault)
        self.waiting = [fault for fault in self.waiting if fault.times > 0]
        return met


async def slow(faults: list[Fault], *, before: bool) -> None:
    for fault in faults:
        if fault.seconds and fault.before is before:
            await asyncio.sleep(fault.seconds)
