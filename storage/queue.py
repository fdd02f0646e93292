"""The queue for a person, as statements of the hot path."""

from collections.abc import Iterable
from datetime import timedelta
from statistics import median

import sqlalchemy as sa

from domain.cases import CaseKind, NewCase
from domain.conversation import Owner
from domain.queue import Handover, Queue, Waiting, order_of
from storage.statements import Params, Program, Row, Statement
from storage.tables import conversations, handovers
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
)
LOAD_HANDOVER = Statement(
    sa.select(*HANDOVER)
    .where(handovers.c.conversation_id == _p("conversation"), handovers.c.closed_at.is_(None))
    .order_by(handovers.c.entered_at.desc())
    .limit(1)
)
SAVE_ANSWERED = Statement(
    sa.update(handovers)
    .where(handovers.c.number == _p("case_number"))
    .values(answered_at=_p("at"), answered_in=_p("took"))
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
    number, urgent, skill, entered, first_due, resolve_due, answered, took = row
    return Handover(
        number=number,
        urgent=bool(urgent),
        skill=skill,
        entered=from_us(entered),
        first_due=None if first_due is None else from_us(first_due),
        resolve_due=None if resolve_due is None else from_us(resolve_due),
        answered=None if answered is None else from_us(answered),
        took=None if took is None else timedelta(microseconds=took),
    )


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
