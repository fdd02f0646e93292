"""What handling a batch writes of gaps, in bulk and in its transaction; nothing where there are none.

The conversations are locked by then, so nobody else touches their gaps.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from domain.effects import Effects
from domain.gaps import GapKind
from domain.messages import Author, IncomingKind
from domain.work import Work
from storage.statements import Params, Program, Statement
from storage.tables import kb_gaps, messages

CUSTOMER, CLICKED, EDITED = "customer", "clicked", "edited"  # who settled it, and as what, without any admin
ASKED = (IncomingKind.TEXT.value, IncomingKind.EDIT.value, IncomingKind.ATTACHMENT.value)
_p = sa.bindparam
_text, _number = sa.Text(), sa.BigInteger()
_here = (
    (kb_gaps.c.conversation_id == _p("conversation"))
    & (kb_gaps.c.seq == _p("message_seq"))
    & (kb_gaps.c.part == _p("question"))
)
# An answer that was chosen, and then did not help after all.
_TURN = Statement(
    sa.update(kb_gaps)
    .where(_here, kb_gaps.c.kind == sa.literal_column(f"'{GapKind.CLARIFY.value}'"))
    .values(
        kind=_p("new_kind"),
        entry=_p("new_entry"),
        version=_p("new_version"),
        at=_p("now"),
        settled_at=sa.null(),
        settled_by=sa.literal_column("''"),
        settled_as=sa.literal_column("''"),
    )
)
# Only of messages that the customer wrote: the data of a button can be made up.
_ADD = Statement(
    sa.insert(kb_gaps).from_select(
        ["conversation_id", "seq", "part", "kind", "entry", "version", "at", "settled_by", "settled_as"],
        sa.select(
            messages.c.conversation_id,
            messages.c.seq,
            _p("question", type_=sa.Integer()),
            _p("new_kind", type_=_text),
            _p("new_entry", type_=_text),
            _p("new_version", type_=sa.Integer()),
            _p("now", type_=_number),
            sa.literal_column("''"),
            sa.literal_column("''"),
        ).where(
            messages.c.conversation_id == _p("conversation"),
            messages.c.seq == _p("message_seq"),
            messages.c.author == sa.literal_column(f"'{Author.CUSTOMER.value}'"),
            messages.c.kind.in_([sa.literal_column(f"'{kind}'") for kind in ASKED]),
            ~sa.exists(sa.select(sa.literal_column("1")).select_from(kb_gaps).where(_here)),
        ),
    )
)
_settled: dict[str, sa.ColumnElement[Any]] = {
    "settled_at": _p("now"),
    "settled_by": sa.literal_column(f"'{CUSTOMER}'"),
}
_CHOSEN = Statement(
    sa.update(kb_gaps)
    .where(_here, kb_gaps.c.settled_at.is_(None), kb_gaps.c.kind == sa.literal_column(f"'{GapKind.CLARIFY.value}'"))
    .values(settled_as=sa.literal_column(f"'{CLICKED}'"), **_settled)
)
_EDITED = Statement(
    sa.update(kb_gaps)
    .where(
        kb_gaps.c.conversation_id == _p("conversation"),
        kb_gaps.c.seq < _p("message_seq"),
        kb_gaps.c.settled_at.is_(None),
        kb_gaps.c.kind != sa.literal_column(f"'{GapKind.UNHELPFUL.value}'"),
        sa.exists(
            sa.select(sa.literal_column("1")).where(
                messages.c.conversation_id == kb_gaps.c.conversation_id,
                messages.c.seq == kb_gaps.c.seq,
                messages.c.ref == _p("edited_ref"),
            )
        ),
    )
    .values(settled_as=sa.literal_column(f"'{EDITED}'"), **_settled)
)


class GapEffects:
    """Collects what the messages of a batch change, and writes it."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._turned: list[Params] = []
        self._new: list[Params] = []
        self._chosen: list[Params] = []
        self._edited: list[Params] = []

    def add(self, work: Work, effects: Effects) -> None:
        if effects.asked_anew and work.incoming.ref:
            edited = {"message_seq": work.seq, "edited_ref": work.incoming.ref}
            self._edited.append(self._row(work, edited))
        for place in effects.chosen:
            self._chosen.append(self._row(work, {"message_seq": place.seq, "question": place.part}))
        for gap in effects.gaps:
            new: Params = {"new_kind": gap.kind.value, "new_entry": gap.entry, "new_version": gap.version}
            row = self._row(work, new | {"message_seq": gap.place.seq, "question": gap.place.part})
            self._new.append(row)
            if gap.kind is GapKind.UNHELPFUL:
                self._turned.append(row)

    def write(self) -> Program[None]:
        # What one batch holds of a conversation stands in its order: noted first, then chosen, then no help.
        for statement, rows in (
            (_EDITED, self._edited),
            (_ADD, self._new),
            (_CHOSEN, self._chosen),
            (_TURN, self._turned),
        ):
            if rows:
                yield statement, rows

    def _row(self, work: Work, values: Mapping[str, object]) -> Params:
        return {"conversation": work.conversation_id, "now": self._now, **values}
