"""Fit the decision model that comes with the program to the default knowledge base, and write knowledge/model.json.

python -m scripts.fit_model: some twenty seconds; the same content gives the same model.
"""

from dataclasses import replace
from pathlib import Path

import knowledge
from knowledge.analysis import Analyzer
from knowledge.files import default_texts, parse
from knowledge.fit import fit


def main() -> None:
    analyzer = Analyzer()
    entries = [parse(f"{name}.md", text) for name, text in default_texts().items()]
    model = replace(fit(analyzer, entries), searched=fit(analyzer, entries, learn=False).searched)
    (Path(knowledge.__file__).parent / "model.json").write_text(model.to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
