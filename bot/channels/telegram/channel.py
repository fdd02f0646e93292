"""The channel itself: sending, receiving by polling or webhook, and what the bot shows of itself."""

import asyncio
import hmac
import random
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from telegram import BotCommand, MenuButtonCommands
from telegram.error import Conflict, TelegramError

from bot.channels.telegram.api import TelegramApi, send_error
from bot.channels.telegram.render import payload, split
from bot.channels.telegram.updates import KINDS, NAME, Read, read_update
from bot.engine.guide import Taken
from bot.engine.intake import Intake
from bot.engine.leases import LeaseKeeper
from domain.channel import Limits
from domain.clock import Clock
from domain.errors import SendError
from domain.messages import Incoming, IncomingKind, Outgoing
from handlers.catalogue import Texts

LIMITS = Limits(overall_per_second=30, chat_per_second=1, chat_burst=3, group_per_minute=20)
OFFSET = "telegram.offset"  # the fact that holds the next update_id to ask for
WEBHOOK_PATH = "/telegram/webhook"
_POLL_SECONDS = 25
_BODY = 1_000_000  # bytes; an update is a few kilobytes
_LINK = re.compile(r"/link(?:@\w+)?(?:\s+(\S{1,40}))?\s*")
_TRIES = 5  # of an answer to staff that the platform does not take
Join = Callable[[str, str], Awaitable[str | None]]
Backstage = Callable[[str, Incoming], Awaitable[Taken | None]]
log = structlog.get_logger()


class TelegramChannel:
    """A PushChannel on one bot token."""

    name = NAME

    def __init__(
        self,
        api: TelegramApi,
        intake: Intake,
        clock: Clock,
        texts: Texts,
        *,
        public_url: str,
        limits: Limits | None,
        join: Join | None = None,
        backstage: Backstage | None = None,
    ) -> None:
        self._api, self._intake, self._clock, self._texts = api, intake, clock, texts
        self._public_url, self.limits, self._join, self._backstage = public_url, limits, join, backstage
        self._menu = [[texts("menu.ask"), texts("menu.consent")], [texts("menu.request"), texts("menu.agent")]]
        self._answering: set[asyncio.Task[None]] = set()

    def parts(self, message: Outgoing) -> list[Outgoing]:
        if message.sender:  # the platform shows the bot's name above every message
            signed = self._texts("telegram.signed", alias=message.sender, text=message.text)
            message = replace(message, text=signed)
        return split(message)

    def is_group(self, address: str) -> bool:
        return address.startswith("-")

    async def send(self, address: str, part: Outgoing) -> str:
        made = payload(part, self._public_url, self._menu)
        try:
            sent = await self._api.call("sendMessage", chat_id=int(address), **made)
        except TelegramError as error:
            raise send_error(error) from error
        return str(sent["message_id"])

    async def introduce(self) -> None:
        """Set commands, descriptions and the menu button. A failure is logged; the bot works without them."""
        bot, texts = self._api.bot, self._texts
        commands = [BotCommand(name, texts(f"telegram.{name}")) for name in ("help", "privacy", "request", "agent")]
        try:
            await bot.set_my_commands(commands)
            await bot.set_my_description(texts("telegram.description"))
            await bot.set_my_short_description(texts("telegram.short_description"))
            await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        except TelegramError as error:
            log.warning("telegram_not_introduced", error=type(error).__name__)

    async def room(self) -> None:
        """Wait a little when messages come faster than they are handled: the platform keeps them better than we do."""
        await self._intake.room()

    async def take(self, updates: Sequence[dict[str, Any]], *, polled: bool) -> None:
        """Commit updates, and only then answer their button presses. With polled the offset moves along."""
        reads = [read_update(u, self._clock()) for u in updates]
        for read in reads:
            if read.incoming is None:
                log.info("update_ignored", reason=read.ignored, update=read.update_id)
        # A staff member's code is no customer's message: it is used before the offset moves, and is good for one user.
        codes = {id(r): m for r in reads if (m := self._code(r))}
        for read in reads:
            if (code := codes.get(id(read))) and read.incoming:
                await self._use_code(read.incoming, code[1] or "")
        incoming = [r.incoming for r in reads if r.incoming and id(r) not in codes]
        incoming = [i for i in incoming if not await self._is_staffs(i)]
        if polled:
            cursor = (OFFSET, str(max(r.update_id for r in reads) + 1))
            await self._intake.take(NAME, incoming, cursor)
        else:
            await asyncio.gather(*(self._intake.put(i) for i in incoming))
        for read in reads:
            if read.callback:
                self._answer(read)

    def _code(self, read: Read) -> re.Match[str] | None:
        if self._join is None or read.incoming is None or read.incoming.kind is not IncomingKind.TEXT:
            return None
        return _LINK.fullmatch(read.incoming.text)

    async def _use_code(self, incoming: Incoming, code: str) -> None:
        assert self._join is not None
        alias = await self._join(incoming.address, code)  # in a private chat its id is the user's
        words = self._texts("telegram.joined", alias=alias) if alias else self._texts("telegram.not_joined")
        try:
            await self._api.call("sendMessage", chat_id=int(incoming.address), text=words)
        except TelegramError as error:
            log.info("link_not_answered", error=type(error).__name__)

    async def _is_staffs(self, incoming: Incoming) -> bool:
        """Whether it was said backstage; then it is answered there, before the offset moves."""
        taken = await self._backstage(incoming.address, incoming) if self._backstage else None
        if taken is None:
            return False
        await self._say(incoming.address, taken.said)
        if later := taken.later:

            async def finish() -> None:
                await self._say(incoming.address, await later())

            self._beside(finish())
        return True

    async def _say(self, address: str, messages: Sequence[Outgoing]) -> None:
        """Say something to staff, who have no outbox; a platform that is busy is asked again beside everything else."""
        parts = [part for message in messages for part in self.parts(message)]
        for n, part in enumerate(parts):
            try:
                await self.send(address, part)
            except SendError as error:
                self._beside(self._say_again(address, parts[n:], error))
                return

    async def _say_again(self, address: str, parts: Sequence[Outgoing], error: SendError) -> None:
        tries = 1
        left = list(parts)
        while left and tries < _TRIES and not error.permanent:
            await asyncio.sleep(error.retry_after or _pause(tries))
            try:
                await self.send(address, left[0])
                del left[0]
            except SendError as failed:
                error, tries = failed, tries + 1
        if left:
            log.warning("staff_not_answered", error=error.reason)

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def _answer(self, read: Read) -> None:
        # The spinner on the button ends; nothing depends on it, so it is not stored.
        self._beside(self._answer_callback(read.callback))

    async def _answer_callback(self, query: str) -> None:
        try:
            await self._api.call("answerCallbackQuery", callback_query_id=query)
        except TelegramError as error:
            log.info("callback_not_answered", error=type(error).__name__)


