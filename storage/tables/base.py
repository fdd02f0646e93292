"""What all tables share. Times are microseconds since the epoch (UTC), personal text is sealed bytes (storage.crypto).

Columns use only types that both drivers take and give unchanged (integers, text, bytes), so that the hot path can run
compiled statements on the raw drivers.
"""

import sqlalchemy as sa

metadata = sa.MetaData()
# The store of keys is a database of its own, so that no backup of the data ever holds a key.
keys_metadata = sa.MetaData()

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers only INTEGER PRIMARY KEY by itself
Time = sa.BigInteger
