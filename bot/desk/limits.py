"""How often one network may try to sign in and one person may ask for data. In memory, for each process."""

import ipaddress
import time
from collections import Counter
from dataclasses import dataclass

_MOST_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, then `per_second`."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """A network may be a whole office; guesses at one name are slowed by its own lock besides."""

    sign_ins: Rate = Rate(20, 0.5)
    requests: Rate = Rate(120, 20.0)
    streams: int = 24


class Buckets:
    """Token buckets by key."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._full_at: dict[str, float] = {}

    def take(self, key: str) -> float:
        """Take one token: 0.0, or the seconds until there is one."""
        now, step = time.monotonic(), 1.0 / self._rate.per_second
        full_at = max(self._full_at.pop(key, now), now)
        wait = full_at - now - (self._rate.burst - 1) * step
        self._full_at[key] = full_at + step if wait <= 0 else full_at
        if len(self._full_at) > _MOST_KEYS:
            self._full_at = {k: at for k, at in self._full_at.items() if at > now}
        return max(wait, 0.0)


class Places:
    """At most so many at the same time by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[int] = Counter()

    def enter(self, key: int) -> bool:
        if self._taken[key] >= self._most:
            return False
        self._taken[key] += 1
        return True

    def leave(self, key: int) -> None:
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]


def network(place: str) -> str:
    """The key of the network of an address: whoever has one IPv6 address has its whole /64."""
    try:
        address = ipaddress.ip_address(place)
    except ValueError:
        return place
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64))) if address.version == 6 else place
