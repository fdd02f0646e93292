"""The people who serve: their roles, what a role may do, and what one step of theirs changes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.cases import Case, NewCase
from domain.conversation import BotState, Conversation, Owner
from domain.effects import LedgerEvent
from domain.errors import SangdamError
from domain.messages import Outgoing
from domain.presence import Attendance
from domain.queue import Handover

ACCESS_CHAIN = "access"  # the ledger's chain on staff, their rights and their looks at personal data
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    PRIVACY_OFFICER = "privacy_officer"
    ADMIN = "admin"


EVERYBODY = frozenset(Role)
OVERSEERS = frozenset(Role) - {Role.AGENT}
AUDITORS = frozenset({Role.PRIVACY_OFFICER, Role.ADMIN})
MANAGERS = frozenset({Role.ADMIN})  # of accounts
MOVERS = frozenset({Role.SUPERVISOR, Role.ADMIN})  # of other people's conversations
EDITORS = frozenset({Role.ADMIN})  # of the knowledge base


@dataclass(frozen=True, slots=True)
class Staff:
    """name signs in; alias is all that a customer ever reads."""

    id: int
    name: str
    alias: str
    role: Role
    disabled: bool = False


class StaffError(SangdamError):
    """An account cannot be made or changed like this; the message says what to do instead."""


class StepRefused(SangdamError):
    """A step at the desk that may not be taken (any more). key is a text of the desk, alias whoever has the
    conversation."""

    def __init__(self, key: str, alias: str = "") -> None:
        self.key, self.alias = key, alias
        super().__init__(key)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step may look at, read under the conversation's lock. agent has the conversation where its owner is one;
    cases are all of the customer, oldest first; handover is the open one. target: whom a step names;
    attendance of actor and target, where known. last_seq: the last message."""

    conversation: Conversation
    actor: Staff
    agent: Staff | None
    cases: tuple[Case, ...]
    handover: Handover | None = None
    target: Staff | None = None
    attendance: Mapping[int, Attendance] = field(default_factory=dict)
    last_seq: int = 0


@dataclass(frozen=True, slots=True)
class StaffEffects:
    """owner, agent_id and state are as they are after the step. A note is never said to the customer. handover:
    the open one as it is then, None when nothing changed in it."""

    owner: Owner
    agent_id: int | None
    state: BotState
    outgoing: tuple[Outgoing, ...] = ()
    note: str = ""
    opened: tuple[NewCase, ...] = ()
    done: tuple[str, ...] = ()
    ledger: tuple[LedgerEvent, ...] = ()
    handover: Handover | None = None


def may_see(staff: Staff, owner: Owner, agent_id: int | None) -> bool:
    """Whether a conversation's words are this person's business: an agent has none with another agent's customer."""
    return staff.role in OVERSEERS or owner is not Owner.AGENT or agent_id == staff.id


def checked_name(name: str) -> str:
    """The name to sign in with, in its one form. Raises StaffError."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise StaffError("이름은 영문 소문자, 숫자, . _ - 로 2자 이상 40자 이하여야 합니다.")
    return name


def checked_alias(alias: str) -> str:
    """The alias in its one form. Raises StaffError."""
    alias = " ".join(alias.split())
    if not 1 <= len(alias) <= 20 or not alias.isprintable():
        raise StaffError("별칭은 1자 이상 20자 이하여야 합니다.")
    return alias
