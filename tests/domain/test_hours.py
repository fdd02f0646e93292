"""The desk's hours, worked out by hand with a calendar of 2026."""

from datetime import datetime, timedelta

import pytest

from domain.deadlines import SEOUL
from domain.hours import BusinessHours, HoursError, read_hours

WEEK = "mon-fri 09:00-18:00; sat 10:00-13:00"


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("now", "opens", "why"),
    [
        ("2026-03-03 10:00", "2026-03-03 10:00", "Tuesday morning"),
        ("2026-03-03 08:59", "2026-03-03 09:00", "a minute before it opens"),
        ("2026-03-03 12:10", "2026-03-03 13:00", "lunch"),
        ("2026-03-03 18:00", "2026-03-04 09:00", "the end is excluded"),
        ("2026-03-06 19:00", "2026-03-07 10:00", "Friday evening, open on Saturday"),
        ("2026-02-27 19:00", "2026-02-28 10:00", "Friday"),
        ("2026-02-28 14:00", "2026-03-03 09:00", "1 March is a Sunday, 2 March its substitute holiday"),
        ("2026-05-04 19:00", "2026-05-06 09:00", "Children's Day"),
        ("2026-12-24 10:00", "2026-12-25 10:00", "the shop's own closed day, then Christmas with hours of its own"),
    ],
)
def test_when_the_desk_opens_next(now: str, opens: str, why: str) -> None:
    hours = read_hours(WEEK, "12:00-13:00", "2026-12-24", "2026-12-25 10:00-15:00")
    assert hours.opens(at(now)) == at(opens), why
    assert hours.is_open(at(now)) == (now == opens)


def test_open_time_is_counted_over_nights_lunches_and_holidays() -> None:
    hours = read_hours("mon-fri 09:00-18:00", "12:00-13:00")
    assert hours.add(at("2026-03-03 11:30"), timedelta(hours=1)) == at("2026-03-03 13:30")
    assert hours.add(at("2026-03-03 17:00"), timedelta(hours=2)) == at("2026-03-04 10:00")
    assert hours.add(at("2026-02-27 17:00"), timedelta(hours=2)) == at("2026-03-03 10:00")
    assert hours.between(at("2026-02-27 17:00"), at("2026-03-03 10:00")) == timedelta(hours=2)
    assert hours.between(at("2026-03-03 11:30"), at("2026-03-03 13:30")) == timedelta(hours=1)
    assert hours.between(at("2026-03-03 20:00"), at("2026-03-03 21:00")) == timedelta()


def test_without_hours_the_desk_is_always_open() -> None:
    hours = read_hours("")
    assert hours == BusinessHours(calendar=hours.calendar)
    assert hours.opens(at("2026-05-05 03:00")) == at("2026-05-05 03:00")
    assert hours.between(at("2026-05-05 03:00"), at("2026-05-05 05:00")) == timedelta(hours=2)


def test_a_day_may_end_at_midnight_and_have_several_spans() -> None:
    hours = read_hours("mon 09:00-12:00 20:00-24:00")
    assert hours.opens(at("2026-03-09 13:00")) == at("2026-03-09 20:00")
    assert hours.is_open(at("2026-03-09 23:59"))
    assert hours.opens(at("2026-03-10 00:00")) == at("2026-03-16 09:00")


def test_a_desk_that_is_closed_for_good_never_opens() -> None:
    closed = ",".join(f"2026-03-{day:02}" for day in range(1, 32))
    assert read_hours("sun 09:00-10:00", closed=closed).opens(at("2026-03-01 09:00")) == at("2026-04-05 09:00")
    assert BusinessHours(((),) * 7).opens(at("2026-03-01 09:00")) is None
    assert BusinessHours(((),) * 7).add(at("2026-03-01 09:00"), timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("mo 09:00-18:00",), "mon-fri"),
        (("fri-mon 09:00-18:00",), "in the order"),
        (("mon 9-18",), "09:00-18:00"),
        (("mon 18:00-09:00",), "end after it begins"),
        (("mon 09:00-25:00",), "24:00"),
        (("mon 09:00-12:00 11:00-13:00",), "overlap"),
        (("mon 09:00-18:00", "12:00-13:00 15:00-15:10"), "one span"),
        (("mon 09:00-18:00", "", "24.12.2026"), "2026-12-24"),
        (("mon 09:00-18:00", "", "", "2026-12-24"), "needs hours"),
    ],
)
def test_hours_that_cannot_be_read_say_what_they_should_look_like(fields: tuple[str, ...], words: str) -> None:
    with pytest.raises(HoursError, match=words):
        read_hours(*fields)
