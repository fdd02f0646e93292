"""What a test can see: the transcript, the calls, what is unconfirmed; and waiting for any of it to change."""
# ruff: noqa: ASYNC109  (the callers say how long they wait)

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .errors import ApiError
from .faults import Fault, Faults
from .limits import Limits
from .params import Upload
from .state import Json, Sent, World
from .updates import UpdateQueue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot. status 0: the answer was lost on purpose. time is the platform's clock."""

    method: str
    params: Json
    time: float
    status: int
    description: str = ""

    def json(self) -> Json:
        params = {k: f"<{len(v.data)} bytes>" if isinstance(v, Upload) else v for k, v in self.params.items()}
        return {"method": self.method, "params": params, "time": self.time, "status": self.status,
                "description": self.description}  # fmt: skip


class Observer:
    """Mixed into the server."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.queue = UpdateQueue(world.now, self.changed)
        self.limits = Limits()
        self.faults = Faults()
        self.calls: list[Call] = []
        self.polls = 0
        self.last_poll: Json = {}
        self.version = 0
        self._waiters: list[asyncio.Future[None]] = []

    def changed(self) -> None:
        self.version += 1
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def sent(self, chat: int | None = None, *, thread: int | None = None, deleted: bool = False) -> list[Sent]:
        """What the bot sent, oldest first; of all chats without chat. Deleted ones only when asked for."""
        chats = self.world.chats.values() if chat is None else [self.world.chats[chat]]
        found = [s for c in chats for s in c.sent.values() if deleted or not s.deleted]
        if thread is not None:
            found = [s for s in found if s.thread == thread]
        return sorted(found, key=lambda s: s.time) if chat is None else found

    def texts(self, chat: int, *, thread: int | None = None) -> list[str]:
        return [s.text for s in self.sent(chat, thread=thread)]

    def history(self, chat: int) -> list[Json]:
        """Every message in the chat now, of both sides, oldest first."""
        return list(self.world.chats[chat].messages.values())

    def topics(self, chat: int, *, deleted: bool = False) -> list[Json]:
        return [
            {"id": t.id, "name": t.name, "closed": t.closed, "deleted": t.deleted}
            for t in self.world.chats[chat].topics.values()
            if deleted or not t.deleted
        ]

    def calls_of(self, method: str | None = None, chat: int | None = None) -> list[Call]:
        return [
            call
            for call in self.calls
            if (method is None or call.method == method) and (chat is None or call.params.get("chat_id") == chat)
        ]

    def unconfirmed(self) -> int:
        """Updates the bot has not acknowledged yet."""
        return len(self.queue.pending)

    def answer_of(self, query: str) -> Json | None:
        """What a callback query was answered with; None while it is not."""
        return self.world.queries[query].answer

    def advance(self, seconds: float) -> None:
        """Move the platform's clock; the rules about 48 h, 24 h and old queries follow it, send limits do not."""
        self.world.advance(seconds)

    def fail_next(
        self, method: str, code: int, description: str | None = None, *, retry_after: int | None = None,
        times: int = 1, chat: int | None = None,
    ) -> None:  # fmt: skip
        """The next calls of method ("*" = any) are refused with this error and do nothing."""
        words = {429: f"Too Many Requests: retry after {retry_after}", 500: "Internal Server Error", 502: "Bad Gateway"}
        text = description or words.get(code, "Bad Request")
        self.faults.add(Fault(method, times, chat, error=ApiError(code, text, retry_after=retry_after)))

    def drop_connection_next(
        self, method: str, *, times: int = 1, chat: int | None = None, applied: bool = True
    ) -> None:
        """The next calls get no answer. applied: the platform did it and only its answer was lost."""
        self.faults.add(Fault(method, times, chat, drop=True, applied=applied))

    def delay(
        self, method: str, seconds: float, *, times: int = 1, chat: int | None = None, before: bool = False
    ) -> None:
        """The next calls are answered late; before: they also take effect late."""
        self.faults.add(Fault(method, times, chat, seconds=seconds, before=before))

    def clear_faults(self) -> None:
        self.faults.clear()

    def set_limits(self, *, on: bool = True, **values: float) -> None:
        """Switch 429 on or off; values: overall, private, private_burst, group_minute."""
        self.limits.reset()
        self.limits.on = on
        for name, value in values.items():
            if name not in ("overall", "private", "private_burst", "group_minute"):
                raise TypeError(f"no limit is called {name}")
            setattr(self.limits, name, value)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
        """The predicate's first true value; it is asked again whenever anything happens here."""
        try:
            async with asyncio.timeout(timeout):
                while not (value := predicate()):
                    await self._change()
                return value
        except TimeoutError:
            raise TimeoutError(
                f"{what or 'the condition'} did not come true in {timeout} s. {self.summary()}"
            ) from None

    async def wait_change(self, version: int, timeout: float = 25.0) -> int:
        """The version once it differs from version, or the same one after timeout seconds."""
        try:
            async with asyncio.timeout(timeout):
                while self.version == version:
                    await self._change()
        except TimeoutError:
            pass
        return self.version

    async def wait_sent(
        self, chat: int, *, contains: str | None = None, count: int = 1, after: int = 0, thread: int | None = None,
        timeout: float = 10.0,
    ) -> list[Sent]:  # fmt: skip
        """The bot's messages in the chat with ids above after (and this text in them), once there are count of them."""

        def there() -> list[Sent]:
            found = [s for s in self.sent(chat, thread=thread) if s.message_id > after]
            found = [s for s in found if contains is None or contains in s.text]
            return found if len(found) >= count else []

        return await self.wait_for(there, timeout, f"{count} message(s) in chat {chat} with {contains!r}")

    async def wait_confirmed(self, timeout: float = 10.0) -> None:
        """Until the bot has acknowledged every update."""
        await self.wait_for(lambda: not self.queue.pending, timeout, "confirmation of all updates")

    def summary(self) -> str:
        """One paragraph for a failing test."""
        calls = "; ".join(
            f"{c.method}({c.params.get('chat_id', '')}) {c.status} "
            f"{c.description or str(c.params.get('text', ''))[:60]!r}"
            for c in self.calls[-8:]
        )
        return f"{len(self.calls)} calls, {self.unconfirmed()} unconfirmed updates, {self.polls} polls; last: {calls}"

    async def _change(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter


def plain(value: Any) -> Any:
    """Any result as JSON."""
    if isinstance(value, (Sent, Call)):
        return value.json()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
