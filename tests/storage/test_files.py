"""Customers' files: sealed under their key, theirs alone, kept for their message, purged without one, in the backup."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from domain.errors import KeyGone
from storage import backup
from storage.crypto import WrongKey
from storage.files import KEPT, MOST_WAITING, TooManyFiles
from storage.opening import Storage
from storage.tables import customers, files
from tests.conftest import Urls
from tests.storage.helpers import NOW, incoming, put, scalars
from tests.storage.test_backup import ENGINES, _empty

CONTENT = "영수증 홍길동 010-1234-5678".encode() * 50


async def talk(storage: Storage, address: str = "1") -> int:
    (receipt,), _ = await put(storage, incoming(address=address))
    return receipt.conversation_id


async def test_a_file_comes_back_as_it_was_and_is_stored_sealed(storage: Storage) -> None:
    mine = await talk(storage)
    file = await storage.files.add(mine, CONTENT, "text/plain", NOW)
    assert await storage.files.content(mine, file) == CONTENT
    facts = await storage.files.facts(mine, file)
    assert facts is not None
    assert (facts.type, facts.size, facts.seq, facts.shared) == ("text/plain", len(CONTENT), None, False)
    (sealed,) = await scalars(storage, sa.select(files.c.content))
    assert "홍길동".encode() not in sealed


async def test_a_file_is_bound_to_its_row_and_its_conversation(storage: Storage) -> None:
    mine, other = await talk(storage), await talk(storage, "2")
    one, two = [await storage.files.add(mine, text, "text/plain", NOW) for text in (b"one", b"two")]
    assert await storage.files.content(other, one) is None
    assert await storage.files.facts(other, one) is None
    assert await storage.files.hold(other, [one], "p", NOW) is None
    await storage.files.remove(other, one)
    assert await storage.files.content(mine, one) == b"one"
    stolen = sa.select(files.c.content).where(files.c.id == two).scalar_subquery()
    async with storage.database.write() as connection:
        await connection.execute(sa.update(files).where(files.c.id == one).values(content=stolen))
    with pytest.raises(WrongKey):
        await storage.files.content(mine, one)


async def test_a_file_is_held_for_one_message_all_or_none(storage: Storage) -> None:
    mine = await talk(storage)
    one, two = [await storage.files.add(mine, b"x", "text/plain", NOW) for _ in range(2)]
    assert await storage.files.hold(mine, [two, "nothing"], "first", NOW) is None
    held = await storage.files.hold(mine, [two, one], "first", NOW)
    assert held is not None
    assert [h.id for h in held] == [two, one]
    assert await storage.files.hold(mine, [one], "second", NOW) is None
    assert await storage.files.hold(mine, [two, one], "first", NOW) is not None  # the page asks again
    await storage.files.remove(mine, one)
    assert await storage.files.content(mine, one) == b"x"


async def test_uploads_without_a_message_are_purged_after_an_hour(storage: Storage) -> None:
    (receipt,), _ = await put(storage, incoming(id="taken"))
    mine = receipt.conversation_id
    ids = {
        name: await storage.files.add(mine, b"x", "text/plain", NOW)
        for name in ("alone", "referred", "lost", "held", "removed")
    }
    ids["young"] = await storage.files.add(mine, b"x", "text/plain", NOW + 2)
    await storage.files.hold(mine, [ids["referred"]], "p1", NOW)
    await storage.files.refer(mine, [ids["referred"]], receipt.seq)
    await storage.files.hold(mine, [ids["lost"]], "taken", NOW)  # the process died after the intake
    await storage.files.hold(mine, [ids["held"]], "never", NOW)
    await storage.files.remove(mine, ids["removed"])
    assert await storage.files.purge("web", NOW + KEPT) == 0
    assert await storage.files.purge("web", NOW + KEPT + 1) == 2
    kept = {name for name, file in ids.items() if await storage.files.facts(mine, file)}
    assert kept == {"referred", "lost", "young"}
    lost = await storage.files.facts(mine, ids["lost"])
    assert lost is not None
    assert lost.seq == receipt.seq


async def test_only_so_many_uploads_wait_for_a_message(storage: Storage) -> None:
    mine = await talk(storage)
    ids = [await storage.files.add(mine, b"x", "text/plain", NOW) for _ in range(MOST_WAITING)]
    with pytest.raises(TooManyFiles):
        await storage.files.add(mine, b"x", "text/plain", NOW)
    await storage.files.refer(mine, ids[:1], 1)
    await storage.files.add(mine, b"x", "text/plain", NOW)


async def test_a_destroyed_key_takes_the_files_with_it(storage: Storage) -> None:
    mine = await talk(storage)
    file = await storage.files.add(mine, CONTENT, "text/plain", NOW)
    (key,) = await scalars(storage, sa.select(customers.c.key_id))
    await storage.keys.destroy(key)
    with pytest.raises(KeyGone):
        await storage.files.content(mine, file)
    with pytest.raises(KeyGone):
        await storage.files.add(mine, CONTENT, "text/plain", NOW)


@pytest.mark.parametrize("to", ENGINES)
async def test_files_are_in_the_backup_and_an_erased_persons_are_not_brought_back(
    urls: Urls, to: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_CHUNK_BYTES", 4_000)  # so that they need several chunks
    archive = tmp_path / "backup.gz"
    async with urls.open() as storage:
        mine, other = await talk(storage), await talk(storage, "2")
        kept = [await storage.files.add(mine, CONTENT + bytes([n]), "text/plain", NOW) for n in range(5)]
        gone = await storage.files.add(other, CONTENT, "text/plain", NOW)
        counts = await backup.write_backup(storage, archive)
        assert counts["files"] == 6
        await storage.keys.destroy((await scalars(storage, sa.select(customers.c.key_id).order_by(customers.c.id)))[1])
    async with Urls(await _empty(to, tmp_path, request), urls.keys).open() as restored:
        assert (await backup.read_backup(restored, archive)).erased_customers == 1
        for n, file in enumerate(kept):
            assert await restored.files.content(mine, file) == CONTENT + bytes([n])
        assert await restored.files.facts(other, gone) is None
