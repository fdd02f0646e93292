"""The librarian is shared: Korean analysis takes seconds to load and never changes."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.engine.analysis import ThreadAnalysis
from bot.engine.librarian import Librarian
from domain.knowledge import Entry
from handlers.catalogue import Texts, load_texts
from knowledge.analysis import Analyzer
from knowledge.files import dump
from knowledge.shelf import Shelf
from storage.times import to_us
from tests.conftest import Urls
from tests.dialogues.stage import Hands

PUBLISHED = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def texts() -> Texts:
    return load_texts()


class Libraries:
    """Librarians by what they publish; all share one analyzer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._analyzer = Analyzer()
        self._analyses: list[ThreadAnalysis] = []
        self._librarians: dict[tuple[Entry, ...], Librarian] = {}

    def of(self, entries: tuple[Entry, ...]) -> Librarian:
        """The default knowledge base for no entries."""
        if entries not in self._librarians:
            self._librarians[entries] = asyncio.run(self._load(entries))
        return self._librarians[entries]

    def close(self) -> None:
        for analysis in self._analyses:
            analysis.close()

    async def _load(self, entries: tuple[Entry, ...]) -> Librarian:
        name = self._folder / f"library-{len(self._librarians)}"
        urls = Urls(f"sqlite+aiosqlite:///{name}.db", f"sqlite+aiosqlite:///{name}-keys.db")
        clock = Hands(PUBLISHED)
        async with urls.open(clock) as storage:
            if entries:
                published = {e.id: dump(e) for e in entries}
                await storage.knowledge.publish(published, after=0, by="test", note="", now=to_us(PUBLISHED))
            self._analyses.append(ThreadAnalysis(lambda: Shelf(self._analyzer)))
            librarian = Librarian(storage.knowledge, None, clock, self._analyses[-1])
            await librarian.load()
        return librarian


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Libraries]:
    made = Libraries(tmp_path_factory.mktemp("libraries"))
    yield made
    made.close()
