"""How much one session and one network address may ask for. Kept in memory, for each process."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from bot.channels.web.answers import Refused

_MOST_KEYS = 50_000
_EVERYBODY = ""
_UPLOAD_WAIT = 3.0  # seconds until a page may try an upload again
_STREAM_WAIT = 10.0  # seconds until a page may ask again for a stream


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second`."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class WebLimits:
    """An address may stand for a whole office, so its limits are wide."""

    session_messages: Rate = Rate(12, 1.0)
    address_messages: Rate = Rate(120, 20.0)
    address_sessions: Rate = Rate(30, 0.5)
    address_visitors: Rate = Rate(60, 2.0)  # asked for each time a page of the shop opens its widget
    session_acks: Rate = Rate(40, 4.0)
    session_uploads: Rate = Rate(15, 0.2)
    address_uploads: Rate = Rate(100, 2.0)
    session_files: Rate = Rate(60, 6.0)  # shown and taken out; a page opened anew shows what was sent before
    uploads: int = 16  # at the same time in this process: each is held in memory
    session_streams: int = 8
    address_streams: int = 256


class Gate:
    """Refuses (429, with the seconds to wait) what goes beyond the limits."""

    def __init__(self, limits: WebLimits) -> None:
        self._messages = Buckets(limits.session_messages)
        self._all_messages = Buckets(limits.address_messages)
        self._sessions = Buckets(limits.address_sessions)
        self._visitors = Buckets(limits.address_visitors)
        self._acks = Buckets(limits.session_acks)
        self._uploads = Buckets(limits.session_uploads)
        self._all_uploads = Buckets(limits.address_uploads)
        self._files = Buckets(limits.session_files)
        self._uploading = Places(limits.uploads)
        self._streams = Places(limits.session_streams)
        self._all_streams = Places(limits.address_streams)

    def session(self, request: Request) -> None:
        _pass(self._sessions, network(request), "too_many_here")

    def visitor(self, request: Request) -> None:
        _pass(self._visitors, network(request), "too_many_here")

    def message(self, request: Request, address: str) -> None:
        _pass(self._messages, address, "too_many")
        _pass(self._all_messages, network(request), "too_many_here")

    def ack(self, address: str) -> None:
        _pass(self._acks, address, "too_many")

    def file(self, address: str) -> None:
        _pass(self._files, address, "too_many_here")

    def upload(self, request: Request, address: str) -> Callable[[], None]:
        """Returns what to call when the upload ends."""
        _pass(self._uploads, address, "too_many_uploads")
        _pass(self._all_uploads, network(request), "too_many_here")
        if not self._uploading.enter(_EVERYBODY):
            raise Refused(429, "too_many_here", _UPLOAD_WAIT)
        return lambda: self._uploading.leave(_EVERYBODY)

    def stream(self, request: Request, address: str) -> Callable[[], None]:
        """Returns what to call when the stream ends."""
        here = network(request)
        if not self._streams.enter(address):
            raise Refused(429, "too_many_windows", _STREAM_WAIT)
        if not self._all_streams.enter(here):
            self._streams.leave(address)
            raise Refused(429, "too_many_here", _STREAM_WAIT)

        def leave() -> None:
            self._streams.leave(address)
            self._all_streams.leave(here)

        return leave


class Buckets:
    """Token buckets by key."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._full_at: dict[str, float] = {}  # when the bucket is full again

    def take(self, key: str) -> float:
        """Take one token: 0.0, or the seconds until there is one."""
        now, step = time.monotonic(), 1.0 / self._rate.per_second
        full_at = max(self._full_at.pop(key, now), now)
        wait = full_at - now - (self._rate.burst - 1) * step
        if wait <= 0:
            full_at += step
        self._full_at[key] = full_at
        if len(self._full_at) > _MOST_KEYS:
            self._forget(now)
        return max(wait, 0.0)

    def _forget(self, now: float) -> None:
        self._full_at = {k: at for k, at in self._full_at.items() if at > now}
        while len(self._full_at) > _MOST_KEYS:  # all of them busy: those seen longest ago go
            del self._full_at[next(iter(self._full_at))]


class Places:
    """At most so many at the same time by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()

    def enter(self, key: str) -> bool:
        if self._taken[key] >= self._most:
            return False
        self._taken[key] += 1
        return True

    def leave(self, key: str) -> None:
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]


def network(request: Request) -> str:
    """The key of the network a request comes from: an IPv6 customer has a whole /64."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64))) if address.version == 6 else host


def _pass(buckets: Buckets, key: str, refusal: str) -> None:
    if wait := buckets.take(key):
        raise Refused(429, refusal, wait)
