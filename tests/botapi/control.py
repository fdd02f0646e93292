"""POST /control/<name> with a JSON object of arguments: the test's side over HTTP. bytes travel as {"base64": …}."""

import base64
import inspect
from typing import Any

import orjson
from aiohttp import web

from .errors import Misuse
from .observe import plain

NAMES = frozenset(
    {
        *("user", "group", "say", "edit", "press", "press_label", "block", "unblock", "deactivate", "membership"),
        *("member", "react", "topic", "delete_topic", "close_topic", "delete_message", "raw_update"),
        *("sent", "texts", "history", "topics", "calls_of", "unconfirmed", "answer_of", "summary", "many", "state"),
        *("advance", "fail_next", "drop_connection_next", "delay", "clear_faults", "set_limits"),
        *("wait_change", "wait_sent", "wait_confirmed"),
    }
)


class Control:
    def __init__(self, api: Any) -> None:
        self._api = api

    async def handle(self, request: web.Request) -> web.Response:
        """200 {"result"}; 400 {"error"} for wrong use; 408 {"error"} when a wait ran out."""
        name = request.match_info["name"]
        if name not in NAMES:
            return _json(404, {"error": f"no control is called {name}"})
        try:
            arguments = orjson.loads(await request.read() or b"{}")
            return _json(200, {"result": plain(await self._do(name, arguments))})
        except TimeoutError as error:
            return _json(408, {"error": str(error)})
        except (Misuse, KeyError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    async def _do(self, name: str, arguments: dict[str, Any]) -> Any:
        if name == "many":
            # [["say", {…}], …] in one request, so that a flood does not wait for round trips.
            return [plain(await self._do(deed, {**given})) for deed, given in arguments["deeds"]]
        if name == "state":
            api = self._api
            return {"version": api.version, "unconfirmed": api.unconfirmed(), "calls": len(api.calls),
                    "polls": api.polls, "last_poll": api.last_poll, "confirmed": api.queue.confirmed,
                    "refused": api.limits.refused, "polling": api.queue.polling()}  # fmt: skip
        result = getattr(self._api, name)(**{key: _bytes(value) for key, value in arguments.items()})
        return await result if inspect.isawaitable(result) else result


def _bytes(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"base64"}:
        return base64.b64decode(value["base64"])
    return value


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
