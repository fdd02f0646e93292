"""The HTTP side: routes, tokens, faults, and one call from request to answer."""

import asyncio
import inspect
import re
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

from .control import Control
from .errors import ApiError
from .faults import Fault, slow
from .methods import METHODS
from .observe import Call, Observer
from .params import check, read
from .people import People
from .specs import SPECS
from .state import Json, World
from .webhook import Webhook

TOKEN = "7310994512:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"
BODY_BYTES = 60 * 1024 * 1024


class BotApiServer(Observer, People):
    """`async with BotApiServer() as api:` then api.url and api.token; the deeds of people and what came are methods.

    control: also serve the same over HTTP under /control (for a server that is a process of its own).
    """

    def __init__(
        self, *, port: int = 0, token: str = TOKEN, username: str = "sangdam_bot", control: bool = False
    ) -> None:
        super().__init__(World(int(token.partition(":")[0]), username))
        self.token = token
        self.url = ""
        self.webhook = Webhook(self.queue)
        self._port = port
        self._control = Control(self) if control else None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_route("*", "/bot{token}/{method}", self._bot)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        if self._control is not None:
            app.router.add_post("/control/{name}", self._control.handle)
        # A client that goes away takes its long poll with it; without this a killed bot would still "hear" updates.
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.webhook.stop()
        self.queue.notify()
        self.changed()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _bot(self, request: web.Request) -> web.Response:
        try:
            self._authorize(request.match_info["token"])
            method, spec = self._method(request.match_info["method"])
            raw = await read(request)
        except ApiError as error:
            return _answer(error.code, error.answer())
        faults = self.faults.next(method, _number(raw.get("chat_id")))
        if not faults:
            return await self._call(method, spec, raw, [])
        # Shielded: what was asked for happens even when the client is gone by then.
        return await asyncio.shield(asyncio.ensure_future(self._faulty(request, method, spec, raw, faults)))

    async def _faulty(
        self, request: web.Request, method: str, spec: dict[str, tuple[str, bool]], raw: Json, faults: list[Fault]
    ) -> web.Response:
        await slow(faults, before=True)
        drop = next((fault for fault in faults if fault.drop), None)
        if drop is not None and not drop.applied:
            self._log(method, raw, 0, "connection dropped before the call")
            answer = web.Response()
        else:
            answer = await self._call(method, spec, raw, faults)
        await slow(faults, before=False)
        if drop is not None and request.transport is not None:
            request.transport.abort()
        return answer

    async def _call(
        self, method: str, spec: dict[str, tuple[str, bool]], raw: Json, faults: list[Fault]
    ) -> web.Response:
        params = raw
        try:
            for fault in faults:
                if fault.error is not None:
                    raise fault.error
            if self.world.logged_out:
                raise ApiError(400, "Logged out")
            params = check(spec, raw)
            if method == "getUpdates":
                self.polls += 1
                self.last_poll = params
            result = METHODS[method](self, method, params)
            if inspect.isawaitable(result):
                result = await result
        except ApiError as error:
            self._log(method, params, error.code, error.description)
            return _answer(error.code, error.answer())
        lost = any(fault.drop for fault in faults)
        if method != "getUpdates":
            self._log(method, params, 0 if lost else 200, "answer lost" if lost else "")
        else:
            self.changed()
        return _answer(200, {"ok": True, "result": result})

    async def _file(self, request: web.Request) -> web.Response:
        try:
            self._authorize(request.match_info["token"])
        except ApiError as error:
            return _answer(error.code, error.answer())
        faults = self.faults.next("file", None)
        await slow(faults, before=True)
        parts = request.match_info["path"].split("/")
        file = self.world.files.get(parts[1]) if len(parts) == 3 else None
        failed = next((fault.error for fault in faults if fault.error), None)
        if failed is None and (file is None or parts[2] != file.name):
            failed = ApiError(404, "Not Found")
        if failed is not None:
            return _answer(failed.code, failed.answer())
        assert file is not None
        return web.Response(body=file.data, content_type="application/octet-stream")

    def _authorize(self, token: str) -> None:
        if not re.fullmatch(r"\d+:[\w-]{20,}", token):
            raise ApiError(404, "Not Found")
        if token != self.token:
            raise ApiError(401, "Unauthorized")

    def _method(self, name: str) -> tuple[str, dict[str, tuple[str, bool]]]:
        if name.lower() not in SPECS:
            self._log(name, {}, 404, "Not Found")
            raise ApiError(404, "Not Found: method not found")
        return SPECS[name.lower()]

    def _log(self, method: str, params: Json, status: int, description: str = "") -> None:
        chat = params.get("chat_id")
        if isinstance(chat, str):  # a call that was refused before its parameters were read
            params = params | {"chat_id": _number(chat)}
        self.calls.append(Call(method, params, self.world.now(), status, description))
        self.changed()


def _number(chat: Any) -> Any:
    return int(chat) if re.fullmatch(r"-?\d+", str(chat)) else chat


def _answer(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
