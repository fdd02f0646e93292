"""The queue for a person, as statements of the hot path."""

from collections.abc import Iterable
from datetime import timedelta
from statistics import median

import sqlalchemy as sa

from domain.cases import CaseKind, NewCase
from domain.conversation import Owner
from domain.presence import Attendance, Presence
from domain.queue import Handover, Queue, Waiting, order_of
from storage.statements import Params, Program, Row, Statement, in_list
from storage.tables import cases, conversations, handovers, staff_presence
from storage.times import SECOND, from_us, to_us

FIGURES_OF = 7 * 86_400 * SECOND  # how far back "as of late" goes
_FEWEST = 5  # first answers from which a median says anything
_NEWEST = 1_000
_p = sa.bindparam

WAITING = Statement(
    sa.select(conversations.c.id, handovers.c.urgent, handovers.c.entered_at)
    .join(handovers, (handovers.c.conversation_id == conversations.c.id) & handovers.c.closed_at.is_(None))
    .where(conversations.c.owner == sa.literal_column(f"'{Owner.QUEUE.value}'"))
    .where(conversations.c.owner != sa.literal_column("'bot'"))  # says to SQLite that the partial index fits
)
TOOK = Statement(
    sa.select(handovers.c.answered_in)
    .where(handovers.c.answered_at > _p("since"))
    .order_by(handovers.c.answered_at.desc())
    .limit(_NEWEST)
)
ADD_HANDOVER = Statement(
    sa.insert(handovers).values(
        {
            c.name: _p(c.name)
            for c in handovers.c
            if c.name in ("number", "conversation_id", "urgent", "skill", "entered_at", "first_due", "resolve_due")
        }
    )
)
CLOSE_HANDOVER = Statement(
    sa.update(handovers)
    .where(handovers.c.number == _p("case_number"), handovers.c.closed_at.is_(None))
    .values(closed_at=_p("now"))
)
MARK_URGENT = Statement(
    sa.update(handovers)
    .where(handovers.c.conversation_id == _p("conversation"), handovers.c.closed_at.is_(None))
    .values(urgent=sa.literal_column("1"))
)
HANDOVER = (
    handovers.c.number,
    handovers.c.urgent,
    handovers.c.skill,
    handovers.c.entered_at,
    handovers.c.first_due,
    handovers.c.resolve_due,
    handovers.c.answered_at,
    handovers.c.answered_in,
    handovers.c.snoozed_until,
    handovers.c.told_back,
)
LOAD_HANDOVER = Statement(
    sa.select(*HANDOVER)
    .where(handovers.c.conversation_id == _p("conversation"), handovers.c.closed_at.is_(None))
    .order_by(handovers.c.entered_at.desc())
    .limit(1)
)
SAVE_HANDOVER = Statement(
    sa.update(handovers)
    .where(handovers.c.number == _p("case_number"))
    .values(
        answered_at=_p("answered", type_=sa.BigInteger()),
        answered_in=_p("took", type_=sa.BigInteger()),
        snoozed_until=_p("until", type_=sa.BigInteger()),
        told_back=_p("told"),
    )
)
# Its place is that of one who has just come; its first answer stays what it was.
REOPEN_HANDOVER = Statement(
    sa.update(handovers)
    .where(handovers.c.number == _p("case_number"))
    .values(closed_at=sa.null(), entered_at=_p("now"), snoozed_until=sa.null(), told_back=sa.literal_column("0"))
)
REOPEN_CASE = Statement(
    sa.update(cases)
    .where(cases.c.number == _p("case_number"), cases.c.customer_id == _p("customer"))
    .values(state=_p("new_state"), closed_at=sa.null())
)
WAKE = Statement(
    sa.update(handovers)
    .where(
        handovers.c.conversation_id == _p("conversation"),
        handovers.c.closed_at.is_(None),
        handovers.c.snoozed_until.is_not(None),
    )
    .values(snoozed_until=sa.null())
)
LOAD_ATTENDANCE = Statement(
    sa.select(
        staff_presence.c.staff_id,
        staff_presence.c.presence,
        staff_presence.c.seen_at,
        staff_presence.c.load_limit,
        staff_presence.c.skills,
    )
    .where(in_list(staff_presence.c.staff_id, "people"))
    .order_by(staff_presence.c.staff_id)
    .with_for_update()
)
LOADS = Statement(
    sa.select(conversations.c.agent_id, sa.func.count())
    .outerjoin(handovers, (handovers.c.conversation_id == conversations.c.id) & handovers.c.closed_at.is_(None))
    .where(conversations.c.owner != sa.literal_column("'bot'"), handovers.c.snoozed_until.is_(None))
    .where(in_list(conversations.c.agent_id, "people"))
    .group_by(conversations.c.agent_id)
)
ADD_PRESENCE = Statement(
    sa.insert(staff_presence).values(
        staff_id=_p("person"),
        presence=_p("new_presence"),
        seen_at=_p("now"),
        load_limit=sa.literal_column("0"),
        skills=sa.literal_column("''"),
    )
)
SAVE_PRESENCE = Statement(
    sa.update(staff_presence)
    .where(staff_presence.c.staff_id == _p("person"))
    .values(presence=_p("new_presence"), seen_at=_p("now"))
)


