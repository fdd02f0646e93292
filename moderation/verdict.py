"""What the screener says about one message."""

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    NONE = "none"
    PROFANITY = "profanity"
    INSULT = "insult"
    THREAT = "threat"
    SEXUAL = "sexual"
    HATE = "hate"


class Target(StrEnum):
    STAFF = "staff"  # whoever serves the customer: the person, the team, the bot
    OTHER = "other"  # a third person or a group
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """score is 0 to 1 and abusive is score >= 0.5; severity is 0 to 3.

    spans are [start, end) positions in the text as it was given, in order and without overlap. Where a message is not
    abusive, category and target are "none", severity is 0 and spans are empty; where it is, severity is at least 1 and
    there is at least one span. version names the weights and word lists that judged, so that a verdict can be explained
    after they have changed.
    """

    abusive: bool
    score: float
    category: Category
    target: Target
    severity: int
    spans: tuple[tuple[int, int], ...]
    version: str
