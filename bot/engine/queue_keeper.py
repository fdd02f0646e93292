"""Keeping the queue moving: who is silent goes off, what they had is given on, what was put off comes back.

What is due stands in the database, so a process that dies leaves nothing undone; a lease lets one process look at a
time, and every change is checked again under the conversation's lock.
"""

import contextlib
import secrets
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
import structlog

from bot.engine.desk_steps import DeskSteps
from bot.engine.leases import LeaseKeeper
from bot.engine.signals import DESK, Signals, conversation_topic
from domain.clock import Clock
from domain.conversation import Owner
from domain.desk_plan import DeskPlan
from domain.errors import Conflict, KeyGone
from domain.presence import Presence
from domain.staff import StepRefused
from handlers.queue_steps import assigned, released
from handlers.staff_steps import Step
from storage.desk_views import Staffed
from storage.opening import Storage
from storage.presence import Attending
from storage.times import to_us

LEASE = "queue"
_LOOK_EVERY = 5.0
log = structlog.get_logger()


class QueueKeeper:
    def __init__(
        self, storage: Storage, signals: Signals, clock: Clock, steps: DeskSteps, plan: DeskPlan, lease: LeaseKeeper
    ) -> None:
        self._storage, self._signals, self._clock = storage, signals, clock
        self._steps, self._plan, self._lease = steps, plan, lease

    async def run(self) -> None:
        """Look whenever something changes at the desk, and every few seconds."""
        signal = self._signals.subscribe(DESK)
        try:
            while True:
                await self._lease.held()
                try:
                    await self.look()
                except (sa.exc.SQLAlchemyError, OSError, Conflict) as error:  # looked at again in a moment
                    log.error("queue_not_kept", error=type(error).__name__)
                await signal.wait(_LOOK_EVERY)
        finally:
            self._signals.unsubscribe(signal, DESK)

    async def look(self) -> None:
        """Do all that is due now."""
        presences = self._storage.presences
        gone = await presences.leave_silent(self._plan.away)
        woken = await presences.wake(to_us(self._clock()))
        if gone or woken:
            log.info("queue_kept", gone=len(gone), woken=len(woken))
            self._signals.tell([DESK, *(conversation_topic(c) for c in woken)])
        rows = await self._storage.desk.staffed()
        held = [row for row in rows if row.owner is Owner.AGENT]
        people = {one.staff.id: one for one in await presences.everybody()} if held or self._plan.assigns else {}
        for row in held:
            await self._give_on(row, people.get(row.agent.id) if row.agent else None)
        if self._plan.assigns:
            waiting = [row for row in await self._storage.desk.staffed() if row.owner is Owner.QUEUE]
            await self._give_out(waiting)

    async def _give_on(self, row: Staffed, holder: Attending | None) -> None:
        assert row.agent is not None
        there = holder.attendance if holder else None
        off = row.agent.disabled or (there is not None and there.presence is Presence.OFF)
        if off:
            await self._take(row, row.agent.id, "released", released())
        elif self._is_left_alone(row, self._clock()):
            await self._take(row, row.agent.id, "released", released(row.last_seq))

    def _is_left_alone(self, row: Staffed, now: datetime) -> bool:
        snoozed = row.handover is not None and row.handover.snoozed_until is not None
        limit = self._plan.silent
        return limit is not None and row.unanswered and not snoozed and self._plan.hours.between(row.at, now) > limit

    async def _give_out(self, waiting: Sequence[Staffed]) -> None:
        """Each to the one with the least, among those who can take it."""
        for row in waiting:
            skill = row.handover.skill if row.handover else ""
            people = await self._storage.presences.everybody()
            able = [(p.attendance.load, p.staff.id) for p in people if p.attendance and p.attendance.takes(skill)]
            if able:
                await self._take(row, min(able)[1], "assigned", assigned)

    async def _take(self, row: Staffed, staff_id: int, kind: str, how: Step) -> None:
        with contextlib.suppress(StepRefused, KeyGone):  # it changed meanwhile: nothing to do any more
            await self._steps.take(row.conversation_id, staff_id, secrets.token_hex(8), kind, how, by_itself=True)
            log.info(f"conversation_{kind}", conversation=row.conversation_id)
