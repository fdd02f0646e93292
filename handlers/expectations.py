"""What a customer who waits may expect: when people are back, or how long it took others lately."""

from datetime import datetime, timedelta

from domain.deadlines import SEOUL
from domain.hours import BusinessHours
from domain.queue import Queue
from handlers.catalogue import Texts

_STEPS = (5, 10, 15, 20, 30, 45, 60)  # minutes that are told; beyond them whole hours
_LONGEST = timedelta(hours=9)
_DAYS = "월화수목금토일"


def outlook(texts: Texts, hours: BusinessHours, queue: Queue, now: datetime) -> list[str]:
    """One line, or none where nothing honest can be said."""
    opens = hours.opens(now)
    if opens is None:
        return [texts("agent.closed")]
    if opens > now:
        return [texts("agent.closed_until", when=moment(opens, now))]
    if queue.usual is None:
        return []
    return [texts("agent.usual", time=roughly(queue.usual))]


def moment(at: datetime, now: datetime) -> str:
    """A time in Seoul as people say it: "오늘 13:00", "내일 09:00", "3월 4일(수) 09:00"."""
    there, here = at.astimezone(SEOUL), now.astimezone(SEOUL)
    days = (there.date() - here.date()).days
    named = f"{there.month}월 {there.day}일({_DAYS[there.weekday()]})"
    return f"{('오늘', '내일')[days] if 0 <= days < 2 else named} {there:%H:%M}"


def roughly(time: timedelta) -> str:
    """A time rounded up to what is polite to say; never shorter than it is."""
    minutes = -(-time // timedelta(minutes=1))
    if time > _LONGEST:
        return "하루 넘게"
    if minutes > _STEPS[-1]:
        return f"{-(-minutes // 60)}시간쯤"
    rounded = next(step for step in _STEPS if minutes <= step)
    return "1시간쯤" if rounded == 60 else f"{rounded}분쯤"
