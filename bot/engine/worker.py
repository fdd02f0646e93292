"""A process that works for the program: reads requests on standard input, writes replies on standard output, and ends
with its parent."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from bot.engine.frames import HEAD, pack, unpack


class Worker:
    """Calls the methods of what it serves in the order asked; those named in `beside` in a thread beside that."""

    def __init__(self, target: object, operations: Collection[str], beside: Collection[str] = ()) -> None:
        self._operations: dict[str, Callable[..., Any]] = {name: getattr(target, name) for name in operations}
        self._beside = frozenset(beside)
        self._writing = threading.Lock()

    def serve(self, requests: BinaryIO, replies: BinaryIO) -> None:
        """Until the requests end, which they also do when the parent is killed."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as beside:
            while head := requests.read(HEAD.size):
                number, operation, arguments = unpack(requests.read(*HEAD.unpack(head)))
                if operation in self._beside:
                    beside.submit(self._do, number, operation, arguments, replies)
                else:
                    self._do(number, operation, arguments, replies)

    def _do(self, number: int, operation: str, arguments: tuple[Any, ...], replies: BinaryIO) -> None:
        try:
            result, error = self._operations[operation](*arguments), ""
        except Exception as fault:  # its words could quote a customer
            result, error = None, type(fault).__name__
        frame = pack(number, result, error)
        with self._writing:
            replies.write(frame)
            replies.flush()


def standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Where requests come from and replies go, set apart from whatever libraries print; signals are the parent's."""
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C and supervisors reach the whole group;
        signal.signal(number, signal.SIG_IGN)  # the parent, which finishes its work first, says when to end
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with replies
    return sys.stdin.buffer, replies
