"""The default knowledge base on questions that nothing was tuned on: the bars for what benchmarks/search.py prints."""

import pytest

from benchmarks.mistyped import VARIANTS
from benchmarks.said import judged
from benchmarks.search_data import labelled
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.files import default_texts, parse

ROWS = labelled("heldout.jsonl") + labelled("elsewhere_heldout.jsonl")
DROPS = {"no spaces": 0.03, "typos": 0.06, "wrong layout": 0.02}


@pytest.fixture(scope="module")
def answerer(analyzer: Analyzer) -> Answerer:
    return Answerer(analyzer, [parse(f"{name}.md", text) for name, text in default_texts().items()])


def test_most_is_answered_and_little_of_it_wrongly(answerer: Answerer) -> None:
    figures = judged(answerer, ROWS)
    assert figures["A@1"] >= 0.88
    assert figures["R@3"] >= 0.96
    assert figures["direct"] >= 0.65
    assert figures["wrong"] <= 0.05
    assert figures["near"] <= 0.15
    assert figures["far"] <= 0.03


@pytest.mark.parametrize("variant", DROPS)
def test_mistyping_costs_little(answerer: Answerer, variant: str) -> None:
    clean, typed = judged(answerer, ROWS), judged(answerer, ROWS, VARIANTS[variant])
    assert typed["A@1"] >= clean["A@1"] - DROPS[variant]
    assert typed["wrong"] <= 0.05
