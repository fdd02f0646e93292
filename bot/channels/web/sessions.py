"""Sessions of the chat page: a bearer token that only this installation can make."""

import hashlib
import hmac
import secrets

from storage.crypto import Hashes

_RANDOM_BYTES = 32
_LONGEST = 200


class Sessions:
    """A token is a random address and a keyed mark of it, so nothing has to be stored before the first message."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    def new(self) -> str:
        """A new token, for an `Authorization: Bearer` header."""
        address = secrets.token_urlsafe(_RANDOM_BYTES)
        return f"{address}.{self._mark(address)}"

    def address(self, authorization: str) -> str | None:
        """The address a header's token stands for; None when this installation did not make it."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or len(token) > _LONGEST or not token.isascii():
            return None
        address, _, mark = token.strip().partition(".")
        if not address or not hmac.compare_digest(mark, self._mark(address)):
            return None
        return address

    def _mark(self, address: str) -> str:
        # A channel name that no channel has keeps this apart from the hashes under which accounts are found.
        return self._hashes.address("web-session-mark", address)


def platform_id(address: str, client_id: str) -> str:
    """Unique for a session and the id its page gave: the same id of another session is another message."""
    return hashlib.sha256(f"{address}\0{client_id}".encode()).hexdigest()[:40]


def session_topic(address: str) -> str:
    """The signal that a session got its conversation."""
    return "w" + hashlib.sha256(address.encode()).hexdigest()[:24]
