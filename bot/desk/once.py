"""Steps that are sent again, by a second click or after a lost answer, and are taken once."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.responses import Response

from bot.desk.answers import Refused

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_KEPT = 256

Begin = Callable[[], Coroutine[Any, Any, Response]]


class Once:
    """Answers of the last steps by who took them and the id the page gave. A step goes on when its page is closed."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[tuple[int, str], asyncio.Task[Response]] = OrderedDict()

    async def take(self, staff: int, client_id: object, begin: Begin) -> Response:
        """The answer of the step, which is begun unless it has been. One that failed may be tried again."""
        if not isinstance(client_id, str) or not _ID.fullmatch(client_id):
            raise Refused(400, "bad_request")
        key = staff, client_id
        task = self._tasks.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._tasks[key] = asyncio.create_task(begin())
            task.add_done_callback(_seen)
            while len(self._tasks) > _KEPT:
                self._tasks.popitem(last=False)
        return await asyncio.shield(task)


def _seen(task: asyncio.Task[Response]) -> None:
    if not task.cancelled():
        task.exception()  # whoever waits gets it; nobody may be waiting any more
