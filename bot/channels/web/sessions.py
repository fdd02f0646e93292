"""Sessions of the chat page: bearer tokens that only this installation can make."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from domain.clock import Clock
from storage.crypto import Hashes

VISITOR_LASTS = timedelta(hours=12)
_RANDOM_BYTES = 32
_LONGEST = 2_000
_VISITOR = "v."  # a random address has no dot


@dataclass(frozen=True, slots=True)
class Session:
    """address is the account's. name is what the shop calls a signed visitor."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody whom the shop has signed in: subject is the shop's own name of the account."""

    subject: str
    name: str = ""


class Sessions:
    """A token is an address, or a visitor with an end, and a keyed mark of it: nothing is stored before a message.

    A visitor has the same address in every browser; a browser without one has a random address of its own.
    """

    def __init__(self, hashes: Hashes, clock: Clock, visitor_secret: str = "") -> None:
        self._hashes, self._clock = hashes, clock
        # With another secret the sessions that came of the former end: it may have been changed for having leaked.
        self._era = hashlib.sha256(visitor_secret.encode()).hexdigest()[:16] if visitor_secret else ""

    def new(self) -> str:
        """A new token, for an `Authorization: Bearer` header."""
        address = secrets.token_urlsafe(_RANDOM_BYTES)
        return f"{address}.{self._mark(address)}"

    def for_visitor(self, visitor: Visitor) -> str:
        """A token of a signed visitor, good for VISITOR_LASTS."""
        ends = int((self._clock() + VISITOR_LASTS).timestamp())
        said = base64.urlsafe_b64encode(orjson.dumps([visitor.subject, visitor.name, ends])).rstrip(b"=").decode()
        return f"{_VISITOR}{said}.{self._visitor_mark(said)}"

    def account(self, visitor: Visitor) -> str:
        """A name under which a page may keep what is a visitor's, in a browser that others use too."""
        return self._hashes.address("web-visitor-account", visitor.subject)[:16]

    def read(self, authorization: str) -> Session | None:
        """The session of a header's token; None when this installation did not make it or it has ended."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or len(token) > _LONGEST or not token.isascii():
            return None
        said, _, mark = token.strip().rpartition(".")
        if said.startswith(_VISITOR):
            return self._visitor(said.removeprefix(_VISITOR), mark)
        return Session(said) if said and _same(mark, self._mark, said) else None

    def _visitor(self, said: str, mark: str) -> Session | None:
        if not self._era or not _same(mark, self._visitor_mark, said):
            return None
        subject, name, ends = orjson.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        if datetime.fromtimestamp(ends, tz=self._clock().tzinfo) <= self._clock():
            return None
        return Session(f"visitor:{subject}", name)

    def _mark(self, address: str) -> str:
        # A channel name that no channel has keeps this apart from the hashes under which accounts are found.
        return self._hashes.address("web-session-mark", address)

    def _visitor_mark(self, said: str) -> str:
        return self._hashes.address(f"web-visitor-mark-{self._era}", said)


def platform_id(address: str, client_id: str) -> str:
    """Unique for a session and the id its page gave: the same id of another session is another message."""
    return hashlib.sha256(f"{address}\0{client_id}".encode()).hexdigest()[:40]


def session_topic(address: str) -> str:
    """The signal that a session got its conversation."""
    return "w" + hashlib.sha256(address.encode()).hexdigest()[:24]


def _same(mark: str, make: Callable[[str], str], said: str) -> bool:
    return hmac.compare_digest(mark, make(said))
