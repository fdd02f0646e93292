"""What search is compared with: BM25 on plain words, SQLite's FTS5 with trigrams, and bm25s on Kiwi's morphemes.

All get the same texts, a document for each alias and one for title and body, and the
entry of the best document wins.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import bm25s  # type: ignore[import-untyped]
import numpy as np
from kiwipiepy import Kiwi

from domain.knowledge import Entry

_WORDS = re.compile(r"\w+")
_CONTENT = ("N", "V", "MM", "MAG", "XR", "SL", "SN")
_LOOKED_AT = 50  # documents, from which the first three entries are taken
Tokens = Callable[[Sequence[str]], Iterable[list[str]]]


class Rival(Protocol):
    """find: ids of the entries it thinks best, best first."""

    name: str

    def find(self, question: str) -> list[str]: ...


def rivals(entries: Sequence[Entry], kiwi: Kiwi) -> list[Rival]:
    return [
        Bm25("BM25 on words", entries, words),
        Trigrams(entries),
        Bm25("bm25s on Kiwi", entries, morphemes(kiwi)),
    ]


def words(texts: Sequence[str]) -> Iterable[list[str]]:
    return (_WORDS.findall(text.lower()) for text in texts)


def morphemes(kiwi: Kiwi) -> Tokens:
    return lambda texts: (
        [token.form for token in tokens if token.tag.startswith(_CONTENT)] for tokens in kiwi.tokenize(texts)
    )


class Bm25:
    """bm25s as it comes, with the tokens of one's choice."""

    def __init__(self, name: str, entries: Sequence[Entry], tokens: Tokens) -> None:
        self.name, self._tokens = name, tokens
        documents = _documents(entries)
        self._owner = [owner for owner, _ in documents]
        self._index = bm25s.BM25()
        self._index.index([its or [""] for its in tokens([text for _, text in documents])], show_progress=False)

    def find(self, question: str) -> list[str]:
        (its,) = self._tokens([question])
        scores = self._index.get_scores(its or [""])
        count = min(_LOOKED_AT, len(scores))
        best = np.argpartition(-scores, count - 1)[:count]
        return _entries(self._owner[at] for at in best[np.argsort(-scores[best], kind="stable")].tolist())


class Trigrams:
    """SQLite's full-text index over trigrams of letters, ranked by its BM25; any trigram of the question may match."""

    name = "SQLite FTS5 trigram"

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute("CREATE VIRTUAL TABLE documents USING fts5(owner UNINDEXED, text, tokenize='trigram')")
        self._connection.executemany("INSERT INTO documents VALUES (?, ?)", _documents(entries))

    def find(self, question: str) -> list[str]:
        plain = " ".join(*words([question]))
        grams = dict.fromkeys(plain[at : at + 3] for at in range(len(plain) - 2))
        if not grams:
            return []
        query = " OR ".join(f'"{gram}"' for gram in grams)
        rows = self._connection.execute(
            "SELECT owner FROM documents WHERE documents MATCH ? ORDER BY rank LIMIT ?", (query, _LOOKED_AT)
        )
        return _entries(row[0] for row in rows)


def _documents(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    return [(entry.id, text) for entry in entries for text in (*entry.aliases, f"{entry.title}\n{entry.body}")]


def _entries(owners: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(owners))
