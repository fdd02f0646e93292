"""What the knowledge base is missing, as its admins see it: questions of one meaning together, and what to do of them.

Questions are read from the customers' sealed messages each time; only their grouping is kept, and it holds no words.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bot.engine.editing import Editing
from bot.engine.workbench import Trials
from domain.clock import Clock
from domain.editing import DraftEntry, EditConflict, EditRefused, check_admin
from domain.effects import LedgerEvent
from domain.gaps import Gap, GapGroup, GapKey, GapKind, GapsSettled, GapView, Settling
from domain.knowledge import Entry, EntryKind
from domain.staff import ACCESS_CHAIN, Staff
from handlers.entrance import TEXT_LIMIT
from knowledge.files import alias_key, dump, parse
from knowledge.split import parts_of
from knowledge.text import normalise
from storage.gaps import SealedGap
from storage.ledger import record
from storage.opening import Storage
from storage.times import to_us

MOST = 5_000  # questions looked at together
LOOK = "gaps.read"  # what the access log calls it
MOST_REASON = 200  # characters
_SLICE = 200  # messages opened in one go, about a millisecond
_ALIASES = 7  # that a new entry begins with: more phrasings add little
_KEPT = 4  # groupings that are remembered
_TRIES = 3  # edits by others that an alias gives way to


class Gaps:
    """Every method asks for an admin (EditRefused for anybody else). Steps settle the questions they take care of in
    the transaction that changes the draft; GapsSettled when somebody was first. The same step again changes nothing."""

    def __init__(self, storage: Storage, editing: Editing, trials: Trials, clock: Clock) -> None:
        self._storage, self._editing, self._trials, self._clock = storage, editing, trials, clock
        self._grouped: OrderedDict[tuple[GapKey, ...], list[tuple[int, ...]]] = OrderedDict()

    async def groups(
        self, actor: Staff, place: str, *, kinds: Collection[GapKind] = (), since: datetime | None = None
    ) -> GapView:
        """What is open, of these kinds (none: all), most asked first. Written down as a look at customers' words.

        place: the network address of the one who looks, or "command line". Raises AnalysisGone.
        """
        check_admin(actor)
        await self._write_down(actor, place)
        sealed = await self._storage.gaps.open(kinds, since, MOST + 1)
        more, sealed = len(sealed) > MOST, sealed[:MOST]
        gaps = await self._opened(sealed)
        grouped = await self._group(gaps)
        groups = [_group_of([gaps[n] for n in places]) for places in grouped]
        groups.sort(key=lambda g: (len(g.gaps), g.newest, g.id), reverse=True)
        return GapView(tuple(groups), len(gaps), more)

    async def make_alias(self, actor: Staff, keys: Sequence[GapKey], entry: str, texts: Sequence[str]) -> DraftEntry:
        """Add texts to the draft entry's other ways to ask. Raises EditRefused, ContentError, EditConflict."""
        return await self._add(actor, keys, "aliases", entry, texts)

    async def make_question(self, actor: Staff, keys: Sequence[GapKey], entry: str, texts: Sequence[str]) -> DraftEntry:
        """Add texts to the draft entry's regression questions. Raises as make_alias does."""
        return await self._add(actor, keys, "questions", entry, texts)

    async def make_draft(self, actor: Staff, keys: Sequence[GapKey], text: str) -> DraftEntry:
        """Put a new entry (Markdown, such as `proposed` gives with a body) in the draft.

        Raises EditRefused, ContentError, which is also for an id or an alias that the draft has already.
        """
        check_admin(actor)
        settling = Settling(tuple(keys), f"draft:{parse('새 항목.md', text).id}")
        if await self._done_before(actor, settling):
            return await self._editing.entry(actor, settling.how.partition(":")[2])
        return await self._editing.save(actor, text, entry=None, based_on="", settling=settling)

    async def dismiss(self, actor: Staff, keys: Sequence[GapKey], reason: str) -> None:
        """Leave the questions as they are, for a reason."""
        check_admin(actor)
        reason = " ".join(reason.split())
        if not 0 < len(reason) <= MOST_REASON:
            raise EditRefused(f"제외하는 이유를 {MOST_REASON}자 이내로 적어 주세요.")
        settling = Settling(tuple(keys), f"dismissed:{reason}")
        if not await self._done_before(actor, settling):
            await self._storage.gaps.settle(settling, by=actor.name, now=to_us(self._clock()))

    async def _add(
        self, actor: Staff, keys: Sequence[GapKey], field: str, entry: str, texts: Sequence[str]
    ) -> DraftEntry:
        check_admin(actor)
        wanted = [" ".join(text.split()) for text in texts]
        if not all(wanted) or not wanted:
            raise EditRefused("더할 질문을 적어 주세요.")
        settling = Settling(tuple(keys), f"{_STEPS[field]}:{entry}")
        if await self._done_before(actor, settling):
            return await self._editing.entry(actor, entry)
        for tries_left in reversed(range(_TRIES)):
            standing = await self._editing.entry(actor, entry)
            if not standing.text:
                raise EditRefused(f"'{entry}' 항목은 초안에서 삭제되었습니다. 먼저 되돌려 주세요.")
            has: tuple[str, ...] = getattr(standing.entry, field)
            added = [t for t in dict.fromkeys(wanted) if _key(t) not in {_key(h) for h in has}]
            text = dump(_with(standing.entry, field, (*has, *added))) if added else standing.text
            try:
                return await self._editing.save(actor, text, entry=entry, based_on=standing.etag, settling=settling)
            except EditConflict:
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    async def _done_before(self, actor: Staff, settling: Settling) -> bool:
        """Whether this very step was taken already: a request that came twice. Raises GapsSettled for another step."""
        if not settling.keys:
            raise EditRefused("처리할 질문을 골라 주세요.")
        settled = await self._storage.gaps.settled(settling.keys)
        if len(settled) < len(set(settling.keys)):
            return False
        if set(settled.values()) == {(actor.name, settling.how)}:
            return True
        raise GapsSettled

    async def _opened(self, sealed: Sequence[SealedGap]) -> list[Gap]:
        """With their words, oldest first; without those that have none any more."""
        found: list[Gap] = []
        for start in range(0, len(sealed), _SLICE):
            found += await asyncio.to_thread(self._open_some, sealed[start : start + _SLICE])
        return sorted(found, key=lambda gap: (gap.at, gap.key))

    def _open_some(self, sealed: Sequence[SealedGap]) -> list[Gap]:
        texts = self._storage.gaps.texts(sealed)
        gaps = [
            Gap(s.key, s.kind, s.entry, s.version, s.at, s.customer_id, words_of(text, s.key.part))
            for s, text in zip(sealed, texts, strict=True)
        ]
        return [gap for gap in gaps if gap.text]

    async def _group(self, gaps: Sequence[Gap]) -> list[tuple[int, ...]]:
        known = tuple(gap.key for gap in gaps)
        if known not in self._grouped:
            self._grouped[known] = await self._trials.group([gap.text for gap in gaps]) if gaps else []
            while len(self._grouped) > _KEPT:
                self._grouped.popitem(last=False)
        return self._grouped[known]

    async def _write_down(self, actor: Staff, place: str) -> None:
        if actor.id:
            await self._storage.access_log.add(actor.id, place, LOOK)
        else:  # the command line, where there are no accounts yet
            event = LedgerEvent(ACCESS_CHAIN, LOOK, f"system/{actor.name}")
            await self._storage.database.run(record([event], self._storage.hashes, to_us(self._clock())))


