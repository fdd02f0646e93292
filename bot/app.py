"""The composition root: the only place where the parts are put together."""

import asyncio
import contextlib
import getpass
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.routing import BaseRoute

from bot.channels.operations import Operations
from bot.channels.telegram.updates import NAME as TELEGRAM
from bot.channels.terminal import NAME as TERMINAL
from bot.channels.terminal import Terminal
from bot.channels.web import CHANNEL as WEB
from bot.channels.web import WebChat
from bot.desk import Desk, DeskLimits
from bot.engine.analysis_process import AnalysisProcess
from bot.engine.delivery import Delivery
from bot.engine.desk_steps import DeskSteps
from bot.engine.leases import LeaseKeeper
from bot.engine.queue_keeper import LEASE as QUEUE
from bot.engine.queue_keeper import QueueKeeper
from bot.parts import Loop, Parts, assemble, open_program_storage
from bot.serving import cancel, serve
from bot.settings import Settings
from storage.opening import Storage
from storage.staff import FIRST, LINK_LASTS


async def run_service(settings: Settings, analysis: AnalysisProcess) -> None:
    """`sangdam run`: everything that is configured, until SIGINT or SIGTERM."""
    async with open_program_storage(settings) as storage, contextlib.AsyncExitStack() as stack:
        parts = assemble(settings, storage, analysis)
        stack.push_async_callback(parts.workshop.close)
        service = await compose(settings, parts)
        service.loops["analysis"] = analysis.run
        if parts.plug:
            await stack.enter_async_context(parts.plug.client)
        await stack.enter_async_context(service.opened())
        link = "" if await storage.accounts.anybody() else await first_link(storage)
        await serve(settings, service.routes, service.loops, before_stop=service.close, link=link)


@dataclass(slots=True)
class Service:
    """What `sangdam run` serves and keeps running. opened: what must be open while the loops run."""

    routes: list[BaseRoute]
    loops: dict[str, Loop]
    opened: Callable[[], contextlib.AbstractAsyncContextManager[object]]
    close: Callable[[], None]


async def compose(settings: Settings, parts: Parts, desk_limits: DeskLimits | None = DeskLimits()) -> Service:  # noqa: B008 - frozen
    """Everything that is configured, put together and not yet running. desk_limits None lifts them."""
    storage, clock = parts.storage, parts.clock
    web = WebChat(
        storage=storage,
        intake=parts.intake,
        signals=parts.signals,
        clock=clock,
        texts=parts.texts,
        shop_name=settings.shop_name,
        widget_origins=settings.widget_sites,
        widget_secret=settings.widget_secret.get_secret_value(),
    )
    operations = Operations(storage.database, parts.librarian, parts.metrics)
    routes: list[BaseRoute] = [*operations.routes, *web.routes]
    loops: dict[str, Loop] = {
        "signals": parts.signals.run,
        "knowledge": parts.librarian.run,
        "files": web.run,
    }
    if parts.plug:
        loops["vectors"] = partial(parts.plug.filling.run, parts.signals)
    channels = [WEB]
    deliveries: dict[str, Delivery] = {}
    opened: Callable[[], contextlib.AbstractAsyncContextManager[object]] = contextlib.nullcontext
    if settings.telegram_token.get_secret_value():
        from bot.app_telegram import compose_telegram  # a quarter of a second of imports

        telegram = await compose_telegram(settings, parts)
        channels.append(TELEGRAM)
        deliveries[TELEGRAM] = telegram.delivery
        routes += telegram.routes
        loops |= telegram.loops
        opened = telegram.opened
    steps = DeskSteps(storage, parts.signals, clock, parts.texts, deliveries, (WEB, TERMINAL), parts.plan)
    lease = LeaseKeeper(storage, QUEUE, clock)
    loops["queue_lease"] = lease.run
    loops["queue"] = QueueKeeper(storage, parts.signals, clock, steps, parts.plan, lease).run
    desk = Desk(
        storage=storage,
        signals=parts.signals,
        clock=clock,
        texts=parts.texts,
        shop_name=settings.shop_name,
        public_url=settings.public_url,
        steps=steps,
        workshop=parts.workshop,
        second_factor=settings.desk_second_factor,
        limits=desk_limits,
    )
    routes += desk.routes
    loops["handling"] = parts.handling(settings, channels, deliveries).run

    def close() -> None:
        web.close()
        desk.close()

    return Service(routes, loops, opened, close)


async def first_link(storage: Storage) -> str:
    """Where the first account is made, good for one use: the path of a page under the program's address."""
    token = secrets.token_urlsafe(32)
    await storage.accounts.new_link(FIRST, None, token, LINK_LASTS)
    return f"/desk/welcome#{token}"


async def run_terminal(settings: Settings, analysis: AnalysisProcess) -> None:
    """`sangdam chat`: one conversation on standard input and output."""
    async with open_program_storage(settings) as storage, contextlib.AsyncExitStack() as stack:
        parts = assemble(settings, storage, analysis)
        terminal = Terminal(
            parts.intake,
            storage.conversations,
            parts.signals,
            parts.clock,
            address=getpass.getuser(),
            out=sys.stdout,
            read_line=sys.stdin.readline,
        )
        loops: list[Loop] = [analysis.run, parts.signals.run, parts.librarian.run]
        loops.append(partial(_answer_lines, settings, parts))
        if parts.plug:
            await stack.enter_async_context(parts.plug.client)
            loops.append(partial(parts.plug.filling.run, parts.signals))
        tasks = [asyncio.create_task(loop()) for loop in loops]
        talk = asyncio.create_task(terminal.run())
        try:
            await asyncio.wait([*tasks, talk], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            await talk
        finally:
            await cancel([*tasks, talk])


async def _answer_lines(settings: Settings, parts: Parts) -> None:
    """With all kept vectors from the first line on: a short input would be over before they came by the way."""
    if parts.plug:
        await parts.plug.filling.hand_over()
    await parts.handling(settings, [TERMINAL], {}).run()
