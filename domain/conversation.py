"""The state a conversation and its customer are in."""

from dataclasses import dataclass, field
from enum import StrEnum


class Owner(StrEnum):
    """Who answers in a conversation: exactly one of them at any time."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"


class Age(StrEnum):
    """Only the outcome is kept, never a birth date."""

    UNKNOWN = "unknown"
    ADULT = "adult"
    MINOR = "minor"  # under 18, no guardian's consent yet
    MINOR_CONSENTED = "minor_consented"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A guided dialogue in progress. id is in its buttons, so that a button of an earlier round is known as old."""

    name: str
    step: str
    id: str
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotState:
    """What the bot remembers of a conversation between two messages; stored encrypted.

    introduced: version of the first-contact notice that was shown, 0 for none. question: the question before, which a
    fragment refers to. unsure: how often in a row the bot did not know. waiting_case: number of the open hand-over.
    album: the album whose first file was answered last. unhelpful: questions whose answers were marked as no help.
    topic: the entry that was talked of last. urgent: the customer has said that it is urgent. closed_case: number of
    the hand-over that was closed last, closed_until: until when (epoch seconds) writing opens it again.
    """

    introduced: int = 0
    question: str = ""
    unsure: int = 0
    waiting_case: str = ""
    waiting_told: bool = False
    album: str = ""
    unhelpful: tuple[str, ...] = ()
    topic: str = ""
    urgent: bool = False
    closed_case: str = ""
    closed_until: int = 0
    dialogue: Dialogue | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    id: int
    channel: str
    customer_id: int
    owner: Owner
    state: BotState


@dataclass(frozen=True, slots=True)
class Customer:
    """consents maps a ConsentPurpose to "granted", "refused" or "withdrawn"; a purpose never asked is absent."""

    id: int
    age: Age
    consents: dict[str, str]
