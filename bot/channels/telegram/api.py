"""Calling the Bot API: python-telegram-bot's Bot for set-up, its request layer directly where every message passes.

Building the library's objects for each message costs more than the rest of the message's way (see docs/decisions), so
updates are read and answers sent as plain JSON through the same request object, with the library's errors.
"""

from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import orjson
from telegram import Bot
from telegram.error import (
    BadRequest,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData
from yarl import URL

from domain.errors import SendError

_TIMEOUT = 20.0
_USUAL = aiohttp.ClientTimeout(total=_TIMEOUT)
_JSON = {"Content-Type": "application/json"}
_GONE = ("chat not found", "user is deactivated", "bot was kicked", "peer_id_invalid")


class FloodWait(TelegramError):
    """HTTP 429: the platform asks this chat to wait for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too Many Requests")
        self.seconds = seconds


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's transport on aiohttp: a quarter of the CPU of its default one."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._addresses: dict[str, URL] = {}

    @property
    def read_timeout(self) -> float | None:
        return _TIMEOUT

    async def initialize(self) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=60),
                auto_decompress=False,
                headers=_JSON,
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
                cookie_jar=aiohttp.DummyCookieJar(),
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NetworkError("the transport is closed")
        body = orjson.dumps(request_data.parameters) if request_data else b"{}"
        timeout = aiohttp.ClientTimeout(total=read_timeout) if isinstance(read_timeout, float | int) else _USUAL
        address = self._addresses.get(url)
        if address is None:
            address = self._addresses[url] = URL(url, encoded=True)  # parsed once for each method, not for each call
        try:
            async with self._session.request(method, address, data=body, timeout=timeout) as response:
                payload = await response.read()
                if response.status == 429:
                    raise FloodWait(_retry_after(payload))
                return response.status, payload
        except TimeoutError as error:
            raise TimedOut from error
        except aiohttp.ClientError as error:
            # The library's text would carry the address, and with it the token.
            raise NetworkError(type(error).__name__) from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            parsed: dict[str, Any] = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise TelegramError("the server's answer is not JSON") from None
        return parsed


def _retry_after(payload: bytes) -> float:
    try:
        return float(orjson.loads(payload)["parameters"]["retry_after"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return 1.0


class TelegramApi:
    """One bot token at one Bot API server (its root, to which /bot<token> is appended)."""

    def __init__(self, token: str, server: str) -> None:
        root = server.rstrip("/")
        self._url = f"{root}/bot{token}"
        self._updates = AiohttpRequest(connections=2)
        self._request = AiohttpRequest(connections=256)
        self.bot = Bot(
            token,
            base_url=f"{root}/bot",
            base_file_url=f"{root}/file/bot",
            request=self._request,
            get_updates_request=self._updates,
        )

    async def open(self) -> None:
        await self._updates.initialize()
        await self._request.initialize()

    async def close(self) -> None:
        await self._updates.shutdown()
        await self._request.shutdown()

    async def call(self, method: str, **parameters: Any) -> Any:
        """Call a method with JSON parameters; the raw result. Raises telegram.error.TelegramError."""
        return await self._request.post(f"{self._url}/{method}", request_data=_plain(parameters))

    async def get_updates(self, offset: int, seconds: int, kinds: list[str]) -> list[dict[str, Any]]:
        """Long-poll for up to 100 updates from `offset` on, as plain JSON."""
        parameters = {"offset": offset, "limit": 100, "timeout": seconds, "allowed_updates": kinds}
        result: Any = await self._updates.post(
            f"{self._url}/getUpdates", request_data=_plain(parameters), read_timeout=seconds + 10
        )
        return list(result)


@dataclass(frozen=True, slots=True)
class _Plain:
    """Stands where the library passes RequestData, for parameters that are JSON already."""

    parameters: dict[str, Any]


def _plain(parameters: dict[str, Any]) -> RequestData:
    return cast(RequestData, _Plain(parameters))


def send_error(error: TelegramError) -> SendError:
    """What a failed send means for its message: wait, try again, or give up and why."""
    if isinstance(error, FloodWait):
        return SendError("429", permanent=False, retry_after=error.seconds)
    if isinstance(error, RetryAfter):
        return SendError("429", permanent=False, retry_after=1.0)
    if isinstance(error, Forbidden):
        return SendError(f"403 {error.message}", permanent=True, blocked=True)
    if isinstance(error, BadRequest):
        gone = any(word in error.message.lower() for word in _GONE)
        return SendError(f"400 {error.message}", permanent=True, blocked=gone)
    return SendError(type(error).__name__, permanent=False)
