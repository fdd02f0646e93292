"""Whether somebody of the staff is there, and how much can be given to them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Presence(StrEnum):
    ON = "on"
    PAUSE = "pause"  # keeps what he has and gets nothing new
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Attendance:
    """seen: when a page or a step of theirs was heard last. load: conversations they have, without snoozed ones; limit:
    as many as they are given, 0 for any number."""

    presence: Presence
    seen: datetime
    limit: int = 0
    skills: tuple[str, ...] = ()
    load: int = 0

    @property
    def full(self) -> bool:
        return 0 < self.limit <= self.load

    def takes(self, skill: str) -> bool:
        """Whether a waiting conversation may be given to them."""
        return self.presence is Presence.ON and not self.full and (not skill or skill in self.skills)