def load_queue(now: int) -> Program[Queue]:
    """Who waits, and how long first answers took lately."""
    rows = yield WAITING, {}
    took = yield TOOK, {"since": now - FIGURES_OF}
    waiting = sorted((Waiting(row[0], bool(row[1]), from_us(row[2])) for row in rows), key=order_of)
    usual = timedelta(microseconds=median(row[0] for row in took)) if len(took) >= _FEWEST else None
    return Queue(tuple(waiting), usual)


def load_handover(conversation_id: int) -> Program[Handover | None]:
    """The open hand-over of a conversation."""
    rows = yield LOAD_HANDOVER, {"conversation": conversation_id}
    return handover_of(rows[0]) if rows else None


def handover_of(row: Row) -> Handover:
    """A Handover from the columns of HANDOVER."""
    number, urgent, skill, entered, first_due, resolve_due, answered, took, snoozed, told_back = row
    return Handover(
        number=number,
        urgent=bool(urgent),
        skill=skill,
        entered=from_us(entered),
        first_due=None if first_due is None else from_us(first_due),
        resolve_due=None if resolve_due is None else from_us(resolve_due),
        answered=None if answered is None else from_us(answered),
        took=None if took is None else timedelta(microseconds=took),
        snoozed_until=None if snoozed is None else from_us(snoozed),
        told_back=bool(told_back),
    )


def save_handover(handover: Handover) -> Params:
    """For SAVE_HANDOVER."""
    return {
        "case_number": handover.number,
        "answered": to_us(handover.answered) if handover.answered else None,
        "took": handover.took // timedelta(microseconds=1) if handover.took is not None else None,
        "until": to_us(handover.snoozed_until) if handover.snoozed_until else None,
        "told": int(handover.told_back),
    }


def load_attendance(people: list[int]) -> Program[dict[int, Attendance]]:
    """Locks them, so that two conversations are not given to one who has room for one."""
    rows = yield LOAD_ATTENDANCE, {"people": people}
    loads = yield LOADS, {"people": people}
    load = {row[0]: row[1] for row in loads}
    return {row[0]: attendance_of(row[1:], load.get(row[0], 0)) for row in rows}


def attendance_of(row: Row, load: int) -> Attendance:
    """From presence, seen_at, load_limit, skills."""
    presence, seen, limit, skills = row
    tags = tuple(tag for tag in skills.split(",") if tag)
    return Attendance(Presence(presence), from_us(seen), limit, tags, load)


def mark_present(person: int, now: int, there: Attendance | None, *, works: bool) -> Program[None]:
    """Somebody has taken a step: seen now, and on when he works from then on."""
    if there is None:
        yield (
            ADD_PRESENCE,
            {"person": person, "new_presence": (Presence.ON if works else Presence.OFF).value, "now": now},
        )
    else:
        presence = Presence.ON if works and there.presence is Presence.OFF else there.presence
        yield SAVE_PRESENCE, {"person": person, "new_presence": presence.value, "now": now}


def handover_rows(opened: Iterable[NewCase], conversation_id: int, now: int) -> list[Params]:
    """For ADD_HANDOVER: those of the cases that are hand-overs."""
    return [
        {
            "number": case.number,
            "conversation_id": conversation_id,
            "urgent": int(case.escalation.urgent),
            "skill": case.escalation.skill,
            "entered_at": now,
            "first_due": to_us(case.escalation.first_due) if case.escalation.first_due else None,
            "resolve_due": to_us(case.escalation.resolve_due) if case.escalation.resolve_due else None,
        }
        for case in opened
        if case.kind is CaseKind.HANDOVER
    ]
