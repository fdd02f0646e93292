"""Small files of every kind that is taken."""

import struct
import zlib


def png(width: int = 2, height: int = 2) -> bytes:
    """A picture that browsers do show."""
    rows = b"".join(b"\0" + b"\xc8\x6e\x32" * width for _ in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


TAKEN = {
    "image/png": png(),
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "image/gif": b"GIF89a\1\0\1\0\0\0\0;",
    "image/webp": b"RIFF\x1a\0\0\0WEBPVP8L",
    "image/heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "text/plain": "주문번호 20260303\n".encode("cp949"),
}
REFUSED = {
    "zip": b"PK\3\4\x14\0\0\0\x08\0",
    "exe": b"MZ\x90\0\3\0\0\0",
    "mp4": b"\0\0\0\x18ftypmp42\0\0\0\0",
    "svgz": b"\x1f\x8b\x08\0",
    "utf-16": "글".encode("utf-16"),
    "pdf in the middle": b"\0\0%PDF-1.7",
}
