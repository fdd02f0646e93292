"""Delivery of updates to the bot's url: in order within a chat, max_connections at once, again with a back-off."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from .errors import bad
from .updates import Pending, UpdateQueue

Json = dict[str, Any]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(slots=True)
class Hook:
    url: str
    secret: str | None
    connections: int
    ip_address: str | None = None
    last_error: str | None = None
    last_error_date: int | None = None


def read_hook(p: Json) -> Hook:
    """The hook setWebhook describes; http is taken on loopback only, as a local Bot API server does."""
    parts = urlsplit(p["url"])
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise bad("invalid webhook URL specified")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    secret = p.get("secret_token")
    if secret is not None:
        if len(secret) > 256:
            raise bad("secret token is too long")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", secret):
            raise bad("secret token contains unallowed characters")
    connections = p.get("max_connections", 40)
    if not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")
    return Hook(p["url"], secret, connections, p.get("ip_address"))


@dataclass(slots=True)
class Webhook:
    """attempts tries each, backoff seconds after the first failure and doubled for each further one."""

    queue: UpdateQueue
    attempts: int = 5
    backoff: float = 0.05
    hook: Hook | None = None
    dropped: list[Json] = field(default_factory=list)
    deliveries: int = 0
    _flights: dict[int | None, asyncio.Task[None]] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None

    async def start(self, hook: Hook) -> None:
        await self.stop()
        self.hook = hook
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        self.queue.on_wake(self._pump)
        self._pump()

    async def stop(self) -> None:
        self.queue.on_wake(None)
        self.hook = None
        flights, self._flights = list(self._flights.values()), {}
        for task in flights:
            task.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _pump(self) -> None:
        if self.hook is None:
            return
        for update in list(self.queue.pending):
            if len(self._flights) >= self.hook.connections:
                return
            if update.chat_id not in self._flights:
                self._flights[update.chat_id] = asyncio.create_task(self._deliver(self.hook, update))

    async def _deliver(self, hook: Hook, update: Pending) -> None:
        for attempt in range(self.attempts):
            if attempt:
                await asyncio.sleep(self.backoff * 2 ** (attempt - 1))
            error = await self._post(hook, update)
            if error is None:
                break
            hook.last_error, hook.last_error_date = error, int(update.time)
        else:
            self.dropped.append(update.body)
        self._flights.pop(update.chat_id, None)
        self.queue.settle(update)
        self._pump()

    async def _post(self, hook: Hook, update: Pending) -> str | None:
        assert self._session is not None
        headers = {"Content-Type": "application/json"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        self.deliveries += 1
        try:
            async with self._session.post(hook.url, data=orjson.dumps(update.body), headers=headers) as answer:
                await answer.read()
                if 200 <= answer.status < 300:
                    return None
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"Connection failed: {type(error).__name__}"
