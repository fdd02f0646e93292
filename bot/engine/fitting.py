"""When to answer, ask back or hand over: the draft's model fitted to the shop's own questions, or the program's own."""

from collections.abc import Awaitable, Callable, Sequence

from bot.engine.draft import DraftKeeper, candidate_of
from bot.engine.editing import Editing
from bot.engine.workbench import Trials
from domain.editing import EditRefused, check_admin
from domain.staff import Staff
from knowledge.model import Model, default_model
from knowledge.vectors import TextVectors

Embed = Callable[[Sequence[str]], Awaitable[TextVectors]]


class Fitting:
    """The model is part of the draft: it goes through review and the gate, and is published and rolled back with it."""

    def __init__(self, keeper: DraftKeeper, editing: Editing, trials: Trials) -> None:
        self._keeper, self._editing, self._trials = keeper, editing, trials

    async def fit(self, actor: Staff, embed: Embed | None = None) -> Model:
        """Fit a model to the draft and put it there. Takes some twenty times as long as building the index.

        embed: gives vectors of texts; with it the part for questions that have vectors is fitted too, and what it
        raises is raised. Raises EditRefused when there are too few questions and aliases to learn from.
        """
        check_admin(actor)
        book = await self._keeper.now()
        candidate = await candidate_of(book.draft)
        vectors = await embed(await self._trials.texts_to_embed(candidate)) if embed else {}
        fitted = await self._trials.fit(candidate, vectors)
        if not fitted:
            raise EditRefused("기준을 맞추기에 질문이 모자랍니다. 다른 표현과 회귀 질문을 합해 40개 이상 적어 주세요.")
        await self._editing.put_model(actor, fitted)
        return Model.from_json(fitted)

    async def reset(self, actor: Staff) -> Model:
        """Go back to the program's own model."""
        await self._editing.put_model(actor, "")
        return default_model()
