"""Common terms looked up only for the entries ahead: what comes first, and its scores, stay what they were."""

import numpy as np
import pytest

from benchmarks.sizes_data import made_up, questions
from knowledge import scoring
from knowledge.analysis import Analyzer
from knowledge.index import Index


def test_the_first_entries_and_their_scores_are_those_of_full_scoring(
    analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = made_up(1_500)
    index = Index.of(analyzer, entries)
    asked = analyzer.analyse_many(questions(entries, 60))
    full = index.search(asked)
    monkeypatch.setattr(scoring, "MANY", 0)
    pruned = index.search(asked)
    ranked = [hits.ask_words + hits.ask_grams for hits in (full, pruned)]
    first = ranked[0].argmax(1)
    assert (ranked[1].argmax(1) == first).all()
    rows = np.arange(len(asked))
    for part in ("ask_words", "ask_grams", "body_words", "body_grams"):
        assert np.allclose(getattr(full, part)[rows, first], getattr(pruned, part)[rows, first], atol=1e-5), part
    assert not np.allclose(ranked[0], ranked[1], atol=1e-3)  # the others were spared the work


def test_each_question_keeps_its_own_rare_and_common_terms(analyzer: Analyzer, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = made_up(800)
    index = Index.of(analyzer, entries)
    monkeypatch.setattr(scoring, "MANY", 0)
    asked = analyzer.analyse_many(questions(entries, 12))
    together = index.search(asked)
    for n, question in enumerate(asked):
        alone = index.search([question])
        assert np.allclose(alone.ask_words[0], together.ask_words[n])
        assert np.allclose(alone.body_grams[0], together.body_grams[n])
