"""The people who serve, and what they did."""

import sqlalchemy as sa

from storage.tables.base import Id, Time, metadata

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("alias", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("telegram", sa.Text, unique=True),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("disabled_at", Time),
    comment="password is an argon2id hash, empty until it is set; telegram a keyed hash of the user's id.",
)
staff_sessions = sa.Table(
    "staff_sessions",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False, index=True),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("seen_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
    sa.Column("ended_at", Time),
    comment="token is the SHA-256 of what the browser holds.",
)
staff_links = sa.Table(
    "staff_links",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("staff_id", sa.ForeignKey("staff.id")),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("expires_at", Time, nullable=False),
    sa.Column("used_at", Time),
    comment="What is good for one use: the first account, a password, joining a Telegram user. token is a SHA-256.",
)
sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("last_at", Time, nullable=False),
    sa.Column("locked_until", Time, nullable=False),
    comment="By keyed hash of the name that was tried, whether or not there is such an account.",
)
staff_steps = sa.Table(
    "staff_steps",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("at", Time, nullable=False),
    comment="Who did what at the desk; a repeated request is known by its client_id. seq: the message it became.",
)
sa.Index("staff_steps_conversation", staff_steps.c.conversation_id, staff_steps.c.seq)
# Notes are no messages: what a customer reads, in whatever channel, is made from messages only.
staff_notes = sa.Table(
    "staff_notes",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("after_seq", sa.BigInteger, nullable=False),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
staff_notices = sa.Table(
    "staff_notices",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("at", Time, nullable=False),
    comment="Hand-overs of which the staff's chat has been told.",
)
access_log = sa.Table(
    "access_log",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("customer_id", sa.BigInteger),
    sa.Column("conversation_id", sa.BigInteger),
    sa.Column("what", sa.Text, nullable=False),
    comment="Append-only, and outlives the customer: no reference to rows that are erased.",
)
sa.Index("access_log_customer", access_log.c.customer_id)
sa.Index("access_log_at", access_log.c.at)
