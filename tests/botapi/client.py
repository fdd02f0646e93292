"""The test's side of a server in another process: the same names as BotApiServer's methods, each to be awaited."""
# ruff: noqa: ASYNC109  (the callers say how long they wait)

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import orjson

from .control import NAMES
from .errors import Misuse

ROOT = Path(__file__).resolve().parents[2]


class RemoteBotApi:
    """`await api.say(chat=1, text="안녕하세요")`; arguments by name, results as JSON. sent() gives dicts, not Sent."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name not in NAMES:
            raise AttributeError(name)

        async def call(**arguments: Any) -> Any:
            return await self.control(name, arguments)

        return call

    async def control(self, name: str, arguments: dict[str, Any]) -> Any:
        assert self._session is not None
        body = orjson.dumps(arguments, default=_base64)
        async with self._session.post(f"{self.url}/control/{name}", data=body) as answer:
            shown = orjson.loads(await answer.read())
        if answer.status == 408:
            raise TimeoutError(shown["error"])
        if answer.status != 200:
            raise Misuse(shown["error"])
        return shown["result"]

    async def wait_for(self, predicate: Callable[[Self], Awaitable[Any]], timeout: float = 10.0) -> Any:
        """The first true value of `await predicate(api)`; asked again whenever anything happens at the server."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    version = (await self.control("state", {}))["version"]
                    if value := await predicate(self):
                        return value
                    await self.control("wait_change", {"version": version})
        except TimeoutError:
            summary = await self.control("summary", {})
            raise TimeoutError(f"the condition did not come true in {timeout} s. {summary}") from None


@asynccontextmanager
async def spawn(port: int = 0) -> AsyncIterator[RemoteBotApi]:
    """A server in a process of its own, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.botapi", "--port", str(port), "--control",
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        ready = orjson.loads(await process.stdout.readline())
        async with RemoteBotApi(ready["url"], ready["token"]) as api:
            yield api
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _base64(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)
