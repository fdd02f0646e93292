"""Vectors of the knowledge base's texts, by model and the text's hash: what was embedded once is never sent again."""

from collections.abc import Iterable, Mapping
from itertools import islice

import sqlalchemy as sa

from storage.database import Database
from storage.tables import kb_vectors

_AT_ONCE = 500


class VectorStore:
    """A vector is float32, little-endian, of length one; every vector of a model has as many numbers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, model: str, hashes: Iterable[str]) -> dict[str, bytes]:
        """Those that are there, by hash."""
        found: dict[str, bytes] = {}
        wanted = iter(hashes)
        async with self._database.read() as connection:
            while some := list(islice(wanted, _AT_ONCE)):
                query = sa.select(kb_vectors.c.hash, kb_vectors.c.vector).where(
                    kb_vectors.c.model == model, kb_vectors.c.hash.in_(some)
                )
                found |= {row.hash: row.vector for row in await connection.execute(query)}
        return found

    async def add(self, model: str, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors by hash; of one that is there already, the one that is there stays."""
        if vectors:
            rows = [{"model": model, "hash": h, "vector": v} for h, v in sorted(vectors.items())]
            async with self._database.write() as connection:
                await connection.execute(self._database.insert(kb_vectors).on_conflict_do_nothing(), rows)

    async def dimension(self, model: str) -> int | None:
        """How many numbers a vector of the model has; None before the first."""
        query = sa.select(sa.func.length(kb_vectors.c.vector)).where(kb_vectors.c.model == model).limit(1)
        async with self._database.read() as connection:
            length: int | None = (await connection.execute(query)).scalar_one_or_none()
        return None if length is None else length // 4
