"""The queue for a person, and who is there to help."""

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
    sa.Column("snoozed_until", Time),
    sa.Column("told_back", sa.Integer, nullable=False, server_default=sa.text("0")),
    comment="One row for each hand-over case: what the queue and its figures need beyond the case itself.",
)
sa.Index(
    "handovers_open",
    handovers.c.conversation_id,
    sqlite_where=handovers.c.closed_at.is_(None),
    postgresql_where=handovers.c.closed_at.is_(None),
)
sa.Index("handovers_answered", handovers.c.answered_at)

staff_presence = sa.Table(
    "staff_presence",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("presence", sa.Text, nullable=False),
    sa.Column("seen_at", Time, nullable=False),
    sa.Column("load_limit", sa.Integer, nullable=False, comment="0 for none"),
    sa.Column("skills", sa.Text, nullable=False, comment="tags, separated by commas"),
)
