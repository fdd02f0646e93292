"""The tables. Times are microseconds since the epoch (UTC), personal text is sealed bytes (see storage.crypto).

Columns use only types that both drivers take and give unchanged (integers, text, bytes), so that the hot path can run
compiled statements on the raw drivers.
"""

import sqlalchemy as sa

metadata = sa.MetaData()
# The store of keys is a database of its own, so that no backup of the data ever holds a key.
keys_metadata = sa.MetaData()

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers only INTEGER PRIMARY KEY by itself
Time = sa.BigInteger

person_keys = sa.Table(
    "person_keys",
    keys_metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Time, nullable=False),
)

installation_keys = sa.Table(
    "installation_keys",
    keys_metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    comment="Keys of keyed hashes: channel addresses and the ledger.",
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    comment="Single values of the installation: fingerprint of the master key, polling offsets.",
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Time, nullable=False),
)

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

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    sa.Column("opened_at", Time, nullable=False),
    sa.Column("due_at", Time),
    sa.Column("closed_at", Time),
)

consent_events = sa.Table(
    "consent_events",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("text_version", sa.Integer, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("conversation_id", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("at", Time, nullable=False),
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
)
ledger_heads = sa.Table(
    "ledger_heads",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
)

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
)
kb_entries = sa.Table(
    "kb_entries",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, comment="0 is the draft"),
    sa.Column("entry", sa.Text, primary_key=True),
    sa.Column("hash", sa.ForeignKey("kb_texts.hash"), nullable=False),
)

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
