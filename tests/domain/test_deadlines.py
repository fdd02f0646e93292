"""Due dates, worked out by hand with a calendar; the reasoning stands beside each."""

from datetime import UTC, date, datetime

import pytest

from domain.cases import CaseKind
from domain.deadlines import SEOUL, TERMS, Calendar

A, C, X, S = CaseKind.ACCESS, CaseKind.CORRECTION, CaseKind.DELETION, CaseKind.SUSPENSION
P, W, D = CaseKind.PORTABILITY, CaseKind.WITHDRAWAL, CaseKind.AUTOMATED_DECISION

CASES = [
    # kind, received (Seoul), due, why
    (A, "2026-03-03 10:00", "2026-03-13", "Tuesday; the first day is not counted, the tenth is a Friday"),
    (C, "2026-03-04 10:00", "2026-03-16", "the tenth day is Saturday 14 March, so Monday"),
    (X, "2026-03-05 10:00", "2026-03-16", "the tenth day is Sunday 15 March, so Monday"),
    (S, "2026-03-06 23:59", "2026-03-16", "the tenth day is a Monday itself"),
    (A, "2026-03-06 00:00", "2026-03-16", "the first minute of a day belongs to it like the last"),
    (A, "2026-02-06 10:00", "2026-02-19", "the tenth day is Monday 16 February, Seollal's eve; 17 and 18 are Seollal"),
    (A, "2026-02-08 10:00", "2026-02-19", "the tenth day, 18 February, is the day after Seollal; Thursday follows"),
    (A, "2026-02-19 10:00", "2026-03-03", "the tenth day is Sunday 1 March (holiday); 2 March is its substitute"),
    (
        A,
        "2026-04-21 10:00",
        "2026-05-04",
        "the tenth day is Friday 1 May (Labour Day, public since 2026)",
    ),
    (A, "2026-04-25 10:00", "2026-05-06", "the tenth day is Children's Day, a Tuesday"),
    (A, "2026-05-14 10:00", "2026-05-26", "24 May is Sunday and Buddha's Birthday; Monday 25 is its substitute"),
    (A, "2026-05-24 10:00", "2026-06-04", "the tenth day, Wednesday 3 June, is the day of the local elections"),
    (A, "2026-05-27 10:00", "2026-06-08", "6 June is Saturday and Memorial Day, which has no substitute: Monday"),
    (
        A,
        "2026-07-07 10:00",
        "2026-07-20",
        "the tenth day is Friday 17 July, Constitution Day since 2026",
    ),
    (A, "2026-08-05 10:00", "2026-08-18", "15 August is a Saturday; Monday 17 is its substitute"),
    (
        A,
        "2026-09-14 10:00",
        "2026-09-28",
        "24 to 26 September are Chuseok; a Saturday has no substitute here",
    ),
    (A, "2026-09-23 10:00", "2026-10-06", "3 October is a Saturday; Monday 5 is its substitute"),
    (A, "2025-09-25 10:00", "2025-10-10", "3, 5 to 8 and 9 October 2025 are holidays: the long Chuseok; Friday 10"),
    (A, "2025-01-17 10:00", "2025-01-31", "27 (temporary holiday) to 30 January 2025 are Seollal; Friday 31"),
    (A, "2026-12-15 10:00", "2026-12-28", "the tenth day is Christmas, a Friday; then a weekend"),
    (A, "2026-12-22 10:00", "2027-01-04", "the tenth day is New Year's Day, a Friday; Monday of the next year"),
    (A, "2027-01-28 10:00", "2027-02-10", "6 to 8 February 2027 are Seollal; 7 is a Sunday, so 9 is the substitute"),
    (A, "2028-02-19 10:00", "2028-02-29", "a leap year: ten days after 19 February is Tuesday 29 February"),
    (D, "2026-03-03 10:00", "2026-04-02", "thirty days: 28 left in March, then two"),
    (D, "2026-01-17 10:00", "2026-02-19", "the thirtieth day is 16 February, Seollal's eve"),
    (P, "2026-03-03 10:00", "2026-03-06", "three working days after Tuesday: Wednesday, Thursday, Friday"),
    (P, "2026-03-06 10:00", "2026-03-11", "Friday; Monday, Tuesday, Wednesday"),
    (W, "2026-02-13 10:00", "2026-02-23", "Friday before Seollal: Thursday 19, Friday 20, Monday 23"),
    (W, "2026-09-23 18:00", "2026-09-30", "Wednesday before Chuseok: Monday 28, Tuesday 29, Wednesday 30"),
    (W, "2026-12-30 10:00", "2027-01-05", "31 December, then Monday 4 and Tuesday 5 January"),
    (W, "2026-05-02 10:00", "2026-05-07", "a Saturday: Monday 4, not the 5th (holiday), Wednesday 6, Thursday 7"),
]


@pytest.mark.parametrize(("kind", "received", "due", "why"), CASES, ids=[f"{c[0].value}-{c[1][:10]}" for c in CASES])
def test_due(kind: CaseKind, received: str, due: str, why: str) -> None:
    at = datetime.strptime(received, "%Y-%m-%d %H:%M").replace(tzinfo=SEOUL)
    found = Calendar().due(kind, at)
    assert found is not None
    assert found.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M:%S") == f"{due} 23:59:59", why
    assert found.tzinfo is UTC


def test_the_day_is_that_of_seoul() -> None:
    """16:00 UTC on 3 March is 1 in the morning of the 4th in Seoul."""
    late, early = (Calendar().due(A, datetime(2026, 3, 3, hour, tzinfo=UTC)) for hour in (16, 14))
    assert late == datetime(2026, 3, 16, 14, 59, 59, tzinfo=UTC)  # 4 + 10 = Saturday 14
    assert early == datetime(2026, 3, 13, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("kind", [CaseKind.HANDOVER, CaseKind.GUARDIAN, CaseKind.APPEAL])
def test_what_no_act_sets_a_term_for_has_no_date(kind: CaseKind) -> None:
    assert Calendar().due(kind, datetime(2026, 3, 3, tzinfo=UTC)) is None


def test_terms_name_their_article_and_one_way_to_count() -> None:
    for term in TERMS.values():
        assert term.article.startswith("개인정보 보호법 제")
        assert (term.days > 0) != (term.working_days > 0)


def test_working_days_of_a_year() -> None:
    """The holidays of 2026 that take a weekday away, from the calendar on the wall."""
    calendar = Calendar()
    days = [date.fromordinal(n) for n in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    off = [d for d in days if d.weekday() < 5 and not calendar.is_working_day(d)]
    assert " ".join(f"{d:%m-%d}" for d in off) == (
        "01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 06-03 07-17 08-17 09-24 09-25 10-05 10-09 12-25"
    )
    assert not any(calendar.is_working_day(d) for d in days if d.weekday() >= 5)
