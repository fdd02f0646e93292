"""Notices to the staff's chat. The database knows what has been told, so a crash loses none and repeats none."""

from datetime import timedelta

import structlog

from bot.desk.talk import reason_text
from bot.engine.signals import DESK, OUTBOX, Signals
from domain.clock import Clock
from domain.deadlines import SEOUL
from domain.errors import Conflict
from domain.messages import Outgoing
from handlers.catalogue import Texts
from storage.notices import Untold, tell, untold
from storage.opening import Storage
from storage.times import to_us

_LOOK_EVERY = 5.0
log = structlog.get_logger()


class Notices:
    """Says in the staff's chat that somebody waits, and what is due within `remind`: number and reason, never what was
    written."""

    def __init__(
        self,
        storage: Storage,
        signals: Signals,
        clock: Clock,
        texts: Texts,
        *,
        channel: str,
        chat: str,
        link: str,
        remind: timedelta = timedelta(),
    ) -> None:
        self._storage, self._signals, self._clock, self._texts = storage, signals, clock, texts
        self._channel, self._chat, self._link, self._remind = channel, chat, link, remind

    async def run(self) -> None:
        signal = self._signals.subscribe(DESK)
        try:
            while True:
                await self.tell()
                await signal.wait(_LOOK_EVERY)
        finally:
            self._signals.unsubscribe(signal, DESK)

    async def tell(self) -> None:
        """Queue a notice for each hand-over, and each that is due soon, of which there was none."""
        waiting = await untold(self._storage.database, to_us(self._clock() + self._remind))
        if not waiting:
            return
        storage, now = self._storage, to_us(self._clock())
        notices = [(one.key, Outgoing(self._words(one))) for one in waiting]
        try:
            await storage.run(
                lambda spare: tell(
                    self._channel,
                    self._chat,
                    notices,
                    hashes=storage.hashes,
                    keys=storage.keys.cached,
                    spare_keys=spare,
                    now=now,
                )
            )
        except Conflict:
            return  # another process was first; what it left is seen at the next look
        self._signals.tell([OUTBOX])
        log.info("staff_told", waiting=len(notices))

    def _words(self, one: Untold) -> str:
        due = one.due.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M") if one.due else ""
        reason = reason_text(one.reason, self._texts)
        words = self._texts(f"staff.{one.about}", number=one.number, reason=reason, due=due)
        return f"{words}\n{self._texts('staff.waits_link', link=self._link)}" if self._link else words
