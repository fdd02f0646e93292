"""Changing the draft of the knowledge base: the one way for the desk, for messengers and for the command line."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.engine.draft import Book, DraftKeeper
from domain.clock import Clock
from domain.deadlines import SEOUL
from domain.editing import DraftEntry, DraftRow, Edit, EditConflict, EditRefused, EntryState, check_admin
from domain.gaps import Settling
from domain.knowledge import Entry, EntryKind
from domain.messages import Outgoing
from domain.staff import Staff
from handlers.catalogue import Texts
from handlers.library import Library
from handlers.questions import entry_message
from knowledge.changes import Differing, EntryChange, compare, differing
from knowledge.files import Claims, check_new, decode, load_dir, parse
from knowledge.model import DOCUMENT
from storage.drafts import Change, DraftMoved
from storage.kb_rows import DRAFT, hash_of
from storage.opening import Storage
from storage.times import to_us

Planner = Callable[["Book"], Awaitable["Plan"]]
_TRIES = 5  # changes by other processes that one of ours gives way to
_HISTORY = 100  # edits of one entry that are shown
_NO_STATES: frozenset[EntryState] = frozenset()
_NO_KINDS: frozenset[EntryKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step makes of the draft: changes, the texts they bring, and those parsed, by entry id."""

    changes: tuple[Change, ...] = ()
    texts: tuple[str, ...] = ()
    entries: Mapping[str, Entry] | None = None


