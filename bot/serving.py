"""Serving HTTP and running the loops until a signal, or until a loop ends."""

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.parts import Loop
from bot.settings import Settings
from domain.errors import SettingsError

log = structlog.get_logger()


async def serve(
    settings: Settings,
    routes: list[BaseRoute],
    loops: Mapping[str, Loop],
    before_stop: Callable[[], None],
    link: str,
) -> None:
    """Serve the routes and run the loops (by name). link: the first account's page, shown once; empty for none.

    Raises SettingsError when the port is taken, and what a loop raised.
    """
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
            await cancel([task])


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
