"""The chat page's own service for tests: real storage, engine and HTTP server in this process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from bot.channels.web import WebChat, WebLimits
from bot.engine.handling import Handling
from bot.engine.intake import Backlog, Intake
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import Signals
from domain.clock import system_clock
from handlers.catalogue import load_texts
from handlers.turn import Shop
from storage.crypto import MasterKey
from storage.opening import Storage, open_storage

SHOP = Shop("온담상점", "온담상점 서비스 제공자")


class Service:
    """One process's worth of engine and pages. HTTP can stop and come back on the same port."""

    def __init__(self, storage: Storage, librarian: Librarian, signals: Signals, limits: WebLimits | None) -> None:
        self.storage, self.librarian, self.signals, self._limits = storage, librarian, signals, limits
        metrics, backlog = Metrics(), Backlog()
        self.texts = load_texts()
        self.intake = Intake(storage, signals, metrics, system_clock, backlog)
        self.handling = Handling(
            storage,
            librarian,
            signals,
            metrics,
            system_clock,
            backlog=backlog,
            channels=["web"],
            deliveries={},
            texts=self.texts,
            shop=SHOP,
        )
        self.port = 0
        self._handling: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._web: WebChat | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_handling(self) -> None:
        self._handling = asyncio.create_task(self.handling.run())

    async def stop_handling(self) -> None:
        await _end(self._handling)
        self._handling = None

    async def start_http(self) -> None:
        self._web = WebChat(
            storage=self.storage,
            intake=self.intake,
            signals=self.signals,
            clock=system_clock,
            texts=self.texts,
            shop_name=SHOP.name,
            limits=self._limits,
        )
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(Starlette(routes=self._web.routes), log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        await self._started(listening)

    async def _started(self, listening: socket.socket) -> None:
        assert self._server is not None
        self._serving = asyncio.create_task(self._server.serve([listening]))
        # The socket listens only once the server has started, and an accepted connection says so.
        async with asyncio.timeout(10):
            while not self._server.started:
                await asyncio.sleep(0)  # noqa: ASYNC110 - uvicorn tells it by a flag only

    async def stop_http(self) -> None:
        if self._server is None or self._serving is None or self._web is None:
            return
        self._web.close()
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = self._web = None


@contextlib.asynccontextmanager
async def serving(folder: Path, *, limits: WebLimits | None = None) -> AsyncIterator[Service]:
    """A service on a new SQLite database in `folder`."""
    urls = [f"sqlite+aiosqlite:///{folder / name}" for name in ("data.db", "keys.db")]
    master = MasterKey.from_text(MasterKey.new_text())
    async with open_storage(urls[0], urls[1], master, system_clock) as storage:
        signals = Signals(storage.database)
        librarian = Librarian(storage.knowledge, signals, system_clock)
        await librarian.load()
        service = Service(storage, librarian, signals, limits)
        loops = [asyncio.create_task(loop()) for loop in (signals.run, librarian.run)]
        service.start_handling()
        await service.start_http()
        try:
            yield service
        finally:
            await service.stop_http()
            await service.stop_handling()
            for loop in loops:
                await _end(loop)
            librarian.close()


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
