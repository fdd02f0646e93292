"""The chat page's own service for tests: real storage, engine and HTTP server in this process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence

import uvicorn
from starlette.applications import Starlette

from bot.channels.web import CHANNEL, WebChat, WebLimits
from bot.engine.handling import Handling
from bot.engine.intake import Backlog, Intake
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import Signals
from domain.clock import system_clock
from handlers.catalogue import load_texts
from handlers.turn import Shop
from storage.opening import Storage
from tests.analysis import thread_analysis

SHOP = Shop("온담상점", "온담상점 서비스 제공자")


class Service:
    """One process's worth of engine and pages. HTTP can stop and come back on the same port."""

    def __init__(
        self, storage: Storage, limits: WebLimits | None, widget_origins: Sequence[str] = (), widget_secret: str = ""
    ) -> None:
        self.storage, self._limits = storage, limits
        self._widget_origins, self._widget_secret = widget_origins, widget_secret
        self.signals, self.texts = Signals(storage.database), load_texts()
        self._analysis = thread_analysis()
        self.librarian = Librarian(storage.knowledge, self.signals, system_clock, self._analysis)
        self._metrics, self._backlog = Metrics(), Backlog()
        self.intake = Intake(storage, self.signals, self._metrics, system_clock, self._backlog)
        self.port = 0
        self._handling: asyncio.Task[None] | None = None
        self._server: Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._web: WebChat | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start_handling(self) -> None:
        """Answer messages from now on; loads the knowledge base first."""
        await self.librarian.load()
        handling = Handling(
            self.storage,
            self.librarian,
            self.signals,
            self._metrics,
            system_clock,
            backlog=self._backlog,
            channels=[CHANNEL],
            deliveries={},
            texts=self.texts,
            shop=SHOP,
        )
        self._handling = asyncio.create_task(handling.run())

    def close(self) -> None:
        self._analysis.close()

    async def stop_handling(self) -> None:
        if self._handling is not None:
            await end(self._handling)
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
            widget_origins=self._widget_origins,
            widget_secret=self._widget_secret,
        )
        listening = listen(self.port)
        self.port = listening.getsockname()[1]
        self._server = Server(uvicorn.Config(Starlette(routes=self._web.routes), log_config=None, lifespan="off"))
        self._serving = asyncio.create_task(self._server.serve([listening]))
        await self._server.up.wait()

    async def stop_http(self) -> None:
        if self._server is None or self._serving is None or self._web is None:
            return
        self._web.close()
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = self._web = None


def listen(port: int = 0) -> socket.socket:
    """A socket on this machine; port 0 picks a free one."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening


class Server(uvicorn.Server):
    """up is set once it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextlib.asynccontextmanager
async def serving(
    storage: Storage,
    *,
    limits: WebLimits | None = None,
    answers: bool = True,
    widget_origins: Sequence[str] = (),
    widget_secret: str = "",
) -> AsyncIterator[Service]:
    """A running service. Without answers messages stay open until `start_handling`."""
    service = Service(storage, limits, widget_origins, widget_secret)
    signals = asyncio.create_task(service.signals.run())
    try:
        if answers:
            await service.start_handling()
        await service.start_http()
        yield service
    finally:
        await service.stop_http()
        await service.stop_handling()
        await end(signals)
        service.close()


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
