"""The queue for a person: what a hand-over needs beyond its case."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("urgent", sa.Integer(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column(
            "entered_at", sa.BigInteger(), nullable=False, comment="its place in the queue, kept when it comes back"
        ),
        sa.Column("first_due", sa.BigInteger(), nullable=True),
        sa.Column("resolve_due", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "answered_in", sa.BigInteger(), nullable=True, comment="open time to the first answer, in microseconds"
        ),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=True),
        sa.Column("told_back", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.ForeignKeyConstraint(["number"], ["cases.number"]),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("number"),
        comment="One row for each hand-over case: what the queue and its figures need beyond the case itself.",
    )
    op.create_index(op.f("ix_handovers_conversation_id"), "handovers", ["conversation_id"], unique=False)
    op.create_index(
        "handovers_open",
        "handovers",
        ["conversation_id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("handovers_answered", "handovers", ["answered_at"], unique=False)
    op.create_table(
        "staff_presence",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("load_limit", sa.Integer(), nullable=False, comment="0 for none"),
        sa.Column("skills", sa.Text(), nullable=False, comment="tags, separated by commas"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("staff_id"),
    )
    # Whoever waits now keeps the place; how long earlier answers took was never written down.
    op.execute(
        "INSERT INTO handovers (number, conversation_id, urgent, skill, entered_at) "
        "SELECT number, conversation_id, 0, '', opened_at FROM cases WHERE kind = 'handover' AND state = 'received'"
    )
