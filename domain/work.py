"""The rows that the loops of the engine pass to each other."""

from dataclasses import dataclass

from domain.conversation import Owner
from domain.messages import Incoming, Outgoing


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an incoming update stands in its conversation's log. duplicate: it had been taken in before."""

    conversation_id: int
    seq: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed inbox row, decrypted. owner and question are hints from the time of the
    claim; the decision reads them again. token is the lease under which the row was claimed."""

    conversation_id: int
    seq: int
    tries: int
    incoming: Incoming
    redacted: tuple[str, ...]
    owner: Owner
    question: str
    token: str


@dataclass(frozen=True, slots=True)
class Send:
    """One claimed outbox row, decrypted. part is the first part that has not been delivered yet."""

    channel: str
    conversation_id: int
    seq: int
    priority: int
    part: int
    tries: int
    address: str
    message: Outgoing
