"""Holding a lease: what only one process may do at a time."""

import asyncio
import contextlib
import secrets
import time

import structlog

from domain.clock import Clock
from domain.errors import Conflict
from storage.leases import give_up, take
from storage.opening import Storage
from storage.times import SECOND, to_us

TTL = 6.0  # seconds after which another process takes over from one that died
_RENEW = 1.5
log = structlog.get_logger()


class LeaseKeeper:
    """Takes a lease when it is free and renews it. Each holding has a token of its own."""

    def __init__(self, storage: Storage, name: str, clock: Clock) -> None:
        self._storage, self._name, self._clock = storage, name, clock
        self._token = ""
        self._held_until = 0.0
        self._changed = asyncio.Condition()

    @property
    def token(self) -> str:
        """The token of the present holding, "" when the lease is not ours (any more)."""
        return self._token if time.monotonic() < self._held_until else ""

    async def held(self) -> str:
        """Wait until the lease is ours; its token."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.token != "")
        return self.token

    async def run(self) -> None:
        try:
            while True:
                await self._try()
                await asyncio.sleep(_RENEW)
        finally:
            with contextlib.suppress(Exception):
                if self.token:
                    await asyncio.shield(give_up(self._storage.database, self._name, self._token))

    async def _try(self) -> None:
        token = self.token or secrets.token_hex(8)
        asked_at = time.monotonic()
        now = to_us(self._clock())
        try:
            # An answer that comes later than this is of no use, and the next try must not wait for it.
            async with asyncio.timeout(TTL / 2):
                got = await self._storage.database.run(take(self._name, token, now, now + int(TTL * SECOND)))
        except Conflict:
            got = False
        except Exception as error:  # the database is away: the lease ends by itself
            log.error("lease_not_renewed", lease=self._name, error=type(error).__name__)
            return
        async with self._changed:
            if got and not self.token:
                log.info("lease_taken", lease=self._name)
            self._token = token if got else ""
            # Ours ends before the database says so, so that two holders never overlap.
            self._held_until = asked_at + TTL - 1.0 if got else 0.0
            self._changed.notify_all()
