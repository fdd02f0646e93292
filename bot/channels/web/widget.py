"""The widget: a script for the shop's pages, and the sessions of visitors whom the shop has signed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.web.answers import FOR_OTHER_SITES, answer
from bot.channels.web.limits import Gate
from bot.channels.web.reading import read_visitor
from bot.channels.web.sessions import Sessions
from bot.channels.web.visitors import Visitors
from handlers.catalogue import Texts

_HERE = Path(__file__).parent
_WORDS = ("label", "unread", "window", "frame", "close", "loading", "failed", "again", "foreign", "refused")
_HEADERS = FOR_OTHER_SITES | {
    "X-Content-Type-Options": "nosniff",
    # Every page of the shop asks for it, so a browser may keep it for a while.
    "Cache-Control": "public, max-age=300",
}


class Widget:
    """/widget.js and /widget/session. origins: where the script may show anything at all."""

    def __init__(
        self,
        sessions: Sessions,
        visitors: Visitors,
        gate: Gate | None,
        texts: Texts,
        shop_name: str,
        origins: Sequence[str],
    ) -> None:
        self._sessions, self._visitors, self._gate = sessions, visitors, gate
        self._script = _script(texts, shop_name, origins)
        self._etag = f'"{hashlib.sha256(self._script).hexdigest()[:32]}"'

    async def script(self, request: Request) -> Response:
        headers = _HEADERS | {"ETag": self._etag}
        if self._etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self._script, headers=headers, media_type="text/javascript; charset=utf-8")

    async def open_session(self, request: Request) -> Response:
        """A session for what the shop has signed. account: a name for what the page keeps of this visitor."""
        if self._gate is not None:
            self._gate.visitor(request)
        visitor = self._visitors.check(await read_visitor(request))
        return answer(
            {"token": self._sessions.for_visitor(visitor), "account": self._sessions.account(visitor)}, status=201
        )


def _script(texts: Texts, shop_name: str, origins: Sequence[str]) -> bytes:
    if not origins:
        return b"console.warn(" + orjson.dumps(texts("widget.off")) + b");\n"
    # Braces that the page fills in stand for themselves here.
    words = {key: texts(f"widget.{key}").replace("{shop}", shop_name) for key in _WORDS}
    given = {"origins": origins, "words": words, "style": (_HERE / "launcher.css").read_text("utf-8")}
    return (_HERE / "launcher.js").read_bytes().rstrip().rstrip(b";") + b"(" + orjson.dumps(given) + b");\n"
