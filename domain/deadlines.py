"""Due dates of data-subject requests.

Counting: the first day is excluded and a last day on a Saturday, Sunday or public holiday moves to the next working day
(Civil Act 157 and 161); substitute holidays count as holidays. Days are days in Korea (Asia/Seoul).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

from domain.cases import CaseKind

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Term:
    """days are calendar days; working_days are counted where the act says "without delay". article is the source."""

    article: str
    days: int = 0
    working_days: int = 0


WITHOUT_DELAY = 3  # working days; the act names none, the shop's own standard does

TERMS: dict[CaseKind, Term] = {
    CaseKind.ACCESS: Term("개인정보 보호법 제35조", days=10),
    CaseKind.CORRECTION: Term("개인정보 보호법 제36조", days=10),
    CaseKind.DELETION: Term("개인정보 보호법 제36조", days=10),
    CaseKind.SUSPENSION: Term("개인정보 보호법 제37조", days=10),
    CaseKind.PORTABILITY: Term("개인정보 보호법 제35조의2", working_days=WITHOUT_DELAY),
    CaseKind.WITHDRAWAL: Term("개인정보 보호법 제37조", working_days=WITHOUT_DELAY),
    CaseKind.AUTOMATED_DECISION: Term("개인정보 보호법 제37조의2", days=30),
}


class Calendar:
    """Korean working days: weekdays that are no public or substitute holiday."""

    @cached_property
    def _public(self) -> HolidayBase:
        """Reading the library takes a tenth of a second, once."""
        return country_holidays("KR")

    def is_public_holiday(self, day: date) -> bool:
        """Public and substitute holidays, Sundays not among them."""
        return day in self._public

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and not self.is_public_holiday(day)

    def due(self, kind: CaseKind, received: datetime) -> datetime | None:
        """End of the last day in Seoul, as UTC; None for a kind with no term."""
        term = TERMS.get(kind)
        if term is None:
            return None
        day = received.astimezone(SEOUL).date()
        if term.working_days:
            for _ in range(term.working_days):
                day = self.next_working_day(day + timedelta(days=1))
        else:
            day = self.next_working_day(day + timedelta(days=term.days))
        return datetime.combine(day, time(23, 59, 59), SEOUL).astimezone(UTC)

    def next_working_day(self, day: date) -> date:
        """The day itself when it is a working day, else the first one after it."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day