_STEPS = {"aliases": "alias", "questions": "question"}


def words_of(message: str, part: int) -> str:
    """The words of one question of a message; part as in domain.gaps.QuestionPlace."""
    read = message[:TEXT_LIMIT]
    parts = parts_of(read)
    return parts[part - 1] if 0 < part <= len(parts) else read.strip()


def proposed(group: GapGroup) -> Entry:
    """A new entry for a group, to be filled in: its questions as aliases, one of them held apart as the regression
    question. The body is empty, and what customers wrote may hold names: an admin reads it over."""
    phrasings = distinct(group)
    question = phrasings[1:2]
    aliases = [text for text in phrasings if text not in question][:_ALIASES]
    title = group.label.strip(" .?!~").split("\n")[0][:60]
    name = f"question-{group.id.replace('.', '-')}"
    return Entry(name, title, EntryKind.ANSWER, "", aliases=tuple(aliases), questions=tuple(question))


def _with(entry: Entry, field: str, values: tuple[str, ...]) -> Entry:
    return replace(entry, aliases=values) if field == "aliases" else replace(entry, questions=values)


def distinct(group: GapGroup) -> list[str]:
    """The group's questions, each once and in one line, most typical first."""
    by_key: dict[str, str] = {}
    for gap in group.gaps:
        line = " ".join(gap.text.split())
        by_key.setdefault(_key(line), line)
    return list(by_key.values())


def _group_of(gaps: Sequence[Gap]) -> GapGroup:
    """gaps: most typical first."""
    times = [gap.at for gap in gaps]
    kinds = Counter(gap.kind for gap in gaps)
    entries = Counter(gap.entry for gap in gaps if gap.entry)
    return GapGroup(
        label=gaps[0].text,
        gaps=tuple(gaps),
        customers=len({gap.customer_id for gap in gaps}),
        kinds={kind: kinds[kind] for kind in GapKind if kinds[kind]},
        entries=dict(sorted(entries.items(), key=lambda item: (-item[1], item[0]))),
        oldest=min(times),
        newest=max(times),
    )


def _key(text: str) -> str:
    return alias_key(normalise(text))
