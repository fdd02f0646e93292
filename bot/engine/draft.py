"""The draft beside the live version as one process sees it: read whole once, then only what changed."""

import asyncio
import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.engine.workbench import Candidate
from domain.editing import DraftRow, Edit, EntryState
from domain.knowledge import Entry, EntryKind
from knowledge.files import Claims
from knowledge.model import DOCUMENT
from knowledge.shelf import parsed
from storage.opening import Storage


@dataclass(frozen=True, slots=True)
class Book:
    """revision: of the draft; live: the live version, 0 for none. draft, published: hash of the text by entry id.
    entries: the draft's; gone: live ones that the draft has not; parsed: all of them by hash. edited: the newest change
    by entry id. A model is among the hashes, and no entry."""

    revision: int = -1
    live: int = 0
    draft: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)
    gone: Mapping[str, Entry] = field(default_factory=dict)
    parsed: Mapping[str, Entry] = field(default_factory=dict)
    edited: Mapping[str, Edit] = field(default_factory=dict)

    def state(self, entry: str) -> EntryState | None:
        """How the entry stands to the live version; None when neither has it."""
        draft, published = self.draft.get(entry), self.published.get(entry)
        if draft is None:
            return None if published is None else EntryState.REMOVED
        if published is None:
            return EntryState.ADDED
        return EntryState.UNCHANGED if draft == published else EntryState.CHANGED

    def rows(self, words: str, states: frozenset[EntryState], kinds: frozenset[EntryKind]) -> list[DraftRow]:
        """The list in the order of ids, narrowed down."""
        wanted = unicodedata.normalize("NFC", words).casefold().split()
        found = []
        for entry_id in sorted(self.entries.keys() | self.gone.keys()):
            state = self.state(entry_id)
            entry = self.entries.get(entry_id) or self.gone[entry_id]
            fits = (not states or state in states) and (not kinds or entry.kind in kinds)
            if state and fits and all(word in _searched(entry) for word in wanted):
                found.append(DraftRow(entry, state, self.edited.get(entry_id)))
        return found

    def differing(self) -> dict[str, str]:
        """Hash of the live text ("" for none) of every entry that differs from the live version."""
        ids = self.draft.keys() | self.published.keys()
        return {i: self.published.get(i, "") for i in ids if self.draft.get(i) != self.published.get(i)}


class DraftKeeper:
    """Gives the draft of now. `turn` is held by whoever changes it, so that this process's changes do not race."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._book = Book()
        self._refreshing = asyncio.Lock()
        self.claims = Claims()
        self.turn = asyncio.Lock()

    async def now(self) -> Book:
        """The draft and the live version as they stand; reads only what changed since the last look."""
        async with self._refreshing:
            live = await self._storage.knowledge.latest()
            version = live.version if live else 0
            if version != self._book.live:
                published = await self._storage.knowledge.hashes(version) if version else {}
                self._book = replace(self._book, live=version, published=published, revision=-1)
            if await self._storage.drafts.revision() != self._book.revision:
                await self._read()
            return self._book

    def put(self, edits: list[Edit], entries: Mapping[str, Entry]) -> None:
        """What this process has just written itself: the next revision. entries: by id, those the edits bring."""
        book = self._book
        # What is gone is shown as it is live, which may have to be read, as is a model.
        if any(not edit.after or edit.entry not in entries for edit in edits):
            self._book = replace(book, revision=-1)
            return
        for edit in edits:
            if old := book.entries.get(edit.entry):
                self.claims.drop(old)
        for entry_id, entry in entries.items():
            self.claims.add(f"{entry_id}.md", entry)
        draft = {**book.draft, **{e.entry: e.after for e in edits}}
        self._book = replace(
            book,
            revision=book.revision + 1,
            draft=draft,
            entries={**book.entries, **entries},
            gone={i: e for i, e in book.gone.items() if i not in draft},
            parsed={**book.parsed, **{e.after: entries[e.entry] for e in edits}},
            edited={**book.edited, **{e.entry: e for e in edits}},
        )

    async def _read(self) -> None:
        book, state = self._book, await self._storage.drafts.state()
        last = max((e.id for e in book.edited.values()), default=0)
        edited = {**book.edited, **await self._storage.drafts.last_edits(last)}
        held = {i: h for i, h in state.hashes.items() if i != DOCUMENT}
        gone = {i: h for i, h in book.published.items() if i not in state.hashes and i != DOCUMENT}
        shown = {i: h for i, h in {**held, **gone}.items() if h not in book.parsed}
        texts = await self._storage.knowledge.texts_of(shown.values())
        found = await asyncio.to_thread(parsed, {i: texts[h] for i, h in shown.items()})
        by_hash = {**book.parsed, **{shown[i]: entry for i, entry in found.items()}}
        entries = {i: by_hash[h] for i, h in held.items()}
        self.claims = await asyncio.to_thread(_claims, entries)
        wanted = {*held.values(), *gone.values()}
        self._book = replace(
            book,
            revision=state.revision,
            draft=state.hashes,
            entries=entries,
            gone={i: by_hash[h] for i, h in gone.items()},
            parsed={h: entry for h, entry in by_hash.items() if h in wanted},
            edited=edited,
        )


async def candidate_of(hashes: Mapping[str, str], unsaved: Mapping[str, str] | None = None) -> Candidate:
    """A version to try. unsaved: texts by hash that no storage has."""
    return Candidate(await asyncio.to_thread(digest_of, hashes), hashes, unsaved or {})


def digest_of(hashes: Mapping[str, str]) -> str:
    """Tells a whole version by its content."""
    lines = "\n".join(f"{entry} {hashes[entry]}" for entry in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


def _claims(entries: Mapping[str, Entry]) -> Claims:
    claims = Claims()
    for entry_id, entry in entries.items():
        claims.add(f"{entry_id}.md", entry)
    return claims


def _searched(entry: Entry) -> str:
    return "\n".join((entry.id, entry.title, *entry.aliases, entry.body)).casefold()
