"""Notices to the staff's chat. The database knows what has been told, so a crash loses none and repeats none."""

import structlog

from bot.desk.talk import reason_text
from bot.engine.signals import DESK, OUTBOX, Signals
from domain.clock import Clock
from domain.errors import Conflict
from domain.messages import Outgoing
from handlers.catalogue import Texts
from storage.notices import tell, untold
from storage.opening import Storage
from storage.times import to_us

_LOOK_EVERY = 5.0
log = structlog.get_logger()


class Notices:
    """Says in the staff's chat that somebody waits: number and reason, never what was written."""

    def __init__(
        self, storage: Storage, signals: Signals, clock: Clock, texts: Texts, *, channel: str, chat: str, link: str
    ) -> None:
        self._storage, self._signals, self._clock, self._texts = storage, signals, clock, texts
        self._channel, self._chat, self._link = channel, chat, link

    async def run(self) -> None:
        signal = self._signals.subscribe(DESK)
        try:
            while True:
                await self.tell()
                await signal.wait(_LOOK_EVERY)
        finally:
            self._signals.unsubscribe(signal, DESK)

    async def tell(self) -> None:
        """Queue a notice for each hand-over of which there was none."""
        waiting = await untold(self._storage.database)
        if not waiting:
            return
        storage, now = self._storage, to_us(self._clock())
        notices = [(number, Outgoing(self._words(number, reason))) for number, reason in waiting]
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

    def _words(self, number: str, reason: str) -> str:
        words = self._texts("staff.waits", number=number, reason=reason_text(reason, self._texts))
        return f"{words}\n{self._texts('staff.waits_link', link=self._link)}" if self._link else words
