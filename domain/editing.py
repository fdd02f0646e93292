"""Editing the knowledge base: what an admin sees of the draft, who changed it, and who looked it over."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import Conflict
from domain.knowledge import Entry
from domain.staff import Role, Staff, StaffError


class EntryState(StrEnum):
    """How an entry of the draft stands to the live version."""

    UNCHANGED = "unchanged"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class ReviewState(StrEnum):
    NONE = "none"
    WAITING = "waiting"
    APPROVED = "approved"
    RETURNED = "returned"
    VOID = "void"  # the draft has changed since it was handed in


class EditRefused(StaffError):
    """A step that may not be taken; Korean words say why, and what to do instead."""


class EditConflict(Conflict):
    """The entry is not the one the change was based on. by, at: who changed it last, "" and None when nobody is known;
    text, etag: what stands now, both "" when it was removed."""

    def __init__(self, entry: str, by: str, at: datetime | None, text: str, etag: str) -> None:
        self.entry, self.by, self.at, self.text, self.etag = entry, by, at, text, etag
        who = f"{by} 님이" if by else "다른 관리자가"
        done = "먼저 고쳤습니다" if text else "먼저 삭제했습니다"
        super().__init__(f"'{entry}' 항목을 {who} {done}. 지금 내용을 확인하고 다시 저장해 주세요.")


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one entry of the draft. before, after: hashes of its texts, "" for no entry."""

    id: int
    entry: str
    before: str
    after: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One line of the draft's list. A removed entry is shown as it is live. edited: its newest change, None when it
    came with the program or from before changes were kept."""

    entry: Entry
    state: EntryState
    edited: Edit | None


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """One entry of the draft beside the live version. text, etag: of the draft, "" when it is removed there; live_text:
    "" when it is not live. entry: parsed from the draft, or from the live text of a removed one. edits: newest first.
    """

    id: str
    state: EntryState
    text: str
    etag: str
    live_text: str
    entry: Entry
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """digest: of the draft as it was handed in. verdict: "", "approved" or "returned"."""

    id: int
    digest: str
    submitted_by: str
    submitted_at: datetime
    note: str
    verdict: str
    decided_by: str
    decided_at: datetime | None
    remark: str


@dataclass(frozen=True, slots=True)
class ReviewView:
    """The newest review and how it stands to the draft of now. authors: who wrote what differs from the live one."""

    state: ReviewState
    review: Review | None
    authors: frozenset[str]


def check_admin(actor: Staff) -> None:
    """Only admins edit and publish. Raises EditRefused."""
    if actor.role is not Role.ADMIN or actor.disabled:
        raise EditRefused("지식은 관리자만 고치고 게시할 수 있습니다.")
