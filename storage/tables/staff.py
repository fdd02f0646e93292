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
    sa.Column("seen_at", Time),
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
    sa.Column("awaits", sa.Text, nullable=False, server_default=sa.text("''"), comment="code: the second factor"),
    sa.Column("place", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("device", sa.Text, nullable=False, server_default=sa.text("''")),
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
staff_factors = sa.Table(
    "staff_factors",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("made_at", Time, nullable=False),
    sa.Column("confirmed_at", Time),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    comment="TOTP secrets, sealed; in force once confirmed. last_step: the newest 30 seconds whose code was taken.",
)
staff_recovery_codes = sa.Table(
    "staff_recovery_codes",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("used_at", Time),
    comment="code is a keyed hash; each is good for one use.",
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
# Each begins with what is searched by and ends with the order in which looks are shown.
sa.Index("access_log_order", access_log.c.at, access_log.c.id)
sa.Index("access_log_by", access_log.c.staff_id, access_log.c.at, access_log.c.id)
sa.Index("access_log_what", access_log.c.what, access_log.c.at, access_log.c.id)
sa.Index("access_log_whose", access_log.c.customer_id, access_log.c.at, access_log.c.id)
sa.Index("access_log_where", access_log.c.conversation_id, access_log.c.at, access_log.c.id)
