"""The installation: keys in their own store, single values, leases."""

import sqlalchemy as sa

from storage.tables.base import Id, Time, keys_metadata, metadata

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