class Editing:
    """Every method asks for an admin (EditRefused for anybody else). Errors change nothing; every change is kept in the
    history with who made it."""

    def __init__(self, storage: Storage, keeper: DraftKeeper, texts: Texts, clock: Clock) -> None:
        self._storage, self._keeper, self._texts, self._clock = storage, keeper, texts, clock

    async def rows(
        self,
        actor: Staff,
        words: str = "",
        states: frozenset[EntryState] = _NO_STATES,
        kinds: frozenset[EntryKind] = _NO_KINDS,
    ) -> list[DraftRow]:
        """The draft beside the live version in the order of ids; removed entries are in it. words: all of them must be
        in an entry's id, title, aliases or body. No states or kinds: any."""
        check_admin(actor)
        book = await self._keeper.now()
        return await asyncio.to_thread(book.rows, words, states, kinds)

    async def entry(self, actor: Staff, entry: str) -> DraftEntry:
        """Raises EditRefused when neither the draft nor the live version has it."""
        check_admin(actor)
        return await self._entry(await self._keeper.now(), entry)

    async def save(
        self, actor: Staff, text: str, *, entry: str | None, based_on: str, settling: Settling | None = None
    ) -> DraftEntry:
        """Put a text in the draft: as a new entry, or instead of `entry` whose etag was `based_on`. Another id in the
        text renames it. The same text again changes nothing. settling: gaps that are settled in the same step.

        Raises ContentError (line and reason), EditConflict when the entry is not the one of `based_on` any more,
        GapsSettled when none of the gaps is open any more.
        """
        check_admin(actor)
        path = f"{entry or '새 항목'}.md"
        new = _readable(path, text)
        hashed = hash_of(text)

        async def plan(book: Book) -> Plan:
            standing = book.draft.get(new.id, "")
            if standing == hashed and (entry in (None, new.id) or entry not in book.draft):
                return Plan()  # a request that came twice
            if entry is not None:
                await self._check_etag(book, entry, based_on)
            self._keeper.claims.check(path, new, text, instead_of=entry or "")
            renamed = entry if entry != new.id and entry in book.draft else None
            gone = (Change(renamed, book.draft[renamed], ""),) if renamed else ()
            return Plan((*gone, Change(new.id, standing, hashed)), (text,), {new.id: new})

        await self._change(actor, plan, settling)
        return await self.entry(actor, new.id)

    async def remove(self, actor: Staff, entry: str, *, based_on: str) -> None:
        """Take an entry out of the draft; one that is out already stays so. Raises EditConflict."""
        check_admin(actor)

        async def plan(book: Book) -> Plan:
            if entry not in book.draft:
                return Plan()
            await self._check_etag(book, entry, based_on)
            return Plan((Change(entry, book.draft[entry], ""),))

        await self._change(actor, plan)

    async def revert(self, actor: Staff, entry: str, *, based_on: str | None = None) -> DraftEntry | None:
        """Make the draft's entry what is live; None when it is not live and so is gone. based_on None: whatever the
        draft holds. Raises EditConflict, ContentError when another entry of the draft has one of its aliases by now."""
        check_admin(actor)

        async def plan(book: Book) -> Plan:
            standing, live = book.draft.get(entry, ""), book.published.get(entry, "")
            if standing == live:
                return Plan()
            if based_on is not None:
                await self._check_etag(book, entry, based_on)
            if not live:
                return Plan((Change(entry, standing, ""),))
            text = (await self._storage.knowledge.texts_of([live]))[live]
            old = parse(f"{entry}.md", text)
            self._keeper.claims.check(f"{entry}.md", old, text, instead_of=entry)
            return Plan((Change(entry, standing, live),), (), {entry: old})

        await self._change(actor, plan)
        book = await self._keeper.now()
        return await self._entry(book, entry) if entry in book.draft else None

    async def put_in(
        self,
        actor: Staff,
        files: Mapping[str, str],
        *,
        merge: bool,
        only_new: bool = False,
        based_on: Mapping[str, str] | None = None,
    ) -> Differing:
        """Make the draft what the texts hold (by path, which only names them in errors); with merge its other entries
        stay. All or nothing. What it changed.

        only_new: an id that the draft has is an error. based_on: etags, by entry id, of what the texts were made for.
        Raises ContentError with path, line and reason, EditConflict.
        """
        check_admin(actor)
        entries = {path: _readable(path, text) for path, text in files.items()}
        after = {entry.id: hash_of(files[path]) for path, entry in entries.items()}
        found = differing({}, {})

        async def plan(book: Book) -> Plan:
            nonlocal found
            for entry, etag in (based_on or {}).items():
                await self._check_etag(book, entry, etag)
            stay = {i: e for i, e in book.entries.items() if merge and (only_new or i not in after)}
            await asyncio.to_thread(_check_together, entries, files, stay)
            model = {i: h for i, h in book.draft.items() if i == DOCUMENT}
            found = differing(book.draft, {i: book.draft[i] for i in stay} | after | model)
            changes = tuple(Change(i, book.draft.get(i, ""), after.get(i, "")) for i in found.ids)
            return Plan(changes, tuple(files.values()), {e.id: e for e in entries.values()})

        await self._change(actor, plan)
        return found

    async def put_model(self, actor: Staff, text: str) -> None:
        """Decide by this model (JSON, see knowledge.model) from the next version on; "": by the program's own."""
        check_admin(actor)

        async def plan(book: Book) -> Plan:
            before, after = book.draft.get(DOCUMENT, ""), hash_of(text) if text else ""
            if before == after:
                return Plan()
            return Plan((Change(DOCUMENT, before, after),), (text,) if text else ())

        await self._change(actor, plan)

    async def import_folder(self, actor: Staff, folder: Path, *, merge: bool) -> int:
        """put_in of every *.md below a folder; how many there are."""
        check_admin(actor)
        files = await asyncio.to_thread(_read_folder, folder)
        await self.put_in(actor, files, merge=merge)
        return len(files)

    async def diff(self, actor: Staff, before: int, after: int = DRAFT) -> tuple[EntryChange, ...]:
        """What makes version `after` of version `before`; DRAFT is the draft, 0. Raises EditRefused."""
        check_admin(actor)
        old, new = await self._hashes(before), await self._hashes(after)
        ids = differing(old, new).ids
        wanted = [h for i in ids for h in (old.get(i), new.get(i)) if h]
        texts = await self._storage.knowledge.texts_of(wanted)
        return await asyncio.to_thread(
            compare,
            {i: texts[old[i]] for i in ids if i in old},
            {i: texts[new[i]] for i in ids if i in new},
        )

    async def wordings(self, actor: Staff, edits: Sequence[Edit]) -> dict[str, str]:
        """The texts before and after these changes, by hash."""
        check_admin(actor)
        return dict(await self._storage.knowledge.texts_of([h for e in edits for h in (e.before, e.after) if h]))

    async def preview(self, actor: Staff, text: str) -> Outgoing:
        """What a customer would read once this text is published. Raises ContentError."""
        check_admin(actor)
        entry = parse("미리 보기", text)
        book = await self._keeper.now()
        library = Library(book.live + 1, self._clock().astimezone(SEOUL).date(), {**book.entries, entry.id: entry})
        return entry_message(entry, library, self._texts)

    async def _entry(self, book: Book, entry: str) -> DraftEntry:
        state = book.state(entry)
        if state is None:
            raise EditRefused(f"'{entry}' 항목이 없습니다.")
        draft, live = book.draft.get(entry, ""), book.published.get(entry, "")
        texts = await self._storage.knowledge.texts_of([h for h in (draft, live) if h])
        parsed = book.entries.get(entry) or book.gone[entry]
        edits = await self._storage.drafts.edits(entry, _HISTORY)
        return DraftEntry(entry, state, texts.get(draft, ""), draft, texts.get(live, ""), parsed, tuple(edits))

    async def _change(self, actor: Staff, plan: Planner, settling: Settling | None = None) -> None:
        """Plan on the draft of now and write it; again when another process was first."""
        async with self._keeper.turn:
            for tries_left in reversed(range(_TRIES)):
                book = await self._keeper.now()
                planned = await plan(book)
                now = to_us(self._clock())
                if not planned.changes:
                    if settling is not None:
                        await self._storage.gaps.settle(settling, by=actor.name, now=now)
                    return
                try:
                    edits = await self._storage.drafts.change(
                        planned.changes,
                        planned.texts,
                        revision=book.revision,
                        by=actor.name,
                        now=now,
                        settling=settling,
                    )
                except DraftMoved:
                    if not tries_left:
                        raise
                else:
                    self._keeper.put(edits, planned.entries or {})
                    return

    async def _check_etag(self, book: Book, entry: str, based_on: str) -> None:
        standing = book.draft.get(entry, "")
        if standing == based_on:
            return
        texts = await self._storage.knowledge.texts_of([standing] if standing else [])
        last = await self._storage.drafts.edits(entry, 1)
        by, at = (last[0].by, last[0].at) if last else ("", None)
        raise EditConflict(entry, by, at, texts.get(standing, ""), standing)

    async def _hashes(self, version: int) -> dict[str, str]:
        hashes = await self._storage.knowledge.hashes(version)
        if not hashes and version != DRAFT:
            raise no_version(version)
        return hashes


def no_version(version: int) -> EditRefused:
    return EditRefused(f"제{version}판이 없습니다. 게시된 판은 `sangdam kb history`에서 볼 수 있습니다.")


def _readable(path: str, text: str) -> Entry:
    entry = parse(path, text)
    check_new(path, entry, text)
    return entry


def _check_together(entries: Mapping[str, Entry], texts: Mapping[str, str], stay: Mapping[str, Entry]) -> None:
    claims = Claims()
    for entry_id, entry in stay.items():
        claims.add(f"{entry_id}.md", entry)
    for path, entry in entries.items():
        claims.check(path, entry, texts[path])
        claims.add(path, entry)


def _read_folder(folder: Path) -> dict[str, str]:
    load_dir(folder)
    paths = sorted(p for p in folder.rglob("*.md") if p.is_file())
    return {str(path): decode(str(path), path.read_bytes()) for path in paths}
