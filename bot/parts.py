"""What commands and the service are put together from."""

import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.engine.analysis import Analysis
from bot.engine.delivery import Delivery
from bot.engine.handling import Handling
from bot.engine.intake import Backlog, Intake
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.engine.signals import Signals
from bot.engine.workbench import ProcessBench
from bot.engine.workshop import Workshop, open_workshop
from bot.master_key import obtain_master_key
from bot.settings import Settings
from domain.clock import Clock, system_clock
from domain.desk_plan import DeskPlan
from handlers.catalogue import Texts, load_texts
from handlers.turn import Shop
from storage.opening import Storage, open_storage

if TYPE_CHECKING:
    from bot.embeddings import Plug

Loop = Callable[[], Coroutine[None, None, None]]


@contextlib.asynccontextmanager
async def open_program_storage(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Storage]:
    """The storage as the settings name it, with the master key from the settings or the data folder."""
    master = obtain_master_key(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with open_storage(settings.data_url, settings.persons_keys_url, master, clock) as storage:
        yield storage


@dataclass(slots=True)
class Parts:
    """What the loops of one process share."""

    storage: Storage
    signals: Signals
    metrics: Metrics
    librarian: Librarian
    texts: Texts
    clock: Clock
    workshop: Workshop
    plan: DeskPlan
    plug: "Plug | None" = None
    backlog: Backlog = field(default_factory=Backlog)

    @property
    def intake(self) -> Intake:
        return Intake(self.storage, self.signals, self.metrics, self.clock, self.backlog)

    def handling(self, settings: Settings, channels: Sequence[str], deliveries: Mapping[str, Delivery]) -> Handling:
        return Handling(
            self.storage,
            self.librarian,
            self.signals,
            self.metrics,
            self.clock,
            backlog=self.backlog,
            channels=channels,
            deliveries=deliveries,
            texts=self.texts,
            shop=Shop(settings.shop_name, settings.shop_operator),
            desk=self.plan,
            embeddings=self.plug.questions if self.plug else None,
        )


def assemble(settings: Settings, storage: Storage, analysis: Analysis, clock: Clock = system_clock) -> Parts:
    signals = Signals(storage.database)
    librarian = Librarian(storage.knowledge, signals, clock, analysis, settings.knowledge_cache)
    texts = load_texts()
    two_person = settings.kb_two_person == "on"
    workshop = open_workshop(
        storage, ProcessBench(), texts, clock, signals, two_person=two_person, prepare=librarian.prepare
    )
    metrics = Metrics()
    plug = None
    if settings.embeddings_url:
        from bot.embeddings import plugged  # a fifth of a second of imports

        plug = plugged(settings, storage, librarian, analysis, metrics, clock)
    return Parts(storage, signals, metrics, librarian, texts, clock, workshop, settings.desk_plan(), plug)
