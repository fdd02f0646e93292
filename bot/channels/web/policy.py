"""The policy as published: every version's quoted entries by document and clause."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.deadlines import SEOUL
from domain.knowledge import Entry
from handlers.library import Library
from knowledge.shelf import parsed
from storage.knowledge import KbVersion, KnowledgeVersions

_KEPT = 8  # versions in memory
_PREAMBLE = "머리말"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or the items of a list."""

    lines: tuple[str, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class ClauseText:
    """One entry that quotes something, as a reader sees it. dated: the entry itself names the day in `effective`."""

    entry: str
    title: str
    document: str
    clause: str
    effective: date
    dated: bool
    blocks: tuple[Block, ...]
    body: str


@dataclass(frozen=True, slots=True)
class PolicyEdition:
    """One published version. documents: the one with most clauses, the shop's own, first."""

    version: int
    published: date
    documents: tuple[tuple[str, tuple[ClauseText, ...]], ...]
    clauses: Mapping[str, ClauseText]


class PolicyShelf:
    """Published versions never change, so the last few that were asked for stay in memory."""

    def __init__(self, versions: KnowledgeVersions) -> None:
        self._versions = versions
        self._kept: dict[int, PolicyEdition] = {}

    async def history(self) -> list[KbVersion]:
        """Newest first; empty until the first version is published."""
        return await self._versions.history()

    async def edition(self, version: KbVersion) -> PolicyEdition:
        number = version.version
        if number not in self._kept:
            texts = await self._versions.texts(number)
            self._kept[number] = await asyncio.to_thread(_edition, version, texts)
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return self._kept[number]


def _edition(version: KbVersion, texts: Mapping[str, str]) -> PolicyEdition:
    entries = parsed(texts)
    published = version.published_at.astimezone(SEOUL).date()
    library = Library(version.version, published, entries)
    clauses = [clause for entry in entries.values() if (clause := _clause(library, entry)) is not None]
    by_document: dict[str, list[ClauseText]] = defaultdict(list)
    for clause in sorted(clauses, key=lambda c: (_reading_order(c.clause), c.title)):
        by_document[clause.document].append(clause)
    documents = sorted(by_document.items(), key=lambda item: (-len(item[1]), item[0]))
    return PolicyEdition(
        version.version,
        published,
        tuple((document, tuple(its)) for document, its in documents),
        {clause.entry: clause for clause in clauses},
    )


def _clause(library: Library, entry: Entry) -> ClauseText | None:
    cited = library.citation(entry)
    if cited is None:
        return None
    body = entry.body.strip()
    dated = entry.effective is not None
    return ClauseText(entry.id, entry.title, cited.document, cited.clause, cited.effective, dated, blocks(body), body)


def blocks(body: str) -> tuple[Block, ...]:
    """Paragraphs and lists of an entry's text; a list is lines that begin with "- "."""
    found: list[Block] = []
    for lines in (part.splitlines() for part in re.split(r"\n\s*\n", body)):
        for line in lines:
            is_list = line.startswith(("- ", "• "))
            text = line[2:].strip() if is_list else line.strip()
            if is_list and found and found[-1].is_list:
                found[-1] = Block((*found[-1].lines, text), True)
            elif text:
                found.append(Block((text,), is_list))
    return tuple(found)


def _reading_order(clause: str) -> tuple[bool, list[tuple[bool, int, str]]]:
    """The preamble first, numbers by their value and before words: 제35조, 제35조의2, 제100조."""
    parts = re.findall(r"\d+|[^\W\d_]+", clause)
    return clause != _PREAMBLE, [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in parts]
