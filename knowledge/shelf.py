"""The versions of a knowledge base that are open in this process, ready to decide."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from domain.knowledge import Decision, Entry
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.files import parse
from knowledge.packed import pack, unpack

_OPEN = 2  # the live version, and the one before it for messages that are being decided
Question = tuple[str, str | None]  # text, and the customer's question before it


class Shelf:
    """Safe to use from several threads; versions are opened by one of them."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._open: dict[int, Answerer] = {}

    def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        """Make a version ready, and give its entries.

        texts: Markdown by entry id. kept: files that may hold what was built for these very texts; when none does, the
        version is built from the one before it, or anew, which takes seconds, and the first file is written.
        """
        entries = {entry_id: parse(f"{entry_id}.md", text) for entry_id, text in texts.items()}
        answerer = self._unpacked(kept, entries)
        if answerer is None:
            answerer = self._built(entries)
            if kept:
                _write(kept[0], pack(answerer))
        self._open = dict([*self._open.items(), (version, answerer)][-_OPEN:])
        return entries

    def decide(self, version: int, questions: Sequence[Question]) -> list[tuple[Decision, ...]]:
        """Decisions for each question, by an open version. KeyError when it is not open any more."""
        return self._open[version].decide_many(questions)

    def _unpacked(self, kept: Sequence[Path], entries: Mapping[str, Entry]) -> Answerer | None:
        for path in kept:
            try:
                data = path.read_bytes()
            except OSError:
                continue
            if answerer := unpack(data, self._analyzer, entries.values()):
                return answerer
        return None

    def _built(self, entries: Mapping[str, Entry]) -> Answerer:
        if not self._open:
            return Answerer(self._analyzer, entries.values())
        before = next(reversed(self._open.values()))
        old = {e.id: e for e in before.entries}
        return before.replaced([e for e in entries.values() if old.get(e.id) != e], old.keys() - entries.keys())


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all. A failure only costs the next start its seconds."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError:
        return
