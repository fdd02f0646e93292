"""Sealing: AES-256-GCM under a key for each person, those keys wrapped by the master key.

Sealed bytes are nonce (12 bytes) + ciphertext + tag. The associated data names the row, so that sealed text moved to
another row does not open.
"""

import base64
import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import SangdamError

_NONCE = 12


class WrongKey(SangdamError):
    """The master key does not open this store; use the key that the store was made with (SANGDAM_MASTER_KEY)."""


class Key:
    """One AES-256-GCM key. seal and open take the associated data that binds the text to its row."""

    __slots__ = ("_aes",)

    def __init__(self, raw: bytes) -> None:
        self._aes = AESGCM(raw)

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._aes.encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Raises WrongKey when the bytes were sealed under another key or for another row, or were changed."""
        try:
            return self._aes.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
        except InvalidTag:
            raise WrongKey("sealed text does not open with this key") from None


class MasterKey:
    """32 bytes that wrap every other key of the installation. It can be changed: what it wraps is wrapped anew."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != 32:
            raise ValueError("a master key has 32 bytes")
        self._wrap = Key(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"sangdam/wrap").derive(raw))

    @staticmethod
    def new_text() -> str:
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()

    @classmethod
    def from_text(cls, text: str) -> "MasterKey":
        """From 32 bytes in URL-safe base64. Raises ValueError."""
        return cls(base64.urlsafe_b64decode(text.strip().encode()))

    def wrap(self, raw: bytes) -> bytes:
        return self._wrap.seal(raw, b"wrapped")

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises WrongKey when another master key wrapped it."""
        return self._wrap.open(wrapped, b"wrapped")


class Hashes:
    """Keyed hashes of the installation. Their keys are wrapped by the master key and outlive a change of it."""

    def __init__(self, address: bytes, ledger: bytes) -> None:
        self._address, self._ledger = address, ledger
        self.fingerprint = hashlib.sha256(b"fingerprint" + address + ledger).hexdigest()[:16]

    def address(self, channel: str, address: str) -> str:
        """Under which a channel account is found; without the key it says nothing."""
        return hmac.new(self._address, f"{channel}\0{address}".encode(), hashlib.sha256).hexdigest()[:32]

    def ledger_link(self, text: str) -> str:
        return hmac.new(self._ledger, text.encode(), hashlib.sha256).hexdigest()
