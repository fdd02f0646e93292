"""What every response of the desk carries, how a request is read, and how it is refused."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response

MOST_BYTES = 64 * 1024
_SECONDS = 15.0
_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
DATA_HEADERS = _COMMON | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
# What a customer sent never runs as ours; browsers draw a picture with a style of their own.
FILE_HEADERS = _COMMON | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
}
PAGE_HEADERS = _COMMON | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}


class Refused(Exception):
    """A request that is answered with an error. key is a text of the [error] section, filled in with values."""

    def __init__(self, status: int, key: str, retry_after: float = 0.0, **values: object) -> None:
        self.status, self.key, self.retry_after, self.values = status, key, retry_after, values
        super().__init__(key)


def answer(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, DATA_HEADERS, media_type="application/json")


async def read_form(request: Request) -> dict[str, str]:
    """An HTML form's fields. Raises Refused."""
    raw = await _read(request, MOST_BYTES)
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise Refused(400, "bad_request") from None


async def read_json(request: Request, most: int = MOST_BYTES) -> dict[str, Any]:
    """A JSON object of at most so many bytes. Raises Refused."""
    try:
        body = orjson.loads(await _read(request, most))
    except orjson.JSONDecodeError:
        raise Refused(400, "bad_request") from None
    if not isinstance(body, dict):
        raise Refused(400, "bad_request")
    return body


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise Refused(413, "too_big")
    except TimeoutError:
        raise Refused(408, "too_slow") from None
    return bytes(body)
