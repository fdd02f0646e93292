"""Changing the knowledge base: a draft, a gate of regression questions, a version that goes live, and the way back."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bot.engine.analysis import in_thread
from domain.clock import Clock
from domain.effects import LedgerEvent
from domain.errors import Conflict, SangdamError
from domain.knowledge import Decision, DecisionKind, Entry
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.files import decode, load_dir, load_texts, parse
from storage.knowledge import DRAFT, KnowledgeVersions
from storage.ledger import record
from storage.opening import Storage
from storage.times import to_us


class PublishRefused(SangdamError):
    """The gate found questions that were answered rightly and would not be; the report names them."""

    def __init__(self, report: "GateReport") -> None:
        self.report = report
        super().__init__(f"{len(report.broken)} question(s) that were right would be wrong; mend them or give a reason")


@dataclass(frozen=True, slots=True)
class Asked:
    """One regression question on both versions: the entry each gives it to, None where it is not answered."""

    entry: str
    question: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class GateReport:
    """What a publish would change. live: the version it was judged against, 0 for none.

    broken: right before, wrong after. mended: the other way round. failing: wrong on both, or in a new entry wrong now.
    added, changed, removed: entry ids. asked: how many questions were put.
    """

    live: int
    asked: int
    broken: tuple[Asked, ...]
    mended: tuple[Asked, ...]
    failing: tuple[Asked, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Publishing:
    """What an admin does with the knowledge base. Heavy work runs outside the event loop."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage, self._clock = storage, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gate")
        self._analyzer: Analyzer | None = None

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def _versions(self) -> KnowledgeVersions:
        return self._storage.knowledge

    async def import_folder(self, folder: Path, *, merge: bool) -> int:
        """Make the draft what the folder holds; with merge its other entries stay. All or nothing.

        Raises ContentError with file, line and reason.
        """
        texts = await in_thread(self._thread, _read_folder, folder)
        if merge:
            standing = await self._draft()
            load_texts((f"{i}.md", t.encode()) for i, t in sorted((standing | texts).items()))
        await self._versions.replace_draft(texts, keep_others=merge)
        return len(texts)

    async def export_folder(self, folder: Path, version: int | None) -> int:
        """Write a version's entries (default: the live one) as <id>.md, byte for byte as they came in."""
        if version is None:
            live = await self._versions.latest()
            version = live.version if live else DRAFT
        texts = await self._versions.texts(version)
        if not texts:
            raise SangdamError(f"there is no version {version}; see `sangdam kb history`")
        await in_thread(self._thread, _write_folder, folder, texts)
        return len(texts)

    async def check(self) -> GateReport:
        """Put every regression question to the live version and to the draft."""
        live = await self._versions.latest()
        before = await self._versions.texts(live.version) if live else {}
        return await in_thread(self._thread, self._judge, live.version if live else 0, before, await self._draft())

    async def publish(self, *, by: str, note: str, override: str = "") -> tuple[int, GateReport]:
        """Publish the draft. Raises PublishRefused unless `override` gives a reason.

        The reason goes to the version's note and, as a digest, to the ledger.

        Raises Conflict when another version went live meanwhile, or the draft is what is live already.
        """
        report = await self.check()
        if not (report.added or report.changed or report.removed):
            raise Conflict("the draft is what is live already; import a change first")
        if report.broken and not override:
            raise PublishRefused(report)
        if report.broken:
            note = f"{note} (질문 {len(report.broken)}개가 틀리게 되어도 게시한 이유: {override})".strip()
        now = to_us(self._clock())
        version = await self._versions.publish(await self._draft(), after=report.live, by=by, note=note, now=now)
        events = [LedgerEvent("rights", "kb.published", f"kb/{version}/{by}")]
        if report.broken:
            digest = hashlib.sha256(override.encode()).hexdigest()
            events.append(LedgerEvent("rights", "kb.gate_overridden", f"kb/{version}/{by}", digest))
        await self._storage.database.run(record(events, self._storage.hashes, now))
        return version, report

    async def rollback(self, version: int, *, by: str) -> int:
        """Publish what an older version held as a new version; the draft follows."""
        texts = await self._versions.texts(version)
        live = await self._versions.latest()
        if not texts or version == DRAFT or live is None:
            raise SangdamError(f"there is no version {version}; see `sangdam kb history`")
        now = to_us(self._clock())
        made = await self._versions.publish(
            texts, after=live.version, by=by, note=f"{version}판으로 되돌림", now=now, draft=True
        )
        event = LedgerEvent("rights", "kb.rolled_back", f"kb/{made}/{by}/{version}")
        await self._storage.database.run(record([event], self._storage.hashes, now))
        return made

    def _judge(self, live: int, before: Mapping[str, str], draft: Mapping[str, str]) -> GateReport:
        if self._analyzer is None:
            self._analyzer = Analyzer()
        return judge(self._analyzer, live, before, draft)

    async def _draft(self) -> dict[str, str]:
        return await self._versions.texts(DRAFT)


def _read_folder(folder: Path) -> dict[str, str]:
    entries = load_dir(folder)
    paths = sorted(p for p in folder.rglob("*.md") if p.is_file())
    texts = [decode(str(path), path.read_bytes()) for path in paths]
    return {entry.id: text for entry, text in zip(entries, texts, strict=True)}


def _write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry, text in texts.items():
        (folder / f"{entry}.md").write_bytes(text.encode())


def judge(analyzer: Analyzer, live: int, before: Mapping[str, str], draft: Mapping[str, str]) -> GateReport:
    """Put the regression questions of the draft to both versions (Markdown text by entry id)."""
    old, new = _entries(before), _entries(draft)
    was, would = Answerer(analyzer, old.values()), Answerer(analyzer, new.values())
    broken, mended, failing = [], [], []
    asked = 0
    for entry in new.values():
        for question in entry.questions:
            asked += 1
            result = Asked(entry.id, question, _given(was.decide(question)), _given(would.decide(question)))
            in_both = entry.id in old
            if in_both and result.before == entry.id != result.after:
                broken.append(result)
            elif in_both and result.after == entry.id != result.before:
                mended.append(result)
            elif result.after != entry.id:
                failing.append(result)
    return GateReport(
        live=live,
        asked=asked,
        broken=tuple(broken),
        mended=tuple(mended),
        failing=tuple(failing),
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(i for i in new.keys() & old.keys() if before[i] != draft[i])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


def _entries(texts: Mapping[str, str]) -> dict[str, Entry]:
    return {entry_id: parse(f"{entry_id}.md", text) for entry_id, text in texts.items()}


def _given(decisions: tuple[Decision, ...]) -> str | None:
    """The entry a question is given to, also as the first of the choices offered."""
    decision = decisions[0]
    if decision.kind is DecisionKind.CLARIFY and decision.candidates:
        return decision.candidates[0].entry
    return decision.entry
