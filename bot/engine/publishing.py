"""From draft to version: trying it, the gate, a second pair of eyes, publishing, and the way back."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.engine.draft import Book, DraftKeeper, candidate_of
from bot.engine.editing import no_version
from bot.engine.signals import KNOWLEDGE, Signals
from bot.engine.workbench import Candidate, Trials
from domain.clock import Clock
from domain.editing import EditRefused, Review, ReviewState, ReviewView, check_admin
from domain.effects import LedgerEvent
from domain.errors import Conflict, SangdamError
from domain.knowledge import Decision
from domain.staff import Staff
from knowledge.changes import differing
from knowledge.files import check_new, parse
from knowledge.gate import Asked, GateReport, Outcome, judge, outcome, regression_questions
from knowledge.model import DOCUMENT
from storage.kb_rows import DRAFT, hash_of
from storage.knowledge import Difference, KbVersion, Publication
from storage.opening import Storage
from storage.times import to_us

_SLICE = 64  # questions asked at a time; between slices others may try something
_RIGHTS = "rights"
APPROVED, RETURNED = "approved", "returned"
_PATIENCE = 30.0  # seconds a publish waits for the program to make the version ready
Progress = Callable[[int, int], None]
Prepare = Callable[[int, Difference], Awaitable[None]]
log = structlog.get_logger()


class PublishRefused(SangdamError):
    """The gate found questions that were answered rightly and would not be; the report names them."""

    def __init__(self, report: GateReport) -> None:
        self.report = report
        super().__init__(f"맞던 질문 {len(report.broken)}개가 틀리게 됩니다. 고치거나 이유를 적어 주세요.")


class NothingNew(Conflict):
    """The draft is what is live already."""

    def __init__(self) -> None:
        super().__init__("초안이 지금 게시된 내용과 같습니다. 먼저 내용을 고쳐 주세요.")


@dataclass(frozen=True, slots=True)
class Tried:
    """A question put to the draft (with an unsaved text, where one is given), and to the live version beside it."""

    draft: tuple[Decision, ...]
    live: tuple[Decision, ...]


class Publishing:
    """Every method asks for an admin (EditRefused for anybody else). two_person: nothing goes live that a second admin
    has not approved. signals: told of a new version. prepare: has the program that answers make the next version ready,
    so that it answers as soon as it is published; None where nothing answers."""

    def __init__(
        self,
        storage: Storage,
        keeper: DraftKeeper,
        trials: Trials,
        clock: Clock,
        signals: Signals,
        *,
        two_person: bool = False,
        prepare: Prepare | None = None,
    ) -> None:
        self._storage, self._keeper, self._trials, self._clock = storage, keeper, trials, clock
        self._signals, self.two_person, self._prepare = signals, two_person, prepare
        self._judging = asyncio.Lock()
        self._report: tuple[str, str, GateReport] | None = None
        self._outcomes: dict[str, dict[tuple[str, str], Outcome]] = {}

    async def try_question(
        self, actor: Staff, question: str, prev: str | None = None, *, text: str = "", entry: str = ""
    ) -> Tried:
        """What the draft and the live version decide. prev: the customer's question before it. text: an unsaved text to
        try, instead of the draft's `entry` where one is named. Raises ContentError when the text cannot be read."""
        check_admin(actor)
        book = await self._keeper.now()
        draft = await candidate_of(book.draft)
        if text:
            unsaved = parse("시험", text)
            check_new("시험", unsaved, text)
            hashes = {i: h for i, h in book.draft.items() if i != entry} | {unsaved.id: hash_of(text)}
            draft = await candidate_of(hashes, {hash_of(text): text})
        asked = [(question, prev)]
        (by_draft,) = await self._trials.decide(draft, asked)
        (by_live,) = await self._trials.decide(await candidate_of(book.published), asked)
        return Tried(by_draft, by_live)

    async def check(self, actor: Staff, progress: Progress | None = None) -> GateReport:
        """Put every regression question to the live version and to the draft. progress: told (done, of) now and then.
        A draft that was judged already is not judged again."""
        check_admin(actor)
        return await self._check(await self._keeper.now(), progress)

    async def review(self, actor: Staff) -> ReviewView:
        """How the newest review stands to the draft of now."""
        check_admin(actor)
        return await self._review(await self._keeper.now())

    async def submit(self, actor: Staff, note: str) -> Review:
        """Hand the draft in for review; a change after that makes the review void. Raises NothingNew, DraftMoved."""
        check_admin(actor)
        book = await self._keeper.now()
        if not book.differing():
            raise NothingNew
        digest, now = (await candidate_of(book.draft)).key, to_us(self._clock())
        return await self._storage.drafts.submit(
            digest, revision=book.revision, by=actor.name, note=note.strip(), now=now
        )

    async def approve(self, actor: Staff, remark: str = "") -> Review:
        """Raises EditRefused for whoever handed the draft in or wrote something in it, and when nothing waits."""
        return await self._decide(actor, APPROVED, remark)

    async def return_(self, actor: Staff, remark: str) -> Review:
        """Give the draft back with a remark. Raises EditRefused without one, and when nothing waits."""
        check_admin(actor)
        if not remark.strip():
            raise EditRefused("돌려보내는 이유를 적어 주세요.")
        return await self._decide(actor, RETURNED, remark)

    async def publish(
        self, actor: Staff, *, note: str = "", override: str = "", progress: Progress | None = None
    ) -> tuple[int, GateReport]:
        """Publish the draft as it was judged; the new version and the gate's report.

        override: a reason to publish although questions would break; it goes to the version's note and, as a digest, to
        the ledger. Raises PublishRefused without one, NothingNew, EditRefused when a second admin has to approve first,
        Conflict when another version went live meanwhile, DraftMoved when the draft changed while it was judged.
        """
        check_admin(actor)
        book = await self._keeper.now()
        if not book.differing():
            raise NothingNew
        approved_by = await self._approver(book)
        report = await self._check(book, progress)
        override = override.strip()
        if report.broken and not override:
            raise PublishRefused(report)
        events = [LedgerEvent(_RIGHTS, "kb.published", f"kb/{report.live + 1}/{actor.name}")]
        if report.broken:
            note = f"{note} (질문 {len(report.broken)}개가 틀리게 되어도 게시한 이유: {override})".strip()
            digest = hashlib.sha256(override.encode()).hexdigest()
            events.append(LedgerEvent(_RIGHTS, "kb.gate_overridden", f"kb/{report.live + 1}/{actor.name}", digest))
        await self._make_ready(report.live, DRAFT)
        publication = Publication(actor.name, note, to_us(self._clock()), approved_by, events)
        version = await self._storage.knowledge.publish_draft(
            after=report.live, revision=book.revision, publication=publication
        )
        self._signals.tell([KNOWLEDGE])
        return version, report

    async def rollback(self, actor: Staff, version: int) -> int:
        """Publish what an older version held as a new version; the draft follows. One person may: it is the way out of
        an emergency. Raises EditRefused, Conflict when another version went live meanwhile."""
        check_admin(actor)
        live = await self._storage.knowledge.latest()
        if live is None or version == DRAFT or not await self._storage.knowledge.hashes(version):
            raise no_version(version)
        events = [LedgerEvent(_RIGHTS, "kb.rolled_back", f"kb/{live.version + 1}/{actor.name}/{version}")]
        publication = Publication(actor.name, f"{version}판으로 되돌림", to_us(self._clock()), events=events)
        await self._make_ready(live.version, version)
        made = await self._storage.knowledge.restore(version, after=live.version, publication=publication)
        self._signals.tell([KNOWLEDGE])
        return made

    async def _make_ready(self, live: int, source: int) -> None:
        """What `source` holds is about to follow the live version. A failure only makes it answer later."""
        if self._prepare is None:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._prepare(live + 1, await self._storage.knowledge.difference(live, source))
        except (TimeoutError, RuntimeError) as error:
            log.warning("knowledge_not_prepared", error=type(error).__name__)

    async def history(self, actor: Staff) -> list[KbVersion]:
        """The published versions, newest first."""
        check_admin(actor)
        return await self._storage.knowledge.history()

    async def export_folder(self, folder: Path, version: int | None) -> int:
        """Write a version's entries (default: the live one) as <id>.md, byte for byte as they came in."""
        if version is None:
            live = await self._storage.knowledge.latest()
            version = live.version if live else DRAFT
        texts = await self._storage.knowledge.texts(version)
        if not texts:
            raise no_version(version)
        texts.pop(DOCUMENT, None)
        await asyncio.to_thread(_write_folder, folder, texts)
        return len(texts)

    async def _check(self, book: Book, progress: Progress | None) -> GateReport:
        before, after = await candidate_of(book.published), await candidate_of(book.draft)
        async with self._judging:
            if self._report is None or self._report[:2] != (before.key, after.key) or self._report[2].live != book.live:
                report = await self._judge(book, before, after, progress)
                self._report = (before.key, after.key, report)
            return self._report[2]

    async def _judge(self, book: Book, before: Candidate, after: Candidate, progress: Progress | None) -> GateReport:
        questions = regression_questions(book.entries, book.gone)
        was = await self._ask(before, questions, lambda done: progress and progress(done, 2 * len(questions)))
        would = await self._ask(
            after, questions, lambda done: progress and progress(len(questions) + done, 2 * len(questions))
        )
        asked = [Asked(entry, question, was[entry, question], would[entry, question]) for entry, question in questions]
        return judge(book.live, differing(book.published, book.draft), asked)

    async def _ask(
        self, candidate: Candidate, questions: Sequence[tuple[str, str]], told: Callable[[int], object]
    ) -> Mapping[tuple[str, str], Outcome]:
        """Outcomes by (entry, question). Those of the last candidates are kept: what was the draft is live next."""
        known = self._outcomes.pop(candidate.key, {})
        missing = [q for q in questions if q not in known]
        for begin in range(0, len(missing), _SLICE):
            some = missing[begin : begin + _SLICE]
            decided = await self._trials.decide(candidate, [(question, None) for _, question in some])
            known |= {q: outcome(q[0], decisions) for q, decisions in zip(some, decided, strict=True)}
            told(len(questions) - len(missing) + begin + len(some))
        self._outcomes = dict([*self._outcomes.items(), (candidate.key, known)][-2:])
        return known

    async def _review(self, book: Book) -> ReviewView:
        authors = await self._storage.drafts.authors(book.differing())
        newest = await self._storage.drafts.reviews(1)
        if not newest or not book.differing():
            return ReviewView(ReviewState.NONE, None, authors)
        review = newest[0]
        if review.digest != (await candidate_of(book.draft)).key:
            return ReviewView(ReviewState.VOID, review, authors)
        states = {"": ReviewState.WAITING, APPROVED: ReviewState.APPROVED, RETURNED: ReviewState.RETURNED}
        return ReviewView(states[review.verdict], review, authors)

    async def _decide(self, actor: Staff, verdict: str, remark: str) -> Review:
        check_admin(actor)
        book = await self._keeper.now()
        view = await self._review(book)
        if view.state is not ReviewState.WAITING or view.review is None:
            raise _nothing_waits(view.state)
        if verdict == APPROVED and actor.name in view.authors | {view.review.submitted_by}:
            raise EditRefused("자신이 고치거나 제출한 초안은 승인할 수 없습니다. 다른 관리자에게 부탁해 주세요.")
        event = LedgerEvent(_RIGHTS, f"kb.{verdict}", f"kb/review/{view.review.id}/{actor.name}", view.review.digest)
        decided = await self._storage.drafts.decide(
            view.review.id,
            verdict,
            revision=book.revision,
            by=actor.name,
            remark=remark.strip(),
            now=to_us(self._clock()),
            event=event,
        )
        if decided is None:
            raise _nothing_waits(ReviewState.NONE)
        return decided

    async def _approver(self, book: Book) -> str:
        """Who approved exactly this draft, "" for nobody. Raises EditRefused when somebody has to."""
        view = await self._review(book)
        review = view.review
        approved = view.state is ReviewState.APPROVED and review is not None
        by = review.decided_by if approved and review else ""
        if by in view.authors:
            by = ""
        if self.two_person and not by:
            raise EditRefused("다른 관리자의 승인이 필요합니다. 초안을 제출하고 승인을 받은 뒤 게시해 주세요.")
        return by


def _nothing_waits(state: ReviewState) -> EditRefused:
    if state is ReviewState.VOID:
        return EditRefused("제출한 뒤에 초안이 바뀌었습니다. 다시 제출해 주세요.")
    return EditRefused("승인을 기다리는 초안이 없습니다.")


def _write_folder(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry, text in texts.items():
        (folder / f"{entry}.md").write_bytes(text.encode())
