"""The least HTTP/1.1 a Bot API client needs, as an asyncio protocol: keep-alive, bodies of a stated length."""

import asyncio
import re
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qsl

import orjson

Params = dict[str, object]
# (connection, method name, parameters); the handler answers by connection.answer, at once or later.
Handler = Callable[["Connection", str, Params], None]

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_TYPE = re.compile(rb"\r\ncontent-type:[ \t]*([^\r\n]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_PART = re.compile(rb'name="([^"]+)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)


class Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, lost: Callable[["Connection"], None]) -> None:
        self._handler, self._lost = handler, lost
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end])
            if _CHUNKED.search(head):
                raise ValueError("chunked requests are not served here: " + head.decode("latin-1"))
            found = _LENGTH.search(head)
            total = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < total:
                return
            body = bytes(self._buffer[end + 4 : total])
            del self._buffer[:total]
            path, _, query = head.split(b" ", 2)[1].partition(b"?")
            params: Params = dict(parse_qsl(query.decode())) if query else {}
            self._handler(self, path.rpartition(b"/")[2].decode(), params | _body(head, body))

    def answer(self, result: bytes) -> None:
        """Write {"ok": true, "result": …}."""
        if self._transport is not None:
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                b'{"ok":true,"result":%b}' % (len(result) + 21, result)
            )


def _body(head: bytes, body: bytes) -> Params:
    if not body:
        return {}
    found = _TYPE.search(head)
    kind = found[1] if found else b""
    if kind.startswith(b"application/json"):
        return dict(orjson.loads(body))
    if kind.startswith(b"multipart/"):
        return {name.decode(): value.decode() for name, value in _PART.findall(body)}
    return dict(parse_qsl(body.decode(), keep_blank_values=True))
