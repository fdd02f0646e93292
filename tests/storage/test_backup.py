"""Backups go from either engine to either, hold no key and no plain text, and bring nobody back who was erased."""

import gzip
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from domain.messages import Outgoing
from storage.backup import BackupError, read_backup, write_backup
from storage.database import Database
from storage.ledger import verify
from storage.migrations.runner import migrate
from storage.opening import Storage
from storage.tables import customers, metadata
from tests.conftest import Urls
from tests.postgres import PostgresServer
from tests.storage.helpers import Decider, incoming, put, scalars, settle_all, take
from tests.storage.test_handling import change_everything

ENGINES = ["sqlite", "postgresql"]
# What was open then opens nothing later; vectors are fetched again.
LEFT_OUT = {"leases", "staff_sessions", "staff_links", "sign_in_failures", "kb_vectors"}
OF_CUSTOMERS = ("customers", "accounts", "conversations", "cases", "consent_events", "inbox", "outbox", "kb_gaps")


async def _empty(engine: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """The address of a new, migrated data database."""
    if engine == "sqlite":
        url = f"sqlite+aiosqlite:///{folder / 'restored.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = server.new_name()
        server.create(name)
        url = server.url(name)
    database = Database(url)
    await migrate(database, "data")
    await database.close()
    return url


async def _talks(storage: Storage) -> None:
    for address in ("가", "나", "다"):
        await put(storage, incoming(f"{address}의 비밀", address=address))
    decide = Decider(lambda w: [Outgoing(f"{w.incoming.address}에게 답합니다")], change_everything)
    for work in await take(storage):
        await settle_all(storage, [work], decide, push={"web": ""})


async def _rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.read() as connection:
        return {
            table.name: sorted((tuple(r) for r in (await connection.execute(sa.select(table))).all()), key=repr)
            for table in metadata.sorted_tables
            if table.name not in LEFT_OUT
        }


@pytest.mark.parametrize("to", ENGINES)
async def test_a_backup_is_restored_row_by_row_on_either_engine(
    urls: Urls, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive = tmp_path / "backup.gz"
    async with urls.open() as storage:
        await _talks(storage)
        await storage.knowledge.publish({"가": "# 가"}, after=0, by="나", note="처음", now=1)
        counts = await write_backup(storage, archive)
        before = await _rows(storage.database)
    assert {name: len(rows) for name, rows in before.items()} == counts
    async with Urls(await _empty(to, tmp_path, request), urls.keys).open() as restored:
        report = await read_backup(restored, archive)
        assert (report.rows, report.erased_customers) == (sum(counts.values()), 0)
        assert await _rows(restored.database) == before
        assert await verify(restored.database, restored.hashes) == []
        # It goes on where it was: the same person, the next number, ids that do not collide.
        (known,), _ = await put(restored, incoming("또 왔어요", address="나"))
        (new,), _ = await put(restored, incoming("처음 왔어요", address="라"))
        assert (known.seq, new.seq) == (3, 1)
        log = await restored.conversations.log(known.conversation_id, 0)
        assert [m.text for m in log] == ["나의 비밀", "나에게 답합니다", "또 왔어요"]


async def test_somebody_erased_after_the_backup_stays_erased(
    urls: Urls, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive = tmp_path / "backup.gz"
    async with urls.open() as storage:
        await _talks(storage)
        await write_backup(storage, archive)
        key_of = sa.select(customers.c.key_id).order_by(customers.c.id)
        gone = (await scalars(storage, key_of))[1]
        await storage.keys.destroy(gone)
    async with Urls(await _empty("sqlite", tmp_path, request), urls.keys).open() as restored:
        assert (await read_backup(restored, archive)).erased_customers == 1
        assert gone not in await scalars(restored, sa.select(customers.c.key_id))
        for name, rows in (await _rows(restored.database)).items():
            if name in OF_CUSTOMERS:
                assert len(rows) == 2, name
        assert len((await _rows(restored.database))["messages"]) == 4
        assert await verify(restored.database, restored.hashes) == []
        (receipt,), _ = await put(restored, incoming("다시 처음이에요", address="나"))
        assert receipt.seq == 1


async def test_the_archive_holds_no_key_and_no_plain_text_and_is_the_owners_alone(
    storage: Storage, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.gz"
    await _talks(storage)
    await write_backup(storage, archive)
    text = gzip.decompress(archive.read_bytes())
    for secret in ("비밀", "답합니다", "김하늘"):
        assert secret.encode() not in text
    assert b"person_keys" not in text
    assert b"installation_keys" not in text
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert not archive.with_name("backup.gz.part").exists()


async def test_a_backup_is_not_read_into_a_database_in_use(storage: Storage, tmp_path: Path) -> None:
    archive = tmp_path / "backup.gz"
    await _talks(storage)
    await write_backup(storage, archive)
    before = await _rows(storage.database)
    with pytest.raises(BackupError, match="not empty"):
        await read_backup(storage, archive)
    assert await _rows(storage.database) == before


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty", "missing"])
async def test_a_damaged_archive_changes_nothing(
    urls: Urls, damage: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive = tmp_path / "backup.gz"
    async with urls.open() as storage:
        await _talks(storage)
        await write_backup(storage, archive)
    raw = archive.read_bytes()
    if damage == "missing":
        archive.unlink()
    else:
        flipped = raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 0xFF]) + raw[len(raw) // 2 + 1 :]
        other = gzip.compress(b'{"something": "else"}\n')
        archive.write_bytes({"cut": raw[: len(raw) * 2 // 3], "flipped": flipped, "other": other, "empty": b""}[damage])
    async with Urls(await _empty("sqlite", tmp_path, request), urls.keys).open() as restored:
        before = await _rows(restored.database)
        with pytest.raises(BackupError):
            await read_backup(restored, archive)
        assert await _rows(restored.database) == before


async def test_a_backup_belongs_to_its_store_of_keys(
    sqlite_urls: Urls, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    archive = tmp_path / "backup.gz"
    async with sqlite_urls.open() as storage:
        await _talks(storage)
        await write_backup(storage, archive)
    other_keys = f"sqlite+aiosqlite:///{tmp_path / 'other-keys.db'}"
    async with Urls(await _empty("sqlite", tmp_path, request), other_keys).open() as other:
        with pytest.raises(BackupError, match="another store of keys"):
            await read_backup(other, archive)
