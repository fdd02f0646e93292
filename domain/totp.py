"""Time-based one-time codes (RFC 6238: SHA-1, 30 seconds, 6 digits), as every authenticator app makes them."""

import hmac
import secrets
from datetime import datetime

import pyotp

STEP = 30  # seconds
_DRIFT = 1  # steps that a phone's clock may be off, either way
RECOVERY_CODES = 10
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without those that look alike
_RECOVERY_LENGTH = 10


def new_secret() -> str:
    """160 bits in Base32."""
    return pyotp.random_base32()


def address(secret: str, name: str, issuer: str) -> str:
    """What a QR code tells an authenticator app: an otpauth:// address."""
    # Apps part issuer and name at a colon.
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer.replace(":", " ").strip() or "Sangdam")


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code this is, among the present one and its neighbours; None for any other."""
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    given, found = code.encode("utf-8", "replace"), None
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given):
            found = step
    return found


def is_code(text: str) -> bool:
    """Whether it has the form of a one-time code; else it may be a recovery code."""
    return len(text) == 6 and text.isascii() and text.isdigit()


def plain_code(text: str) -> str:
    """What a person typed, in the form that is compared: no blanks, no hyphens, capitals."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())[:40]


def new_letters() -> str:
    """Ten letters and digits that nobody guesses and anybody can type."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_RECOVERY_LENGTH))


def shown(code: str) -> str:
    """As it is shown to a person."""
    return f"{code[:5]}-{code[5:]}"
