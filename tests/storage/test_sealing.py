"""Personal text is sealed under its person's key, bound to its row, and gone with the key."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from domain.cases import CaseKind, NewCase
from domain.effects import Effects
from domain.errors import KeyGone
from domain.messages import Outgoing
from domain.work import Work
from storage.crypto import Hashes, Key, MasterKey, WrongKey
from storage.opening import Storage, open_storage
from storage.tables import accounts, cases, conversations, customers, inbox, messages
from tests.conftest import MASTER_KEY, Urls
from tests.storage.helpers import Decider, incoming, put, scalars, settle_all, take

SECRET = "제 이름은 홍길동이고 전화는 010-1234-5678입니다"
ANSWER = "홍길동 고객님께 답합니다"


def _opens_case(work: Work, plain: Effects) -> Effects:
    case = NewCase("260303-000001", CaseKind.ACCESS, datetime(2026, 3, 13, tzinfo=UTC), "asked", SECRET)
    return Effects(plain.state.__class__(question=SECRET), plain.owner, plain.age, plain.outgoing, cases=(case,))


async def _talk(storage: Storage) -> int:
    (receipt,), _ = await put(storage, incoming(SECRET, address="secret-address-771"))
    decide = Decider(lambda _: [Outgoing(ANSWER)], _opens_case)
    await settle_all(storage, await take(storage), decide, push={"web": ""})
    return receipt.conversation_id


def _files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


async def test_no_file_of_sqlite_holds_what_was_said(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open() as storage:
        await _talk(storage)
        files = _files(tmp_path)
        assert any(name.endswith("-wal") for name in files)  # it is looked at while it holds the newest writes
    with sqlite3.connect(tmp_path / "data.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files |= {f"{name} later": raw for name, raw in _files(tmp_path).items()}
    for text in ("홍길동", "010-1234-5678", "답합니다", "secret-address-771", "김하늘", "question"):
        for name, raw in files.items():
            assert text.encode() not in raw, f"{text} stands in {name}"
    assert any(b"260303-000001" in raw for raw in files.values())  # the search does find what is there


async def test_no_column_of_either_engine_holds_what_was_said(storage: Storage) -> None:
    await _talk(storage)
    async with storage.database.read() as connection:
        for table in (customers, accounts, conversations, messages, inbox, cases):
            for row in (await connection.execute(sa.select(table))).all():
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    assert "홍길동".encode() not in raw
                    assert b"secret-address-771" not in raw


async def test_sealed_text_that_was_moved_to_another_row_does_not_open(storage: Storage) -> None:
    conversation = await _talk(storage)
    await put(storage, incoming("다른 말", address="secret-address-771"))
    async with storage.database.write() as connection:
        stolen = (await connection.execute(sa.select(messages.c.body).where(messages.c.seq == 1))).scalar_one()
        await connection.execute(sa.update(messages).where(messages.c.seq == 3).values(body=stolen))
    assert [m.text for m in await storage.conversations.log(conversation, 0, most=2)] == [SECRET, ANSWER]
    with pytest.raises(WrongKey):
        await storage.conversations.log(conversation, 0)


async def test_a_destroyed_key_takes_everything_with_it(storage: Storage) -> None:
    conversation = await _talk(storage)
    (key,) = await scalars(storage, sa.select(customers.c.key_id))
    await storage.keys.destroy(key)
    with pytest.raises(KeyGone):
        await put(storage, incoming("아직 있나요", address="secret-address-771"))
    with pytest.raises(KeyError):
        await storage.conversations.log(conversation, 0)
    # The others are not touched by it.
    (other,), _ = await put(storage, incoming("저는요", address="2"))
    assert [m.text for m in await storage.conversations.log(other.conversation_id, 0)] == ["저는요"]


async def test_each_person_has_a_key_of_their_own(storage: Storage) -> None:
    await put(storage, *(incoming(address=str(i)) for i in range(5)))
    await put(storage, *(incoming(address=str(i)) for i in range(7)))
    keys = await scalars(storage, sa.select(customers.c.key_id))
    assert len(keys) == len(set(keys)) == 7
    opened = [storage.keys.cached[k] for k in keys]
    sealed = opened[0].seal(b"x", b"row")
    for other in opened[1:]:
        with pytest.raises(WrongKey):
            other.open(sealed, b"row")


async def test_rotation_keeps_everything_readable_under_the_new_key_alone(urls: Urls) -> None:
    new_text = MasterKey.new_text()
    new = MasterKey.from_text(new_text)
    async with urls.open() as storage, urls.open() as running:
        conversation = await _talk(storage)
        assert await storage.keys.rotate(new) == 4  # three of the installation, one of the person
        # A process that still has the old key must not wrap a new person's key under it: nobody could open it.
        with pytest.raises(WrongKey):
            await put(running, incoming("처음 왔어요", address="2"))
        await put(storage, incoming("저도요", address="3"))
        fingerprint = storage.hashes.fingerprint
    with pytest.raises(WrongKey, match="SANGDAM_MASTER_KEY"):
        async with urls.open():
            pass
    async with open_storage(urls.data, urls.keys, new, lambda: datetime.now(UTC)) as storage:
        assert storage.hashes.fingerprint == fingerprint
        assert [m.text for m in await storage.conversations.log(conversation, 0)] == [SECRET, ANSWER]
        (again,), _ = await put(storage, incoming("또 왔어요", address="secret-address-771"))
        assert again.conversation_id == conversation


async def test_the_keys_of_another_installation_are_refused(sqlite_urls: Urls, tmp_path: Path) -> None:
    async with sqlite_urls.open():
        pass
    with pytest.raises(WrongKey, match="SANGDAM_KEYS_URL"):
        async with Urls(sqlite_urls.data, f"sqlite+aiosqlite:///{tmp_path / 'others.db'}").open():
            pass


def test_a_sealed_text_opens_only_whole_with_its_key_and_for_its_row() -> None:
    key, other = Key(bytes(32)), Key(bytes(31) + b"1")
    sealed = key.seal("말".encode(), b"row 1")
    assert key.open(sealed, b"row 1").decode() == "말"
    assert key.seal("말".encode(), b"row 1") != sealed
    for bad, by, row in (
        (sealed, other, b"row 1"),
        (sealed, key, b"row 2"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), key, b"row 1"),
        (sealed[:20], key, b"row 1"),
    ):
        with pytest.raises(WrongKey):
            by.open(bad, row)


def test_hashes_say_nothing_without_their_key() -> None:
    one, two = Hashes(b"a", b"b"), Hashes(b"c", b"b")
    assert one.address("web", "1") == one.address("web", "1")
    assert len({one.address("web", "1"), one.address("telegram", "1"), two.address("web", "1")}) == 3
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKey(b"short")
    assert MasterKey.from_text(MASTER_KEY).unwrap(MasterKey.from_text(MASTER_KEY).wrap(b"raw")) == b"raw"
