"""What staff do with a conversation, from the page's request to the step."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.engine.desk_steps import DeskSteps
from bot.engine.intake import clean
from domain.identifiers import redact
from handlers.queue_steps import snooze, to_queue, transfer, wake
from handlers.staff_steps import ANSWER_LIMIT, Step, close, give_back, note, take
from handlers.staff_steps import answer as say

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PLAIN: Mapping[str, Step] = {"take": take, "return": give_back, "close": close, "wake": wake}
_WORDED: Mapping[str, Callable[[str], Step]] = {"answer": say, "note": note}


class Steps:
    def __init__(self, steps: DeskSteps) -> None:
        self._steps = steps

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """{"id", "kind", "text"?, "to"?, "until"?} → {"seq", "repeated", "redacted"}; kinds: take, return, close, wake;
        answer, note with text; transfer with to (a staff id) and queue, both with a note in text; snooze with until."""
        body = await read_json(request)
        client_id, kind, text, to = body.get("id"), str(body.get("kind")), body.get("text", ""), body.get("to")
        if not isinstance(client_id, str) or not _ID.fullmatch(client_id) or not isinstance(text, str):
            raise Refused(400, "bad_request")
        if len(text) > ANSWER_LIMIT:
            raise Refused(413, "too_long", limit=f"{ANSWER_LIMIT:,}")
        found = redact(clean(text.replace("\r\n", "\n")).strip())
        target = to if kind == "transfer" and isinstance(to, int) and 0 < to < 2**53 else None
        if kind in _PLAIN:
            how = _PLAIN[kind]
        elif kind in _WORDED:
            if not found.text:
                raise Refused(400, "empty")
            how = _WORDED[kind](found.text)
        elif kind == "queue":
            how = to_queue(found.text)
        elif kind == "transfer" and target is not None:
            how = transfer(found.text)
        elif kind == "snooze":
            how = snooze(_time(body.get("until")))
        else:
            raise Refused(400, "bad_request")
        done = await self._steps.take(
            request.path_params["id"], visitor.staff.id, client_id, kind, how, target_id=target
        )
        return answer({"seq": done.seq, "repeated": done.repeated, "redacted": found.kinds})


def _time(value: object) -> datetime:
    """An aware time in ISO 8601. Raises Refused."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused(400, "bad_time")
    return at
