"""Questions to measure search on: public sets, given by path, and the repository's own; and how people mistype them."""

import json
from dataclasses import dataclass
from pathlib import Path

from domain.knowledge import Entry, EntryKind
from knowledge.files import default_texts, parse

KORQUAD, PARAKQC = "KorQuAD_v1.0_dev.json", "paraKQC_v1.txt"
_OWN = Path(__file__).resolve().parents[1] / "tests" / "data" / "questions"


@dataclass(frozen=True, slots=True)
class Set:
    """Entries, and questions with the ids of the entries that are right."""

    name: str
    entries: tuple[Entry, ...]
    questions: tuple[tuple[str, frozenset[str]], ...]


def public(folder: Path) -> list[Set]:
    """The public sets that the folder holds, under the names they are published by."""
    readers = {KORQUAD: _korquad, PARAKQC: _parakqc}
    return [read(folder / name) for name, read in readers.items() if (folder / name).is_file()]


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled question. right: the entries that answer it. where: "policy" when there are any, else how far off the
    question is: "near" the policy, or "far" from it. prev: the question before it."""

    text: str
    right: frozenset[str]
    where: str
    prev: str | None

    @property
    def answerable(self) -> bool:
        return self.where == "policy"


def labelled(name: str) -> list[Row]:
    """The repository's own questions, less those that may be answered or not."""
    rows = [json.loads(line) for line in (_OWN / name).read_text("utf-8").splitlines()]
    return [_row(row) for row in rows if not row.get("either")]


def _row(row: dict[str, str]) -> Row:
    more = row["note"].partition("multi:")[2].partition(";")[0]
    right = frozenset((row["topic"], *(name.strip() for name in more.split(",") if name)))
    where = "policy" if row["answerable"] else "near" if row["topic"] == "oos_near_miss" else "far"
    return Row(row["q"], right, where, row["note"].partition("prev:")[2].strip() or None)


def own() -> Set:
    """The default knowledge base, and those labelled questions that it answers and nothing was tuned on."""
    entries = tuple(parse(f"{name}.md", text) for name, text in default_texts().items())
    asked = [(row.text, row.right) for row in labelled("heldout.jsonl") if row.answerable and not row.prev]
    return Set("own questions, held out", entries, tuple(asked))


def _korquad(path: Path) -> Set:
    """A paragraph an entry; its own questions ask for it."""
    entries: dict[str, Entry] = {}
    questions = []
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            entry = entries.setdefault(text, Entry(f"p{len(entries):04d}", article["title"], EntryKind.ANSWER, text))
            questions += [(asked["question"], frozenset((entry.id,))) for asked in paragraph["qas"]]
    return Set("KorQuAD 1.0 dev", tuple(entries.values()), tuple(questions))


def _parakqc(path: Path) -> Set:
    """Groups of ten sentences that mean the same: the first is the entry, the others ask for it."""
    lines = [line.rsplit("\t", 1)[1].strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    entries, questions = [], []
    for number, begin in enumerate(range(0, len(lines) - 9, 10)):
        entry = f"g{number:04d}"
        entries.append(Entry(entry, lines[begin], EntryKind.ANSWER, lines[begin]))
        questions += [(line, frozenset((entry,))) for line in lines[begin + 1 : begin + 10]]
    return Set("ParaKQC", tuple(entries), tuple(questions))
