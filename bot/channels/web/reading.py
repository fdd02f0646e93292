"""Reading what the page posted: bounded, and checked into plain values."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from bot.channels.web.answers import Refused
from bot.engine.intake import clean
from domain.messages import IncomingKind

MOST_BYTES = 64 * 1024
MOST_CHARACTERS = 4_000
MOST_BUTTON_BYTES = 64
MOST_FILE_BYTES = 5 * 1024 * 1024
MOST_FILES = 5
_SWALLOW = 16 * 1024 * 1024  # of a body that is too big: read and dropped, or the answer would not arrive
_SECONDS = 15.0
_FILE_SECONDS = 120.0  # a phone on a weak network
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LARGEST_SEQ = 2**53


@dataclass(frozen=True, slots=True)
class PostedFile:
    """An upload that a message refers to, with the name it has at the customer's."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as the page sent it. ref is the seq of the message a button hangs on, 0 for none."""

    id: str
    kind: IncomingKind
    text: str = ""
    button: str = ""
    ref: int = 0
    files: tuple[PostedFile, ...] = ()


async def read_message(request: Request) -> Posted:
    """Raises Refused: 413 too big or too long, 408 too slow, 400 for everything else that is wrong."""
    body = await _read_json(request)
    client_id = body.get("id")
    if not isinstance(client_id, str) or not _ID.fullmatch(client_id):
        raise Refused(400, "bad_id")
    text, button, start = body.get("text"), body.get("button"), body.get("start")
    if "files" in body and button is None and start is None:
        return _with_files(client_id, body["files"], text)
    if [text is not None, button is not None, start is not None].count(True) != 1:
        raise Refused(400, "bad_message")
    if isinstance(text, str):
        if len(text) > MOST_CHARACTERS:
            raise Refused(413, "too_long")
        if not text.strip():
            raise Refused(400, "empty")
        return Posted(client_id, IncomingKind.TEXT, text=text)
    if isinstance(button, str):
        data = clean(button)
        if not 0 < len(data.encode()) <= MOST_BUTTON_BYTES:
            raise Refused(400, "bad_message")
        ref = body.get("ref")
        return Posted(client_id, IncomingKind.BUTTON, button=data, ref=_seq(ref) if ref is not None else 0)
    if start is True:
        return Posted(client_id, IncomingKind.START)
    raise Refused(400, "bad_message")


def _with_files(client_id: str, files: object, text: object) -> Posted:
    if not isinstance(files, list) or not 0 < len(files) <= MOST_FILES or not isinstance(text, str | None):
        raise Refused(400, "bad_message")
    if len(text or "") > MOST_CHARACTERS:
        raise Refused(413, "too_long")
    found = []
    for file in files:
        file_id, name = (file.get("id"), file.get("name")) if isinstance(file, dict) else (None, None)
        if not isinstance(file_id, str) or not isinstance(name, str) or not _ID.fullmatch(file_id):
            raise Refused(400, "bad_message")
        found.append(PostedFile(file_id, name))
    if len({f.id for f in found}) < len(found):
        raise Refused(400, "bad_message")
    return Posted(client_id, IncomingKind.ATTACHMENT, text=text or "", files=tuple(found))


async def read_file(request: Request) -> bytes:
    """A raw body. Raises Refused."""
    content = await _read_in_time(request, MOST_FILE_BYTES, _FILE_SECONDS, "file_too_big")
    if not content:
        raise Refused(400, "file_empty")
    return content


async def read_seq(request: Request) -> int:
    """The "seq" of a JSON body. Raises Refused."""
    return _seq((await _read_json(request)).get("seq"))


async def read_visitor(request: Request) -> str:
    """The "visitor" of a JSON body: what the shop has signed. Raises Refused."""
    token = (await _read_json(request)).get("visitor")
    if not isinstance(token, str) or not token:
        raise Refused(400, "bad_visitor")
    return token


def query_seq(request: Request, name: str) -> int:
    """A seq in the query, 0 when it is not there. Raises Refused."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise Refused(400, "bad_seq")
    return _seq(int(text))


def _seq(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_SEQ:
        raise Refused(400, "bad_seq")
    return value


async def _read_json(request: Request) -> dict[str, Any]:
    raw = await _read_in_time(request, MOST_BYTES, _SECONDS, "too_big")
    try:
        # The standard parser takes lone surrogates, which intake removes; a stricter one would lose the message.
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused(400, "not_json") from None
    if not isinstance(body, dict):
        raise Refused(400, "not_json")
    return body


async def _read_in_time(request: Request, most: int, seconds: float, too_big: str) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await _read_body(request, most, too_big)
    except TimeoutError:
        raise Refused(408, "too_slow") from None


async def _read_body(request: Request, most: int, too_big: str) -> bytes:
    kept, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            kept.append(chunk)
        elif size > _SWALLOW:
            break
        else:
            kept.clear()
    if size > most:
        raise Refused(413, too_big)
    return b"".join(kept)
