"""What admins run the knowledge base with, put together once for a program."""

from dataclasses import dataclass

from bot.engine.draft import DraftKeeper
from bot.engine.editing import Editing
from bot.engine.fitting import Fitting
from bot.engine.gaps import Gaps
from bot.engine.publishing import Prepare, Publishing
from bot.engine.signals import Signals
from bot.engine.workbench import Bench, Trials
from domain.clock import Clock
from handlers.catalogue import Texts
from storage.opening import Storage


@dataclass(frozen=True, slots=True)
class Workshop:
    """editing: the draft; fitting: its model; publishing: from the draft to a version; gaps: what is missing; trials:
    the workbench."""

    editing: Editing
    fitting: Fitting
    publishing: Publishing
    gaps: Gaps
    trials: Trials

    async def close(self) -> None:
        await self.trials.close()


def open_workshop(
    storage: Storage,
    bench: Bench,
    texts: Texts,
    clock: Clock,
    signals: Signals,
    *,
    two_person: bool,
    prepare: Prepare | None = None,
) -> Workshop:
    """two_person, prepare: see Publishing."""
    keeper = DraftKeeper(storage)
    trials = Trials(bench, storage.knowledge.texts_of)
    editing = Editing(storage, keeper, texts, clock)
    return Workshop(
        editing,
        Fitting(keeper, editing, trials),
        Publishing(storage, keeper, trials, clock, signals, two_person=two_person, prepare=prepare),
        Gaps(storage, editing, trials, clock),
        trials,
    )
