"""How often search finds the right entry, typed well and badly, beside plain BM25, FTS5 and bm25s; and what is said.

SEARCH_DATA names the folder of the public files (search_data.py says which). Without it only the repository's own
questions are measured. Everything runs in one process, on the same texts.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kiwipiepy import Kiwi

from benchmarks.mistyped import VARIANTS
from benchmarks.options import Options
from benchmarks.report import table
from benchmarks.said import judged
from benchmarks.search_data import KORQUAD, PARAKQC, Set, labelled, own, public
from benchmarks.search_rivals import rivals
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer

_TOGETHER = 32
Find = Callable[[Sequence[str]], Iterator[Sequence[str]]]


def run(options: Options) -> dict[str, object]:
    folder = os.environ.get("SEARCH_DATA", "")
    sets = [*(public(Path(folder)) if folder else ()), own()]
    if len(sets) == 1:
        print(f"SEARCH_DATA names no folder with {KORQUAD} or {PARAKQC}: only the repository's own questions.\n")
    analyzer, kiwi = Analyzer(), Kiwi(num_workers=1, load_multi_dict=False)
    figures: dict[str, object] = {each.name: _compare(each, analyzer, kiwi) for each in sets}
    return figures | {"decisions": _decisions(analyzer)}


def _compare(each: Set, analyzer: Analyzer, kiwi: Kiwi) -> dict[str, object]:
    print(
        f"{each.name}: {len(each.entries)} entries, {len(each.questions)} questions; share with the right entry first"
    )
    finders: dict[str, Find] = {"sangdam": _ours(Answerer(analyzer, each.entries))}
    finders |= {rival.name: lambda texts, r=rival: map(r.find, texts) for rival in rivals(each.entries, kiwi)}  # type: ignore[misc]
    typed = {name: mistype([text for text, _ in each.questions]) for name, mistype in VARIANTS.items()}
    figures: dict[str, object] = {}
    rows = []
    for name, find in finders.items():
        shares = {}
        for variant, texts in typed.items():
            found = list(find(texts))
            shares[variant] = _share(each, found, 1)
            if variant == "clean":
                shares["first three"] = _share(each, found, 3)
        figures[name] = shares
        rows.append([name, *(f"{share:.3f}" for share in shares.values())])
    table(["", "clean", "first three", *list(VARIANTS)[1:]], rows)
    return figures


def _ours(answerer: Answerer) -> Find:
    def find(texts: Sequence[str]) -> Iterator[Sequence[str]]:
        for begin in range(0, len(texts), _TOGETHER):
            for evidence in answerer.evidence_many([(text, None) for text in texts[begin : begin + _TOGETHER]]):
                yield evidence.ids if evidence else ()

    return find


def _share(each: Set, found: Sequence[Sequence[str]], first: int) -> float:
    right = sum(bool(ids.intersection(given[:first])) for given, (_, ids) in zip(found, each.questions, strict=True))
    return right / len(each.questions)


def _decisions(analyzer: Analyzer) -> dict[str, object]:
    rows = labelled("heldout.jsonl") + labelled("elsewhere_heldout.jsonl")
    print(f"Decisions on {len(rows)} labelled questions that nothing was tuned on")
    answerer = Answerer(analyzer, own().entries)
    figures = {name: judged(answerer, rows, mistype) for name, mistype in VARIANTS.items()}
    head = list(next(iter(figures.values())))
    table(["", *head], [[name, *(f"{its[what]:.3f}" for what in head)] for name, its in figures.items()])
    return dict(figures)
