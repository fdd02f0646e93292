"""The heavy work of those who run the knowledge base: candidate versions tried before they go live."""

from collections.abc import Callable, Collection, Mapping, Sequence

from domain.knowledge import Decision
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.fit import fit, texts_to_embed
from knowledge.groups import group
from knowledge.shelf import Question, changed, parsed
from knowledge.vectors import TextVectors


class Workbench:
    """Candidates by a key that tells their content. Used by one thread at a time.

    make: gives the analyzer; it is called at the first piece of work, because loading Kiwi takes seconds.
    """

    def __init__(self, make: Callable[[], Analyzer]) -> None:
        self._make = make
        self._loaded: Analyzer | None = None
        self._candidates: dict[str, Answerer] = {}

    @property
    def analyzer(self) -> Analyzer:
        if self._loaded is None:
            self._loaded = self._make()
        return self._loaded

    def open(
        self, key: str, base: str, texts: Mapping[str, str], removed: Collection[str], keep: Collection[str]
    ) -> None:
        """Make a candidate ready: of `base` ("" for nothing) with these texts put in and these ids gone.

        keep: keys of candidates that stay open beside it. KeyError when the base is not open.
        """
        before = self._candidates[base] if base else Answerer(self.analyzer, ())
        candidate = changed(before, parsed(texts).values(), texts, removed)
        self._candidates = {k: c for k, c in self._candidates.items() if k in keep} | {key: candidate}

    def group(self, questions: Sequence[str]) -> list[tuple[int, ...]]:
        """Questions of one meaning together (see knowledge.groups.group)."""
        return group(self.analyzer, questions)

    def texts_to_embed(self, key: str) -> list[str]:
        """Texts of an open candidate whose vectors `fit` can use, in the form in which they are sent."""
        return texts_to_embed(self._candidates[key].entries)

    def fit(self, key: str, vectors: TextVectors) -> str:
        """A model for an open candidate, as JSON; "" when there is too little to fit it to. vectors: of what
        `texts_to_embed` names, by text; none to fit the words' part alone."""
        try:
            return fit(self.analyzer, self._candidates[key].entries, vectors=vectors).to_json()
        except ValueError:
            return ""

    def decide(self, key: str, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        """Decisions for each (text, question before). KeyError when the candidate is not open."""
        return self._candidates[key].decide_many(questions)
