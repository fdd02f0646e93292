"""The composition root: the only place where the parts are put together."""

import asyncio
import contextlib
import getpass
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.channels.operations import Operations
from bot.channels.telegram.api import TelegramApi
from bot.channels.telegram.channel import LIMITS, OFFSET, Polling, TelegramChannel, Webhook
from bot.channels.telegram.updates import NAME as TELEGRAM
from bot.channels.terminal import NAME as TERMINAL
from bot.channels.terminal import Terminal
from bot.channels.web import CHANNEL as WEB
from bot.channels.web import WebChat
from bot.desk import Desk, DeskLimits, Notices, join
from bot.engine.delivery import Delivery
from bot.engine.handling import Handling
from bot.engine.intake import Backlog, Intake
from bot.engine.leases import LeaseKeeper
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import Signals
from bot.master_key import obtain_master_key
from bot.settings import Settings
from domain.clock import Clock, system_clock
from domain.errors import SettingsError
from handlers.catalogue import Texts, load_texts
from handlers.turn import Shop
from storage.facts import ensure_fact
from storage.opening import Storage, open_storage
from storage.staff import FIRST, LINK_LASTS

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def open_program_storage(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Storage]:
    """The storage as the settings name it, with the master key from the settings or the data folder."""
    master = obtain_master_key(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with open_storage(settings.data_url, settings.persons_keys_url, master, clock) as storage:
        yield storage


@dataclass(slots=True)
class Parts:
    """What the loops of one process share."""

    storage: Storage
    signals: Signals
    metrics: Metrics
    librarian: Librarian
    texts: Texts
    clock: Clock
    backlog: Backlog = field(default_factory=Backlog)

    @property
    def intake(self) -> Intake:
        return Intake(self.storage, self.signals, self.metrics, self.clock, self.backlog)

    def handling(self, settings: Settings, channels: Sequence[str], deliveries: Mapping[str, Delivery]) -> Handling:
        return Handling(
            self.storage,
            self.librarian,
            self.signals,
            self.metrics,
            self.clock,
            backlog=self.backlog,
            channels=channels,
            deliveries=deliveries,
            texts=self.texts,
            shop=Shop(settings.shop_name, settings.shop_operator),
        )


def assemble(settings: Settings, storage: Storage, clock: Clock) -> Parts:
    signals = Signals(storage.database)
    librarian = Librarian(storage.knowledge, signals, clock, settings.knowledge_cache)
    return Parts(storage, signals, Metrics(), librarian, load_texts(), clock)


async def run_service(settings: Settings, clock: Clock = system_clock) -> None:
    """`sangdam run`: everything that is configured, until SIGINT or SIGTERM."""
    async with open_program_storage(settings, clock) as storage, contextlib.AsyncExitStack() as stack:
        parts = assemble(settings, storage, clock)
        stack.callback(parts.librarian.close)
        service = await compose(settings, parts)
        if service.telegram is not None:
            await stack.enter_async_context(_opened(service.telegram))
        link = "" if await storage.accounts.anybody() else await first_link(storage)
        await _serve(settings, service.routes, service.loops, before_stop=service.close, link=link)


@dataclass(slots=True)
class Service:
    """What `sangdam run` serves and keeps running."""

    routes: list[BaseRoute]
    loops: dict[str, Callable[[], Coroutine[None, None, None]]]
    telegram: TelegramApi | None
    close: Callable[[], None]


async def compose(settings: Settings, parts: Parts, desk_limits: DeskLimits | None = DeskLimits()) -> Service:  # noqa: B008 - frozen
    """Everything that is configured, put together and not yet running. desk_limits None lifts them."""
    storage, clock = parts.storage, parts.clock
    intake = parts.intake
    web = WebChat(
        storage=storage,
        intake=intake,
        signals=parts.signals,
        clock=clock,
        texts=parts.texts,
        shop_name=settings.shop_name,
    )
    operations = Operations(storage.database, parts.librarian, parts.metrics)
    routes: list[BaseRoute] = [*operations.routes, *web.routes]
    loops: dict[str, Callable[[], Coroutine[None, None, None]]] = {
        "signals": parts.signals.run,
        "knowledge": parts.librarian.run,
    }
    channels = [WEB]
    deliveries: dict[str, Delivery] = {}
    telegram: TelegramApi | None = None
    if settings.telegram_token.get_secret_value():
        channels.append(TELEGRAM)
        telegram, delivery, more = await _telegram(settings, parts, intake, routes)
        deliveries[TELEGRAM] = delivery
        loops |= more
    desk = Desk(
        storage=storage,
        signals=parts.signals,
        clock=clock,
        texts=parts.texts,
        shop_name=settings.shop_name,
        public_url=settings.public_url,
        deliveries=deliveries,
        pull=(WEB, TERMINAL),
        limits=desk_limits,
    )
    routes += desk.routes
    loops["handling"] = parts.handling(settings, channels, deliveries).run

    def close() -> None:
        web.close()
        desk.close()

    return Service(routes, loops, telegram, close)


async def first_link(storage: Storage) -> str:
    """Where the first account is made, good for one use: the path of a page under the program's address."""
    token = secrets.token_urlsafe(32)
    await storage.accounts.new_link(FIRST, None, token, LINK_LASTS)
    return f"/desk/welcome#{token}"


async def run_terminal(settings: Settings, clock: Clock = system_clock) -> None:
    """`sangdam chat`: one conversation on standard input and output."""
    async with open_program_storage(settings, clock) as storage:
        parts = assemble(settings, storage, clock)
        terminal = Terminal(
            parts.intake,
            storage.conversations,
            parts.signals,
            clock,
            address=getpass.getuser(),
            out=sys.stdout,
            read_line=sys.stdin.readline,
        )
        loops = [parts.signals.run, parts.librarian.run, parts.handling(settings, [TERMINAL], {}).run]
        tasks = [asyncio.create_task(loop()) for loop in loops]
        talk = asyncio.create_task(terminal.run())
        try:
            await asyncio.wait([*tasks, talk], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            await talk
        finally:
            await _cancel([*tasks, talk])
            parts.librarian.close()


async def _telegram(
    settings: Settings, parts: Parts, intake: Intake, routes: list[BaseRoute]
) -> tuple[TelegramApi, Delivery, dict[str, Callable[[], Coroutine[None, None, None]]]]:
    storage, clock = parts.storage, parts.clock

    async def join_staff(user: str, code: str) -> str | None:
        joined = await join(storage, user, code)
        return joined.alias if joined else None

    api = TelegramApi(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    channel = TelegramChannel(
        api,
        intake,
        clock,
        parts.texts,
        public_url=settings.public_url,
        limits=LIMITS if settings.telegram_limits == "on" else None,
        join=join_staff,
    )
    lease = LeaseKeeper(storage, TELEGRAM, clock)
    delivery = Delivery(channel, storage, parts.signals, parts.metrics, clock, lease)
    loops: dict[str, Callable[[], Coroutine[None, None, None]]] = {
        "telegram_lease": lease.run,
        "telegram_delivery": delivery.run,
    }
    if settings.telegram_staff_chat:
        loops["staff_notices"] = Notices(
            storage,
            parts.signals,
            clock,
            parts.texts,
            channel=TELEGRAM,
            chat=settings.telegram_staff_chat,
            link=f"{settings.public_url}/desk/" if settings.public_url else "",
        ).run
    await ensure_fact(storage.database, OFFSET, "0")
    if settings.telegram_mode == "polling":

        async def read_offset() -> int:
            return int(await ensure_fact(storage.database, OFFSET, "0"))

        loops["telegram_polling"] = Polling(channel, api, lease, read_offset).run
    else:
        secret = settings.telegram_webhook_secret.get_secret_value()
        webhook = Webhook(channel, api, lease, settings.public_url, secret)
        routes += webhook.routes
        loops["telegram_webhook"] = webhook.run
    return api, delivery, loops


@contextlib.asynccontextmanager
async def _opened(api: TelegramApi) -> AsyncIterator[None]:
    await api.open()
    try:
        yield
    finally:
        await api.close()


async def _serve(
    settings: Settings,
    routes: list[BaseRoute],
    loops: Mapping[str, Callable[[], Coroutine[None, None, None]]],
    before_stop: Callable[[], None],
    link: str,
) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=routes),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    try:
        await server.startup()
    except SystemExit:
        raise SettingsError(
            f"SANGDAM_HTTP_PORT: port {settings.http_port} on {settings.http_host} is taken; choose another one"
        ) from None
    port = server.servers[0].sockets[0].getsockname()[1]
    here = f"http://{settings.http_host}:{port}"
    sys.stderr.write(f"고객 채팅 화면: {here}/\n")
    if link:
        where = settings.public_url or here
        sys.stderr.write(f"첫 직원 계정 만들기(24시간 안에 한 번만 쓸 수 있습니다): {where}{link}\n")
    sys.stderr.flush()
    tasks = {asyncio.create_task(run()): name for name, run in loops.items()}
    serving = asyncio.create_task(server.main_loop())
    stop = asyncio.create_task(_until(stopping))
    try:
        done, _ = await asyncio.wait([*tasks, serving, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task in tasks:
                # A loop ends only by a fault: leave at once, so that whoever supervises starts us anew.
                log.error("loop_ended", loop=tasks[task])
                task.result()
    finally:
        before_stop()
        server.should_exit = True
        await server.shutdown()
        # Last started, first stopped: a delivery needs its lease for as long as it speaks.
        for task in reversed([serving, stop, *tasks]):
            await _cancel([task])


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
