"""The knowledge base: versions, the draft and its changes, what it could not answer, and vectors of its texts."""

import sqlalchemy as sa

from storage.tables.base import Id, Time, metadata

kb_texts = sa.Table(
    "kb_texts",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)
kb_versions = sa.Table(
    "kb_versions",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("published_at", Time, nullable=False),
    sa.Column("published_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False, server_default=sa.text("''")),
)
kb_entries = sa.Table(
    "kb_entries",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, comment="0 is the draft"),
    sa.Column("entry", sa.Text, primary_key=True),
    sa.Column("hash", sa.ForeignKey("kb_texts.hash"), nullable=False),
)
kb_edits = sa.Table(
    "kb_edits",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("entry", sa.Text, nullable=False, index=True),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("edited_by", sa.Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    comment="Every change of the draft, append-only. before, after: hashes of texts, empty for no entry.",
)
kb_reviews = sa.Table(
    "kb_reviews",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.Text, nullable=False, comment="of the draft as it was handed in"),
    sa.Column("submitted_by", sa.Text, nullable=False),
    sa.Column("submitted_at", Time, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False, comment="empty, approved or returned"),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", Time),
    sa.Column("remark", sa.Text, nullable=False),
)
kb_talks = sa.Table(
    "kb_talks",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("handled", sa.BigInteger, nullable=False, comment="the platform's order of the newest message"),
    sa.Column("at", Time, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.Column("said", sa.LargeBinary, nullable=False),
    comment="Where an admin is who edits in a messenger, and what was said last.",
)
# The words of a question stay in its message, under the customer's key: what is erased there is gone here too.
kb_gaps = sa.Table(
    "kb_gaps",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, comment="the customer's message"),
    sa.Column("part", sa.Integer, primary_key=True, comment="which question of the message"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("entry", sa.Text, nullable=False, comment="the one answered with, or the nearest; empty for none"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("settled_at", Time),
    sa.Column("settled_by", sa.Text, nullable=False),
    sa.Column("settled_as", sa.Text, nullable=False),
    comment="Questions handed over, clarified without a click, or answered in a way that did not help.",
)
sa.Index(
    "kb_gaps_open",
    kb_gaps.c.at,
    sqlite_where=kb_gaps.c.settled_at.is_(None),
    postgresql_where=kb_gaps.c.settled_at.is_(None),
)
kb_vectors = sa.Table(
    "kb_vectors",
    metadata,
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True, comment="SHA-256 of the text that was embedded"),
    sa.Column("vector", sa.LargeBinary, nullable=False, comment="float32, little-endian, of length one"),
)
