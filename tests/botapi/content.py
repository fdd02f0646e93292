"""What a message carries: from a send… method's parameters, and by kind."""

import mimetypes
from typing import Any

from .errors import ApiError, bad
from .params import Upload
from .state import File, Json, World
from .text import caption_text, message_text

UPLOAD_BYTES = 50 * 1024 * 1024
PHOTO_BYTES = 10 * 1024 * 1024
KINDS = ("text", "photo", "document", "voice", "audio", "video", "sticker", "location", "contact")


def kind_of(message: Json) -> str:
    # An animation also carries `document`, so it is asked for first.
    return next((kind for kind in ("animation", *KINDS) if kind in message), "service")


def content_of(world: World, method: str, p: Json) -> Json:
    """The content of one send… call, or the error Telegram answers."""
    kind = method.removeprefix("send").lower()
    if kind == "message":
        _preview(p.get("link_preview_options"))
        content = message_text(p["text"], p.get("parse_mode"), p.get("entities"))
        return content | ({"link_preview_options": p["link_preview_options"]} if p.get("link_preview_options") else {})
    if kind == "location":
        if not -90 <= p["latitude"] <= 90 or not -180 <= p["longitude"] <= 180:
            raise bad("wrong latitude or longitude specified")
        return {"location": {"latitude": p["latitude"], "longitude": p["longitude"]}}
    if kind == "contact":
        names = ("phone_number", "first_name", "last_name", "vcard")
        return {"contact": {name: p[name] for name in names if p.get(name)}}
    caption = (
        {} if kind == "sticker" else caption_text(p.get("caption"), p.get("parse_mode"), p.get("caption_entities"))
    )
    return media_json(kind, stored(world, kind, p, p[kind]), p) | caption


def stored(world: World, kind: str, p: Json, source: str | Upload) -> File:
    """The file behind an upload, an attach:// reference or a file_id."""
    if isinstance(source, str) and source.startswith("attach://"):
        attached = p.get(source.removeprefix("attach://"))
        if not isinstance(attached, Upload):
            raise bad("wrong file identifier/HTTP URL specified")
        source = attached
    if isinstance(source, Upload):
        if not source.data:
            raise bad("file must be non-empty")
        if len(source.data) > (PHOTO_BYTES if kind == "photo" else UPLOAD_BYTES):
            raise ApiError(413, "Request Entity Too Large")
        return world.add_file(kind, source.data, source.name, source.mime)
    if source.startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")
    file = world.files.get(source)
    if file is None:
        raise bad("wrong file identifier/HTTP URL specified")
    if file.kind != kind:
        raise bad("type of file mismatch")
    return file


def media_json(kind: str, file: File, p: Json) -> Json:
    base: Json = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size}
    if kind == "photo":
        small = {"width": 90, "height": 67, "file_size": min(1200, file.size)}
        thumb = {"file_id": file.id + "s", "file_unique_id": file.unique_id + "s", **small}
        return {"photo": [thumb, base | {"width": 1280, "height": 960}]}
    if kind == "sticker":
        shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return {"sticker": base | shape | ({"emoji": p["emoji"]} if p.get("emoji") else {})}
    named = base | {"file_name": file.name, "mime_type": file.mime}
    if kind == "document":
        return {"document": named}
    timed = {"duration": p.get("duration", 3)}
    if kind == "voice":
        return {"voice": base | {"mime_type": file.mime} | timed}
    if kind == "audio":
        return {"audio": named | timed}
    shaped = named | timed | {"width": p.get("width", 640), "height": p.get("height", 480)}
    return {kind: shaped} | ({"document": named} if kind == "animation" else {})


def guess_mime(name: str, kind: str) -> str:
    defaults = {"photo": "image/jpeg", "voice": "audio/ogg", "sticker": "image/webp", "video": "video/mp4"}
    return defaults.get(kind) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _preview(options: Any) -> None:
    known = {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"}
    for name in options or {}:
        if name not in known:
            raise bad(f'can\'t parse link preview options: unknown field "{name}"')
