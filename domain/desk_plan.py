"""How the desk is run: its hours, the limits it sets itself, and who should take what."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from domain.hours import BusinessHours
from domain.queue import Escalation


@dataclass(frozen=True, slots=True)
class DeskPlan:
    """How the desk is run.

    first_answer, resolution: open time that is allowed, None for no limit. skills: tags with patterns of reasons and
    entries ("unsure", "privacy-*") that need them, the first that fits counts. assigns: the desk gives out what waits.
    away: after so much silence somebody is off. silent: open time that a customer may be left without an answer before
    another gets the conversation, None for any. reopen: so long after its end writing opens a hand-over again.
    remind: so long before something is due the staff are told.
    """

    hours: BusinessHours = field(default_factory=BusinessHours)
    first_answer: timedelta | None = None
    resolution: timedelta | None = None
    skills: tuple[tuple[str, tuple[str, ...]], ...] = ()
    assigns: bool = False
    away: timedelta = timedelta(minutes=15)
    silent: timedelta | None = None
    reopen: timedelta = timedelta(hours=24)
    remind: timedelta = timedelta(minutes=10)

    def escalate(self, reason: str, topic: str, now: datetime, *, urgent: bool) -> Escalation:
        """What a hand-over for this reason about this entry carries."""
        return Escalation(
            urgent=urgent,
            skill=self._skill(reason, topic),
            first_due=self.hours.add(now, self.first_answer) if self.first_answer else None,
            resolve_due=self.hours.add(now, self.resolution) if self.resolution else None,
        )

    def _skill(self, reason: str, topic: str) -> str:
        for skill, patterns in self.skills:
            if any(fnmatchcase(name, pattern) for pattern in patterns for name in (reason, topic) if name):
                return skill
        return ""


def read_skills(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Tags with their patterns: "개인정보: deletion access*; 주문: order*". Raises ValueError."""
    found = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        skill, _, patterns = part.partition(":")
        if not skill.strip() or not patterns.split():
            raise ValueError(f"SANGDAM_DESK_SKILLS: {part!r} must look like 주문: order* delivery")
        found.append((" ".join(skill.split()), tuple(patterns.split())))
    return tuple(found)
