"""What staff do with a conversation, from the page's request to the customer's channel."""

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from bot.desk.answers import Refused, answer, read_json
from bot.desk.guard import Visitor
from bot.engine.delivery import Delivery
from bot.engine.intake import clean
from bot.engine.signals import DESK, OUTBOX, Signals, conversation_topic
from domain.clock import Clock
from domain.desk_plan import DeskPlan
from domain.identifiers import redact
from domain.staff import Scene, StaffEffects
from handlers.catalogue import Texts
from handlers.staff_steps import ANSWER_LIMIT, Desk, Step, close, give_back, note, take
from handlers.staff_steps import answer as say
from storage.desk import Stepped, step
from storage.opening import Storage
from storage.times import to_us

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PLAIN: Mapping[str, Step] = {"take": take, "return": give_back, "close": close}
_WORDED: Mapping[str, Callable[[str], Step]] = {"answer": say, "note": note}


class Steps:
    """pull: channels whose pages fetch the log themselves; all others are pushed to, here or by another process."""

    def __init__(
        self,
        storage: Storage,
        signals: Signals,
        clock: Clock,
        texts: Texts,
        deliveries: Mapping[str, Delivery],
        pull: Collection[str],
        plan: DeskPlan,
    ) -> None:
        self._storage, self._signals, self._clock, self._texts = storage, signals, clock, texts
        self._deliveries, self._pull, self._plan = deliveries, pull, plan

    async def post(self, request: Request, visitor: Visitor) -> Response:
        """{"id", "kind", "text"?} → {"seq", "repeated", "redacted"}; kinds: take, answer, note, return, close."""
        body = await read_json(request)
        client_id, kind, text = body.get("id"), str(body.get("kind")), body.get("text", "")
        if not isinstance(client_id, str) or not _ID.fullmatch(client_id) or not isinstance(text, str):
            raise Refused(400, "bad_request")
        redacted: tuple[str, ...] = ()
        if kind in _PLAIN:
            how = _PLAIN[kind]
        elif kind in _WORDED:
            if len(text) > ANSWER_LIMIT:
                raise Refused(413, "too_long", limit=f"{ANSWER_LIMIT:,}")
            found = redact(clean(text.replace("\r\n", "\n")).strip())
            if not found.text:
                raise Refused(400, "empty")
            how, redacted = _WORDED[kind](found.text), found.kinds
        else:
            raise Refused(400, "bad_request")
        done = await self._take(request.path_params["id"], visitor.staff.id, client_id, kind, how)
        return answer({"seq": done.seq, "repeated": done.repeated, "redacted": redacted})

    async def _take(self, conversation: int, staff_id: int, client_id: str, kind: str, how: Step) -> Stepped:
        now, storage = self._clock(), self._storage
        desk = Desk(self._texts, now, secrets.randbelow(1_000_000), self._plan)
        decide: Callable[[Scene], StaffEffects] = partial(how, desk)
        push = {name: delivery.token for name, delivery in self._deliveries.items()}
        done = await storage.run(
            lambda _: step(
                conversation,
                staff_id,
                client_id,
                kind,
                decide,
                hashes=storage.hashes,
                keys=storage.keys.cached,
                now=to_us(now),
                push=push,
                pull=self._pull,
            )
        )
        if done.channel in self._deliveries:
            self._deliveries[done.channel].offer(done.sends, push[done.channel])
        self._signals.tell([DESK, OUTBOX, conversation_topic(conversation)])
        return done
