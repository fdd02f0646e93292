"""Fit the decision model that comes with the program to the default knowledge base, and write knowledge/model.json.

python -m scripts.fit_model: some twenty seconds; the same content gives the same model.
"""

from dataclasses import replace
from pathlib import Path

import knowledge
from domain.knowledge import Entry
from knowledge.analysis import Analyzer
from knowledge.files import default_texts, parse
from knowledge.fit import fit

_ASKED = 7


def main() -> None:
    analyzer = Analyzer()
    entries = [parse(f"{name}.md", text) for name, text in default_texts().items()]
    model = replace(fit(analyzer, entries), searched=fit(analyzer, [_bare(e) for e in entries], learn=False).searched)
    (Path(knowledge.__file__).parent / "model.json").write_text(model.to_json(), encoding="utf-8")


def _bare(entry: Entry) -> Entry:
    """The entry as in a knowledge base that search has to manage alone: with one alias. Some others are asked."""
    return replace(entry, aliases=entry.aliases[:1], questions=entry.questions + entry.aliases[1:_ASKED])


if __name__ == "__main__":
    main()
