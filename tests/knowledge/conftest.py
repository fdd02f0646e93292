"""One analyzer for all: it takes seconds to load and never changes."""

from collections.abc import AsyncIterator

import pytest

from bot.engine.signals import Signals
from bot.engine.workbench import ThreadBench
from bot.engine.workshop import Workshop, open_workshop
from domain.clock import system_clock
from domain.staff import Role, Staff
from handlers.catalogue import load_texts
from knowledge.analysis import Analyzer
from knowledge.workbench import Workbench
from storage.opening import Storage

ADMIN = Staff(1, "bom", "봄", Role.ADMIN)


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture
async def workshop(storage: Storage, analyzer: Analyzer) -> AsyncIterator[Workshop]:
    """On both engines."""
    bench = ThreadBench(Workbench(lambda: analyzer))
    signals = Signals(storage.database)
    made = open_workshop(storage, bench, load_texts(), system_clock, signals, two_person=False)
    yield made
    await signals.told()
    await made.close()