class Polling:
    """Polls while this process holds the lease on the token; the offset moves only with a commit."""

    def __init__(
        self,
        channel: TelegramChannel,
        api: TelegramApi,
        lease: LeaseKeeper,
        read_offset: Callable[[], Awaitable[int]],
    ) -> None:
        self._channel, self._api, self._lease, self._read_offset = channel, api, lease, read_offset

    async def run(self) -> None:
        while True:
            token = await self._lease.held()
            await self._start()
            offset = await self._read_offset()
            failures = 0
            while self._lease.token == token:
                try:
                    await self._channel.room()
                    updates = await self._api.get_updates(offset, _POLL_SECONDS, KINDS)
                    known = [u for u in updates if isinstance(u, dict) and isinstance(u.get("update_id"), int)]
                    if known and self._lease.token == token:
                        await self._channel.take(known, polled=True)
                        offset = max(u["update_id"] for u in known) + 1
                    failures = 0
                except Conflict:
                    log.warning("telegram_second_poller", hint="another program polls with this bot token; stop it")
                    await asyncio.sleep(5)
                except TelegramError as error:
                    failures += 1
                    log.warning("telegram_poll_failed", error=type(error).__name__, failures=failures)
                    await asyncio.sleep(_pause(failures))
                except Exception as error:
                    # The storage is away; nothing was acknowledged, so the same updates come again.
                    failures += 1
                    log.error("telegram_intake_failed", error=type(error).__name__, failures=failures)
                    await asyncio.sleep(_pause(failures))

    async def _start(self) -> None:
        try:
            await self._api.call("deleteWebhook", drop_pending_updates=False)
        except TelegramError as error:
            log.warning("telegram_start_failed", error=type(error).__name__)
        await self._channel.introduce()


class Webhook:
    """Receives updates over HTTP: 200 only after the commit, so that the platform repeats what was not stored."""

    def __init__(self, channel: TelegramChannel, api: TelegramApi, lease: LeaseKeeper, url: str, secret: str) -> None:
        self._channel, self._api, self._lease = channel, api, lease
        self._url, self._secret = url + WEBHOOK_PATH, secret
        self.routes = [Route(WEBHOOK_PATH, self._received, methods=["POST"])]

    async def run(self) -> None:
        """Register with the platform, by whichever process holds the lease."""
        await self._lease.held()
        failures = 0
        while True:
            try:
                await self._api.call(
                    "setWebhook", url=self._url, secret_token=self._secret, allowed_updates=KINDS, max_connections=40
                )
                break
            except TelegramError as error:
                failures += 1
                log.warning("telegram_webhook_failed", error=type(error).__name__, failures=failures)
                await asyncio.sleep(_pause(failures))
        await self._channel.introduce()
        await asyncio.Event().wait()

    async def _received(self, request: Request) -> Response:
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            log.warning("webhook_refused", reason="secret")
            return PlainTextResponse("forbidden", 403)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _BODY:
                log.warning("webhook_refused", reason="size")
                return PlainTextResponse("too large", 413)
        try:
            update = orjson.loads(body)
            if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
                raise ValueError
        except ValueError:
            log.warning("webhook_refused", reason="not an update")
            return PlainTextResponse("not an update", 400)
        await self._channel.take([update], polled=False)
        return PlainTextResponse("")


def _pause(failures: int) -> float:
    return min(30.0, 0.5 * 2.0 ** min(failures, 6)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
