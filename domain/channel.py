"""What the engine asks of a messaging platform."""

from dataclasses import dataclass
from typing import Protocol

from domain.messages import Outgoing


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform allows: a second overall, a second in one chat after a burst, a minute in one group."""

    overall_per_second: float
    chat_per_second: float
    chat_burst: int
    group_per_minute: float


class PushChannel(Protocol):
    """A platform we send to. Channels whose pages fetch the conversation's log themselves are not push channels."""

    name: str
    limits: Limits | None

    def parts(self, message: Outgoing) -> list[Outgoing]:
        """Split a message into what the platform takes in one piece; at least one part."""
        ...

    def is_group(self, address: str) -> bool:
        """Whether the group limit counts for this address."""
        ...

    async def send(self, address: str, part: Outgoing) -> str:
        """Deliver one part and return the platform's message id. Raises SendError."""
        ...
