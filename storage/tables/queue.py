"""The queue for a person."""

import sqlalchemy as sa

from storage.tables.base import Time, metadata

handovers = sa.Table(
    "handovers",
    metadata,
    sa.Column("number", sa.ForeignKey("cases.number"), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("urgent", sa.Integer, nullable=False),
    sa.Column("skill", sa.Text, nullable=False),
    sa.Column("entered_at", Time, nullable=False, comment="its place in the queue, kept when it comes back"),
    sa.Column("first_due", Time),
    sa.Column("resolve_due", Time),
    sa.Column("answered_at", Time),
    sa.Column("answered_in", sa.BigInteger, comment="open time to the first answer, in microseconds"),
    sa.Column("closed_at", Time),
    comment="One row for each hand-over case: what the queue and its figures need beyond the case itself.",
)
sa.Index(
    "handovers_open",
    handovers.c.conversation_id,
    sqlite_where=handovers.c.closed_at.is_(None),
    postgresql_where=handovers.c.closed_at.is_(None),
)
sa.Index("handovers_answered", handovers.c.answered_at)
