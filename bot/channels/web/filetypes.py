"""What a file is, by its own bytes: a name can say anything."""

from pathlib import PurePath

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_ENDINGS = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log", ".csv", ".md"),
}
_NO_TEXT = bytes(range(9)) + b"\x0b" + bytes(range(14, 32)) + b"\x7f"
_LONGEST_STEM = 100


def type_of(content: bytes) -> str:
    """The MIME type, "" for what is not taken."""
    for start, mime in _STARTS:
        if content.startswith(start):
            return mime
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return "image/heic" if content[8:12] in _HEIC_BRANDS else ""
    return "text/plain" if _is_text(content) else ""


def kind_of(mime: str) -> str:
    """The kind of an Attachment."""
    return "photo" if mime.startswith("image/") else "document"


def safe_name(name: str, mime: str) -> str:
    """A name that is one on every system, and whose ending is one of the type: staff will open the file."""
    plain = "".join(c for c in name if c.isprintable() and c not in '/\\:*?"<>|').strip(" .") or "file"
    path = PurePath(plain)
    endings = _ENDINGS[mime]
    if path.suffix.lower() in endings:
        return path.stem[:_LONGEST_STEM] + path.suffix
    return plain[:_LONGEST_STEM] + endings[0]


def _is_text(content: bytes) -> bool:
    if not content or content.translate(None, _NO_TEXT) != content:
        return False
    for encoding in ("utf-8", "cp949"):  # older Korean programs still write the latter
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
