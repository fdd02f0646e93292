"""The queue for a person: who waits in which order, and what a hand-over carries into it."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Escalation:
    """What a new hand-over carries into the queue. skill is a tag that whoever takes it should have, "" for none;
    first_due and resolve_due are None where the desk sets itself no limit."""

    urgent: bool = False
    skill: str = ""
    first_due: datetime | None = None
    resolve_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """An open hand-over as the queue keeps it. entered: since when it waits, kept when it comes back. answered: an
    agent's first answer, took: the open time until then. told_back: the customer knows that it came back."""

    number: str
    urgent: bool
    skill: str
    entered: datetime
    first_due: datetime | None = None
    resolve_due: datetime | None = None
    answered: datetime | None = None
    took: timedelta | None = None
    snoozed_until: datetime | None = None
    told_back: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who waits in the queue."""

    conversation_id: int
    urgent: bool
    entered: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """waiting in the order in which they are helped: urgent ones first, then the longest. usual: the median open time
    to the first answer of the last days, None when there were too few to tell."""

    waiting: tuple[Waiting, ...]
    usual: timedelta | None

    def place(self, conversation_id: int, *, urgent: bool) -> int:
        """The place of a conversation from 1; of one that is not in it yet, the place it will have."""
        for place, one in enumerate(self.waiting, 1):
            if one.conversation_id == conversation_id:
                return place
        return 1 + sum(one.urgent or not urgent for one in self.waiting)

    def joined(self, new: Waiting) -> "Queue":
        """With one more, at the place it has."""
        waiting = sorted((*self.waiting, new), key=order_of)
        return Queue(tuple(waiting), self.usual)


class NeedsQueue(Exception):
    """A decision has to know the queue; it is loaded and the decision made again."""


def order_of(one: Waiting) -> tuple[bool, datetime, int]:
    """Sorts those who wait: urgent ones first, then who waits longest."""
    return (not one.urgent, one.entered, one.conversation_id)
