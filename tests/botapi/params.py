"""A request's parameters: read from query, form, multipart or JSON, and checked against the method's own list."""

import re
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from .errors import ApiError, bad

_BOOL = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}
_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "from_chat_id": "from_chat_id is empty",
    "user_id": "invalid user_id specified",
    "file_id": "file_id is empty",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
}
_CHAT = re.compile(r"-?\d{1,19}|@\w+")


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    mime: str
    data: bytes


async def read(request: web.Request) -> dict[str, Any]:
    """All parameters as they came; uploads are Upload, JSON values keep their JSON type."""
    raw: dict[str, Any] = dict(request.query)
    if request.method != "POST" or not request.can_read_body:
        return raw
    kind = request.content_type
    if kind == "application/json":
        try:
            body = orjson.loads(await request.read() or b"{}")
        except orjson.JSONDecodeError as error:
            raise bad("can't parse JSON object") from error
        if not isinstance(body, dict):
            raise bad("expected a JSON object")
        return raw | body
    if kind == "application/x-www-form-urlencoded":
        return raw | dict((await request.post()).items())
    if kind == "multipart/form-data":
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise bad("nested multipart is not supported")
            name, data = part.name or "", bytes(await part.read(decode=True))
            if part.filename is None:
                raw[name] = data.decode()
            else:
                raw[name] = Upload(part.filename, part.headers.get("Content-Type", "application/octet-stream"), data)
        return raw
    raise ApiError(400, f"Bad Request: unsupported content type {kind}")


def check(spec: dict[str, tuple[str, bool]], raw: dict[str, Any]) -> dict[str, Any]:
    """The parameters in their types. Uploads that an attach:// reference names stay under their own names."""
    attached = {name: value for name, value in raw.items() if isinstance(value, Upload)}
    checked: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in spec:
            if name in attached:
                continue
            raise bad(f'unknown parameter "{name}"')
        if value is not None:
            checked[name] = _read(name, spec[name][0], value)
    for name, (_, required) in spec.items():
        if required and checked.get(name) in (None, ""):
            raise bad(_MISSING.get(name, f'parameter "{name}" is required'))
    for name, upload in attached.items():
        checked.setdefault(name, upload)
    return checked


def parse_spec(line: str) -> dict[str, tuple[str, bool]]:
    """ "chat_id:chat! text:str" → {name: (type, required)}."""
    spec = {}
    for word in line.split():
        name, _, kind = word.partition(":")
        spec[name] = (kind.rstrip("!") or "str", word.endswith("!"))
    return spec


def _read(name: str, kind: str, value: Any) -> Any:
    wrong = bad(f'parameter "{name}" must be of type {kind}')
    if kind == "file":
        if isinstance(value, Upload) or (isinstance(value, str) and value):
            return value
        raise bad("there is no file in the request")
    if isinstance(value, Upload):
        raise wrong
    if kind == "str":
        if not isinstance(value, str):
            raise wrong
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise bad("strings must be encoded in UTF-8")
        return value
    if kind == "bool":
        if isinstance(value, bool):
            return value
        if str(value) in _BOOL:
            return _BOOL[str(value)]
        raise wrong
    if kind == "int":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value):
            return int(value)
        raise wrong
    if kind == "float":
        try:
            return float(value)
        except (TypeError, ValueError):
            raise wrong from None
    if kind == "chat":
        if not _CHAT.fullmatch(str(value)):
            raise bad("chat not found")
        return str(value) if str(value).startswith("@") else int(value)
    return _structure(name, kind, value)


def _structure(name: str, kind: str, value: Any) -> Any:
    if isinstance(value, str):
        if not value:
            return None
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad(f"can't parse {name} JSON object") from None
    expected: type = {"object": dict, "list": list}[kind]
    if not isinstance(value, expected):
        raise bad(f"{name} must be a JSON {'object' if expected is dict else 'array'}")
    return value
