"""Vectors by model and hash, on both engines."""

from storage.opening import Storage
from storage.vectors import VectorStore

ONE, TWO = b"\x00\x00\x80?\x00\x00\x00\x00", b"\x00\x00\x00\x00\x00\x00\x80?"


async def test_vectors_are_found_by_model_and_hash(storage: Storage) -> None:
    vectors = VectorStore(storage.database)
    assert await vectors.dimension("m") is None
    await vectors.add("m", {})
    await vectors.add("m", {"a": ONE, "b": TWO})
    await vectors.add("other", {"a": TWO + TWO})
    assert await vectors.of("m", ["a", "b", "c"]) == {"a": ONE, "b": TWO}
    assert await vectors.of("other", ["a", "b"]) == {"a": TWO + TWO}
    assert await vectors.of("m", []) == {}
    assert (await vectors.dimension("m"), await vectors.dimension("other")) == (2, 4)


async def test_what_is_there_stays_when_it_comes_again(storage: Storage) -> None:
    vectors = VectorStore(storage.database)
    await vectors.add("m", {"a": ONE})
    await vectors.add("m", {"a": TWO, "b": TWO})
    assert await vectors.of("m", ["a", "b"]) == {"a": ONE, "b": TWO}


async def test_more_than_one_statement_can_ask_for(storage: Storage) -> None:
    vectors = VectorStore(storage.database)
    many = {f"{n:064}": ONE for n in range(1_203)}
    await vectors.add("m", many)
    assert await vectors.of("m", many) == many
