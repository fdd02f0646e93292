"""The versions of a knowledge base that are open in this process, ready to decide."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from domain.knowledge import Decision, Entry
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.files import parse
from knowledge.model import DOCUMENT, Model, model_of
from knowledge.packed import pack, unpack
from knowledge.vectors import Gathering, TextVectors, Vectors

_OPEN = 2  # the live version, and the one before it for messages that are being decided
Question = tuple[str, str | None]  # text, and the customer's question before it


class Shelf:
    """Safe to use from several threads; versions are opened by one of them."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._open: dict[int, Answerer] = {}
        self._whole: set[int] = set()
        self._vectors: Vectors | None = None  # the last that were whole: the next version's are nearly the same
        self._gathering: tuple[int, Gathering] | None = None

    def open(self, version: int, texts: Mapping[str, str], kept: Sequence[Path]) -> dict[str, Entry]:
        """Make a version ready, and give its entries.

        texts: Markdown by entry id, and the version's own model where it has one. kept: files that may hold what was
        built for these very texts; when none does, the version is built anew, which takes seconds, and the first file
        is written.
        """
        entries, model = parsed(texts), model_of(texts)
        answerer = self._unpacked(kept, entries, model)
        if answerer is None:
            answerer = Answerer(self._analyzer, entries.values(), model)
            if kept:
                _write(kept[0], pack(answerer))
        self._put(version, answerer)
        return entries

    def change(self, version: int, base: int, texts: Mapping[str, str], removed: Collection[str]) -> dict[str, Entry]:
        """Make a version ready that is `base` with these texts put in and these ids gone; gives the entries put in.

        Costs what the touched entries cost. KeyError when the base is not open any more.
        """
        entries = parsed(texts)
        self._put(version, changed(self._open[base], entries.values(), texts, removed))
        return entries

    def keep(self, version: int, path: Path) -> None:
        """Write what was built for a version, for the next start; not when it is not open any more."""
        if answerer := self._open.get(version):
            _write(path, pack(answerer))

    def decide(
        self, version: int, questions: Sequence[Question], vectors: TextVectors | None = None
    ) -> list[tuple[Decision, ...]]:
        """Decisions for each question, by an open version. KeyError when it is not open any more. vectors: of texts
        that `split.texts_asked` names; they count once all of the version's own are given."""
        return self._open[version].decide_many(questions, vectors)

    def lacking(self, version: int) -> dict[str, str]:
        """Texts of a version that have no vector yet, by hash; none of one that is not open any more."""
        if version in self._whole or version not in self._open:
            return {}
        if self._gathering is None or self._gathering[0] != version:
            answerer = self._open[version]
            ordered = [answerer.entry(i) for i in answerer.index.ids]
            self._gathering = version, Gathering(ordered, self._vectors.rows() if self._vectors else {})
            self._use_vectors(version)
        return self._gathering[1].lacking() if self._gathering else {}

    def give(self, version: int, vectors: Mapping[str, bytes]) -> None:
        """Vectors of texts that `lacking` named, by hash. Raises ValueError when they are not of one length."""
        if self._gathering and self._gathering[0] == version:
            self._gathering[1].give(vectors)
            self._use_vectors(version)

    def _use_vectors(self, version: int) -> None:
        """From now on, if they are all there."""
        if self._gathering and version in self._open and (whole := self._gathering[1].whole()):
            self._open = self._open | {version: self._open[version].with_vectors(whole)}
            self._whole = {v for v in self._whole if v in self._open} | {version}
            self._vectors, self._gathering = whole, None

    def _put(self, version: int, answerer: Answerer) -> None:
        others = [(v, a) for v, a in self._open.items() if v != version]
        self._open = dict([*others, (version, answerer)][-_OPEN:])
        self._whole.discard(version)
        self._gathering = None

    def _unpacked(self, kept: Sequence[Path], entries: Mapping[str, Entry], model: Model) -> Answerer | None:
        for path in kept:
            try:
                data = path.read_bytes()
            except OSError:
                continue
            if answerer := unpack(data, self._analyzer, entries.values(), model):
                return answerer
        return None


def parsed(texts: Mapping[str, str]) -> dict[str, Entry]:
    """Entries by id of Markdown by id. A model among the texts is passed over."""
    return {entry_id: parse(f"{entry_id}.md", text) for entry_id, text in texts.items() if entry_id != DOCUMENT}


def changed(base: Answerer, entries: Iterable[Entry], texts: Mapping[str, str], removed: Collection[str]) -> Answerer:
    """The next version's answerer: these entries put in, these ids gone, and another model if that is among them."""
    answerer = base.replaced(entries, removed)
    if DOCUMENT in texts or DOCUMENT in removed:
        return answerer.with_model(model_of(texts))
    return answerer


def _write(path: Path, data: bytes) -> None:
    """Write whole or not at all. A failure only costs the next start its seconds."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError:
        return
