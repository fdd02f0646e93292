"""One portable archive of the data, written and read through Core, so that it goes from either engine to either.

A gzipped text: a line of JSON that describes it, then one for each row, tables in the order of their foreign keys.
Bytes are base64. No key is in it; restoring never brings a destroyed key back, and deletes rows whose key is gone.
"""

import base64
import gzip
import os
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import SangdamError
from storage.opening import Storage
from storage.tables import (
    accounts,
    cases,
    consent_events,
    conversations,
    customers,
    files,
    inbox,
    kb_gaps,
    kb_vectors,
    leases,
    messages,
    metadata,
    outbox,
    person_keys,
    sign_in_failures,
    staff_links,
    staff_notes,
    staff_sessions,
    staff_steps,
)

FORMAT = 1
_CHUNK = 1_000
_CHUNK_BYTES = 16 * 1024 * 1024  # files are large: few of them are held at once
# A lease belongs to a running process; sessions and links that were open then must not open anything later; vectors are
# large, and are fetched again.
_LEFT_OUT = {leases.name, staff_sessions.name, staff_links.name, sign_in_failures.name, kb_vectors.name}


class BackupError(SangdamError):
    """The archive cannot be read, or the database is not empty; the reason says which."""


@dataclass(frozen=True, slots=True)
class Restored:
    rows: int
    erased_customers: int


async def write_backup(storage: Storage, path: Path) -> dict[str, int]:
    """Write the archive (readable by its owner only), replacing an older one at once. Returns rows by table."""
    counts: dict[str, int] = {}
    unfinished = path.with_name(path.name + ".part")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as file:
            file.write(orjson.dumps({"sangdam_backup": FORMAT, "keys": storage.hashes.fingerprint}) + b"\n")
            async with storage.database.read() as connection:
                if not storage.database.is_sqlite:
                    await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                for table in _tables():
                    counts[table.name] = await _write_table(connection, table, file)
        raw.flush()
        os.fsync(raw.fileno())
    unfinished.replace(path)
    return counts


async def read_backup(storage: Storage, path: Path) -> Restored:
    """Read an archive into an empty database, all or nothing. Raises BackupError."""
    rows = 0
    try:
        _read_through(path)
        with gzip.open(path, "rb") as file:
            head = orjson.loads(file.readline())
            if not isinstance(head, dict) or head.get("sangdam_backup") != FORMAT:
                raise BackupError(f"{path} is no backup of this program")
            if head["keys"] != storage.hashes.fingerprint:
                raise BackupError(
                    f"{path} belongs to another store of keys; set SANGDAM_KEYS_URL to the one it was made with"
                )
            async with storage.database.write() as connection:
                await _must_be_empty(connection)
                for table in reversed(metadata.sorted_tables):
                    if table is not leases:
                        await connection.execute(sa.delete(table))
                for name, chunk in _chunks(file):
                    await connection.execute(sa.insert(metadata.tables[name]), chunk)
                    rows += len(chunk)
                erased = await _forget_erased(storage, connection)
                if not storage.database.is_sqlite:
                    await _move_sequences(connection)
    except (OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise BackupError(f"{path} cannot be read ({type(error).__name__}); nothing was changed") from None
    return Restored(rows, erased)


def _read_through(path: Path) -> None:
    """Hold the file against its checksum before anything is believed: a flipped bit may still look like rows."""
    with gzip.open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def _tables() -> list[sa.Table]:
    return [t for t in metadata.sorted_tables if t.name not in _LEFT_OUT]


async def _write_table(connection: AsyncConnection, table: sa.Table, file: Any) -> int:
    count = 0
    async for row in _rows(connection, table):
        values = [{"b": base64.b64encode(v).decode()} if isinstance(v, bytes) else v for v in row]
        file.write(orjson.dumps([table.name, values]) + b"\n")
        count += 1
    return count


async def _rows(connection: AsyncConnection, table: sa.Table) -> AsyncIterator[sa.Row[Any]]:
    if table is not files:
        async for row in await connection.stream(sa.select(table)):
            yield row
        return
    # A stream reads ahead by rows, whatever their size.
    for file_id in (await connection.execute(sa.select(files.c.id).order_by(files.c.id))).scalars().all():
        yield (await connection.execute(sa.select(files).where(files.c.id == file_id))).one()


def _chunks(file: BinaryIO | gzip.GzipFile) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    name = ""
    chunk: list[dict[str, Any]] = []
    size = 0
    for line in file:
        row_name, values = orjson.loads(line)
        if chunk and (row_name != name or len(chunk) >= _CHUNK or size >= _CHUNK_BYTES):
            yield name, chunk
            chunk, size = [], 0
        name = row_name
        size += len(line)
        columns = metadata.tables[name].columns.keys()
        chunk.append(
            {c: base64.b64decode(v["b"]) if isinstance(v, dict) else v for c, v in zip(columns, values, strict=True)}
        )
    if chunk:
        yield name, chunk


async def _must_be_empty(connection: AsyncConnection) -> None:
    if (await connection.execute(sa.select(customers.c.id).limit(1))).first():
        raise BackupError("the database is not empty; restore into a new one (another SANGDAM_DATA_DIR or database)")


async def _forget_erased(storage: Storage, connection: AsyncConnection) -> int:
    """Delete every row of customers whose key was destroyed after the backup was made."""
    async with storage.keys_database.read() as keys:
        alive = {row[0] for row in (await keys.execute(sa.select(person_keys.c.id))).all()}
    people = (await connection.execute(sa.select(customers.c.id, customers.c.key_id))).all()
    gone = [row.id for row in people if row.key_id not in alive]
    for start in range(0, len(gone), _CHUNK):
        ids = gone[start : start + _CHUNK]
        theirs = sa.select(conversations.c.id).where(conversations.c.customer_id.in_(ids))
        for table in (files, outbox, inbox, staff_notes, staff_steps, kb_gaps, messages):
            await connection.execute(sa.delete(table).where(table.c.conversation_id.in_(theirs)))
        for table in (cases, consent_events, conversations, accounts):
            await connection.execute(sa.delete(table).where(table.c.customer_id.in_(ids)))
        await connection.execute(sa.delete(customers).where(customers.c.id.in_(ids)))
    return len(gone)


async def _move_sequences(connection: AsyncConnection) -> None:
    for table in _tables():
        column = table.autoincrement_column
        if column is not None and column.name == "id":
            highest = (await connection.execute(sa.select(sa.func.max(column)))).scalar()
            if highest:
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                await connection.execute(sa.select(sa.func.setval(sequence, highest)))
