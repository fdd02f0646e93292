"""What goes through the pipes between the program and its analysis process.

A frame is its length (4 bytes, big-endian) and a pickle. Request: (number, operation, arguments), reply: (number,
result, error). Both ends are this program, on one machine, over pipes that nobody else holds.
"""

import pickle
import struct
from typing import Any

HEAD = struct.Struct(">I")


def pack(*values: Any) -> bytes:
    frame = pickle.dumps(values, pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(frame)) + frame


def unpack(frame: bytes) -> Any:
    return pickle.loads(frame)  # noqa: S301 - see above
