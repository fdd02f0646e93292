"""Taking a step at the desk: from the decision to the customer's channel, for pages and for the desk itself."""

import secrets
from collections.abc import Callable, Collection, Mapping
from functools import partial

from bot.engine.delivery import Delivery
from bot.engine.signals import DESK, OUTBOX, Signals, conversation_topic
from domain.clock import Clock
from domain.desk_plan import DeskPlan
from domain.staff import Scene, StaffEffects
from handlers.catalogue import Texts
from handlers.staff_steps import Desk, Step
from storage.desk import Stepped, step
from storage.opening import Storage
from storage.times import to_us


class DeskSteps:
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
        self._deliveries, self._pull, self.plan = deliveries, pull, plan

    async def take(
        self,
        conversation: int,
        staff_id: int,
        client_id: str,
        kind: str,
        how: Step,
        *,
        target_id: int | None = None,
        by_itself: bool = False,
    ) -> Stepped:
        """As storage.desk.step. Raises StepRefused, NoSuchConversation, KeyGone."""
        now, storage = self._clock(), self._storage
        desk = Desk(self._texts, now, secrets.randbelow(1_000_000), self.plan)
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
                target_id=target_id,
                by_itself=by_itself,
            )
        )
        if done.channel in self._deliveries:
            self._deliveries[done.channel].offer(done.sends, push[done.channel])
        self._signals.tell([DESK, OUTBOX, conversation_topic(conversation)])
        return done
