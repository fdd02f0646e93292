"""When people answer: the desk's hours of the week, its lunch, Korean holidays and the shop's own exceptions."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from domain.deadlines import SEOUL, Calendar

Span: TypeAlias = tuple[int, int]  # minutes since midnight in Seoul, the end excluded
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_FARTHEST = 370  # days that are looked through; a desk that never opens has no next opening
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_WEEK = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\S.*)")


class HoursError(ValueError):
    """Hours that cannot be read; the message says what they have to look like."""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """week: spans by weekday from Monday, empty for a desk that is always open. extra: spans of single dates, which
    count before everything else; closed: dates without any. Public and substitute holidays are closed too."""

    week: tuple[tuple[Span, ...], ...] = ()
    lunch: Span | None = None
    closed: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def always(self) -> bool:
        return not self.week

    def is_open(self, at: datetime) -> bool:
        return self.always or any(start <= at < end for start, end in self._spans(_day_of(at)))

    def opens(self, at: datetime) -> datetime | None:
        """The moment itself when it is open then, else when it opens next; None when it never does."""
        if self.always:
            return at
        return next((max(start, at) for start, _ in self._after(at)), None)

    def add(self, at: datetime, open_for: timedelta) -> datetime | None:
        """When so much open time will have passed since `at`; None when it never will."""
        if self.always:
            return at + open_for
        left = open_for
        for start, end in self._after(at):
            start = max(start, at)
            if left <= end - start:
                return start + left
            left -= end - start
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The open time from start to end; at most a year of it is counted."""
        if self.always:
            return max(end - start, timedelta())
        passed = timedelta()
        for opened, closed in self._after(start):
            if opened >= end:
                break
            passed += min(closed, end) - max(opened, start)
        return passed

    def _after(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans that end after `at`, in order."""
        day = _day_of(at)
        for _ in range(_FARTHEST):
            yield from (span for span in self._spans(day) if span[1] > at)
            day += _DAY

    def _spans(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.extra:
            spans = self.extra[day]
        elif day in self.closed or self.calendar.is_public_holiday(day):
            return []
        else:
            spans = tuple(part for span in self.week[day.weekday()] for part in _without(span, self.lunch))
        midnight = datetime.combine(day, time(), SEOUL)
        return [(_minute(midnight, start), _minute(midnight, end)) for start, end in spans]


def read_hours(week: str, lunch: str = "", closed: str = "", extra: str = "") -> BusinessHours:
    """Hours from their settings: "mon-fri 09:00-18:00; sat 10:00-13:00", "12:00-13:00", "2026-12-24, 2027-01-02",
    "2026-12-25 10:00-15:00". Raises HoursError."""
    days: list[list[Span]] = [[] for _ in DAYS]
    for part in _parts(week, ";"):
        found = _WEEK.fullmatch(part.lower())
        if not found or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
            raise HoursError(f"{part!r} must look like mon-fri 09:00-18:00")
        first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
        if last < first:
            raise HoursError(f"{part!r} must name its days in the order {' '.join(DAYS)}")
        for day in range(first, last + 1):
            days[day] = sorted([*days[day], *_read_spans(found[3])])
    for spans in days:
        if any(a[1] > b[0] for a, b in itertools.pairwise(spans)):
            raise HoursError("hours of one day must not overlap")
    pauses = _read_spans(lunch) if lunch.strip() else ()
    if len(pauses) > 1:
        raise HoursError(f"{lunch!r} must be one span such as 12:00-13:00")
    opened: dict[date, tuple[Span, ...]] = {}
    for part in _parts(extra, ","):
        day_text, _, spans_text = part.partition(" ")
        opened[_read_date(day_text)] = tuple(sorted((*opened.get(_read_date(day_text), ()), *_read_spans(spans_text))))
    return BusinessHours(
        week=tuple(map(tuple, days)) if week.strip() else (),
        lunch=pauses[0] if pauses else None,
        closed=frozenset(_read_date(part) for part in _parts(closed, ",")),
        extra=opened,
    )


def _read_spans(text: str) -> tuple[Span, ...]:
    spans = []
    for part in text.split():
        found = _SPAN.fullmatch(part)
        numbers = [int(n) for n in found.groups()] if found else []
        if not numbers or numbers[1] > 59 or numbers[3] > 59:
            raise HoursError(f"{part!r} must look like 09:00-18:00")
        start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if not 0 <= start < end <= 24 * 60:
            raise HoursError(f"{part!r} must end after it begins, at 24:00 at the latest")
        spans.append((start, end))
    if not spans:
        raise HoursError("a day needs hours such as 09:00-18:00")
    return tuple(spans)


def _read_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HoursError(f"{text!r} must be a date such as 2026-12-24") from None


def _parts(text: str, by: str) -> list[str]:
    return [part for part in (" ".join(p.split()) for p in text.split(by)) if part]


def _without(span: Span, pause: Span | None) -> list[Span]:
    if pause is None or pause[0] >= span[1] or pause[1] <= span[0]:
        return [span]
    parts = [(span[0], pause[0]), (pause[1], span[1])]
    return [(start, end) for start, end in parts if start < end]


def _day_of(at: datetime) -> date:
    return at.astimezone(SEOUL).date()


def _minute(midnight: datetime, minute: int) -> datetime:
    return (midnight + timedelta(minutes=minute)).astimezone(UTC)
