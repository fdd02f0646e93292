"""Editing the knowledge base: who changed and approved what, questions it could not answer, vectors of its texts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("kb_versions", sa.Column("approved_by", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "kb_edits",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="Every change of the draft, append-only. before, after: hashes of texts, empty for no entry.",
    )
    op.create_index(op.f("ix_kb_edits_entry"), "kb_edits", ["entry"], unique=False)
    op.create_table(
        "kb_reviews",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="of the draft as it was handed in"),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False, comment="empty, approved or returned"),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "kb_talks",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("handled", sa.BigInteger(), nullable=False, comment="the platform's order of the newest message"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"]),
        sa.PrimaryKeyConstraint("staff_id"),
        comment="Where an admin is who edits in a messenger, and what was said last.",
    )
    op.create_table(
        "kb_gaps",
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="the customer's message"),
        sa.Column("part", sa.Integer(), nullable=False, comment="which question of the message"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False, comment="the one answered with, or the nearest; empty for none"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.Column("settled_as", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"]),
        sa.PrimaryKeyConstraint("conversation_id", "seq", "part"),
        comment="Questions handed over, clarified without a click, or answered in a way that did not help.",
    )
    op.create_index(
        "kb_gaps_open",
        "kb_gaps",
        ["at"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "kb_vectors",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="SHA-256 of the text that was embedded"),
        sa.Column("vector", sa.LargeBinary(), nullable=False, comment="float32, little-endian, of length one"),
        sa.PrimaryKeyConstraint("model", "hash"),
    )
