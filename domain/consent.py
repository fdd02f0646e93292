"""Purposes a customer can consent to, each on its own (Personal Information Protection Act 22, Decree 17)."""

from dataclasses import dataclass
from enum import StrEnum


class ConsentPurpose(StrEnum):
    NECESSARY = "necessary"
    ATTACHMENTS = "attachments"  # additional function: files handed to the staff
    SENSITIVE = "sensitive"
    THIRD_PARTY = "third_party"
    OVERSEAS = "overseas"
    MARKETING_EMAIL = "marketing_email"
    MARKETING_MESSAGE = "marketing_message"
    MARKETING_NIGHT = "marketing_night"  # 21:00-08:00, Information and Communications Network Act 50(3)


class ConsentAct(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """Append-only. text_version names the wording the customer saw."""

    purpose: ConsentPurpose
    act: ConsentAct
    text_version: int
