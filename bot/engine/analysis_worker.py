"""The analysis process: reads requests on standard input, writes replies on standard output, ends with its parent."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from bot.engine.frames import HEAD, pack, unpack
from knowledge.analysis import Analyzer
from knowledge.shelf import Shelf


def main() -> None:
    """Serve until standard input ends, which it also does when the parent is killed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C and supervisors reach the whole group;
        signal.signal(number, signal.SIG_IGN)  # the parent, which finishes its work first, says when to end
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with replies
    Worker(Shelf(Analyzer()), sys.stdin.buffer, replies).serve()


class Worker:
    """Decides in the order asked; a version is opened in a thread beside that."""

    def __init__(self, shelf: Shelf, requests: BinaryIO, replies: BinaryIO) -> None:
        self._shelf, self._requests, self._replies = shelf, requests, replies
        self._writing = threading.Lock()

    def serve(self) -> None:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="open") as opening:
            while head := self._requests.read(HEAD.size):
                number, operation, arguments = unpack(self._requests.read(*HEAD.unpack(head)))
                if operation == "open":
                    opening.submit(self._do, number, self._shelf.open, arguments)
                else:
                    self._do(number, self._shelf.decide, arguments)

    def _do(self, number: int, function: Any, arguments: tuple[Any, ...]) -> None:
        try:
            result, error = function(*arguments), ""
        except Exception as fault:  # its words could quote a customer
            result, error = None, type(fault).__name__
        frame = pack(number, result, error)
        with self._writing:
            self._replies.write(frame)
            self._replies.flush()


if __name__ == "__main__":
    main()
