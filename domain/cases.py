"""Cases: whatever has a number the customer can quote."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.queue import Escalation


class CaseKind(StrEnum):
    HANDOVER = "handover"
    ACCESS = "access"
    CORRECTION = "correction"
    DELETION = "deletion"
    SUSPENSION = "suspension"
    PORTABILITY = "portability"
    WITHDRAWAL = "withdrawal"
    AUTOMATED_DECISION = "automated_decision"
    APPEAL = "appeal"
    GUARDIAN = "guardian"  # a minor waits for the guardian's consent


class CaseState(StrEnum):
    RECEIVED = "received"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened. number is what the customer quotes; due is None where no law or setting sets one.
    escalation: what a hand-over carries into the queue."""

    number: str
    kind: CaseKind
    due: datetime | None
    reason: str = ""
    detail: str = ""
    escalation: Escalation = field(default_factory=Escalation)


@dataclass(frozen=True, slots=True)
class Case:
    number: str
    kind: CaseKind
    state: CaseState
    opened: datetime
    due: datetime | None
    closed: datetime | None
    reason: str
