"""Customers, their conversations and messages, and the queues in and out."""

import sqlalchemy as sa

from storage.tables.base import Id, Time, metadata

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("key_id", sa.BigInteger, nullable=False),
    sa.Column("age", sa.Text, nullable=False),
    sa.Column("consents", sa.Text, nullable=False),
    sa.Column("created_at", Time, nullable=False),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("address_hash", sa.Text, nullable=False),
    sa.Column("address", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.LargeBinary, nullable=False),
    sa.Column("blocked_at", Time),
    sa.Column("created_at", Time, nullable=False),
    sa.UniqueConstraint("channel", "address_hash"),
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, unique=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("acked_seq", sa.BigInteger, nullable=False),
    sa.Column("updated_at", Time, nullable=False),
    sa.Column("agent_id", sa.ForeignKey("staff.id")),
)
sa.Index(
    "conversations_staffed",
    conversations.c.owner,
    sqlite_where=conversations.c.owner != sa.literal_column("'bot'"),
    postgresql_where=conversations.c.owner != sa.literal_column("'bot'"),
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("delivery", sa.Text, nullable=False),
    sa.Column("delivered_at", Time),
    sqlite_with_rowid=False,
)

# Contents are sealed. What no message refers to (seq NULL) goes after a while; touched_at says from when.
files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("platform_id", sa.Text, nullable=False, comment="of the message it is held for, empty for none"),
    sa.Column("seq", sa.BigInteger, comment="the message that refers to it"),
    sa.Column("touched_at", Time, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
sa.Index(
    "files_waiting",
    files.c.touched_at,
    sqlite_where=files.c.seq.is_(None),
    postgresql_where=files.c.seq.is_(None),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("platform_id", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("lease_token", sa.Text, nullable=False),
    sa.Column("lease_until", Time, nullable=False),
    sa.Column("received_at", Time, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
OPEN, DONE, ASIDE = 0, 1, 2
sa.Index(
    "inbox_open",
    inbox.c.conversation_id,
    inbox.c.position,
    inbox.c.seq,
    sqlite_where=inbox.c.state == OPEN,
    postgresql_where=inbox.c.state == OPEN,
)
sa.Index("inbox_received", inbox.c.received_at)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("not_before", Time, nullable=False),
    sa.Column("lease_token", sa.Text, nullable=False),
    comment="What still has to be sent; a row goes once the platform has answered.",
)
