"""Steps from the draft to a version: trying, the gate, a second pair of eyes, publishing, and the way back."""

from bot.engine.guide.screens import Move, Screens, counts, kept
from bot.engine.guide.state import Buttons, Later, Row, Shown, State
from bot.engine.publishing import PublishRefused
from domain.deadlines import SEOUL
from domain.editing import EntryState
from domain.errors import Conflict
from domain.knowledge import Decision
from domain.messages import Outgoing
from domain.staff import StaffError
from knowledge.gate import GateReport

_SHOWN = 5  # questions of a report
_VERSIONS = 8
_CHANGED = frozenset(EntryState) - {EntryState.UNCHANGED}


class PublishSteps:
    def __init__(self, screens: Screens) -> None:
        self._screens, self._texts = screens, screens.texts
        self._editing, self._publishing = screens.workshop.editing, screens.workshop.publishing

    async def ask_question(self, move: Move) -> Shown:
        return self._screens.asking(kept(move.state, "question"), self._texts("guide.ask_question"))

    async def try_question(self, move: Move) -> Shown:
        state = kept(move.state, "question")

        async def work() -> Shown:
            tried = await self._publishing.try_question(move.actor, move.given)
            told = self._texts("guide.tried", draft=self._decided(tried.draft), live=self._decided(tried.live))
            asked = Outgoing(self._texts("guide.ask_question"), Buttons(self._texts, state).rows(("entry", "menu")))
            return Shown(state, (Outgoing(told), asked))

        return self._working(state, "guide.trying", work)

    async def check(self, move: Move) -> Shown:
        state = move.state.to("checked")

        async def work() -> Shown:
            report = await self._publishing.check(move.actor)
            rows = Buttons(self._texts, state).rows(("publish", "menu"))
            return self._screens.shown(state, self._reported(report), rows)

        return self._working(state, "guide.checking", work)

    async def submit(self, move: Move) -> Shown:
        state = move.state.to("note")
        rows = Buttons(self._texts, state).rows(("no_note", "menu"))
        return self._screens.shown(state, self._texts("guide.ask_note"), rows)

    async def submitted(self, move: Move) -> Shown:
        await self._publishing.submit(move.actor, move.given)
        return await self._screens.menu(move, (Outgoing(self._texts("guide.submitted")),))

    async def approve(self, move: Move) -> Shown:
        await self._publishing.approve(move.actor)
        return await self._screens.menu(move, (Outgoing(self._texts("guide.approved")),))

    async def return_(self, move: Move) -> Shown:
        return self._screens.asking(move.state.to("remark"), self._texts("guide.ask_remark"))

    async def returned(self, move: Move) -> Shown:
        await self._publishing.return_(move.actor, move.given)
        return await self._screens.menu(move, (Outgoing(self._texts("guide.returned")),))

    async def publish(self, move: Move) -> Shown:
        rows = await self._editing.rows(move.actor, "", _CHANGED)
        if not rows:
            return await self._screens.menu(move, (Outgoing(self._texts("guide.changes_none")),))
        state = move.state.to("confirm", field="publish")
        return self._screens.confirming(state, self._texts("guide.confirm_publish", **counts(rows)))

    async def published(self, move: Move) -> Shown:
        """Confirmed, or a reason was sent to publish all the same."""
        reason = move.given if move.state.place == "reason" else ""
        state = move.state.to("publishing")

        async def work() -> Shown:
            try:
                version, report = await self._publishing.publish(move.actor, override=reason)
            except PublishRefused as refused:
                asking = state.to("reason")
                told = Outgoing(self._reported(refused.report))
                return self._screens.asking(asking, self._texts("guide.ask_reason"), (told,))
            told = Outgoing(f"{self._texts('guide.published', version=version)}\n{self._reported(report)}")
            return await self._screens.menu(Move(move.actor, state), (told,))

        return self._working(state, "guide.publishing", work)

    async def history(self, move: Move) -> Shown:
        versions = (await self._publishing.history(move.actor))[:_VERSIONS]
        lines = [
            self._texts(
                "guide.history_line",
                version=v.version,
                at=v.published_at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M"),
                by=v.published_by,
                note=v.note,
            ).strip()
            for v in versions
        ]
        older = tuple(str(v.version) for v in versions[1:])
        state = move.state.to("history", listed=older)
        buttons = Buttons(self._texts, state)
        rows: tuple[Row, ...] = tuple((buttons("back_to", str(n), f"제{v}판으로"),) for n, v in enumerate(older))
        told = "\n".join((self._texts("guide.history"), *lines))
        return self._screens.shown(state, told, (*rows, *buttons.rows(("menu",))))

    async def back_to(self, move: Move) -> Shown:
        version = move.chosen()
        state = move.state.to("confirm", field="rollback", words=version)
        return self._screens.confirming(state, self._texts("guide.confirm_rollback", version=version))

    async def rolled_back(self, move: Move) -> Shown:
        old = int(move.state.words)
        made = await self._publishing.rollback(move.actor, old)
        return await self._screens.menu(move, (Outgoing(self._texts("guide.rolled_back", old=old, version=made)),))

    def _working(self, state: State, key: str, work: Later) -> Shown:
        """Work that takes long: what is said while it goes on. When it goes wrong, that is said, too."""

        async def told() -> Shown:
            try:
                return await work()
            except (StaffError, Conflict) as error:
                rows = Buttons(self._texts, state).rows(("menu",))
                return self._screens.shown(state, str(error), rows)

        rows = Buttons(self._texts, state).rows(("menu",))
        return Shown(state, (Outgoing(self._texts(key), rows),), told)

    def _reported(self, report: GateReport) -> str:
        sizes = {name: len(getattr(report, name)) for name in ("broken", "mended", "failing", "shifted")}
        lines = [self._texts("guide.report", asked=report.asked, **sizes)]
        lines += [
            self._texts("guide.report_broken", question=a.question, before=a.before or "-", after=a.after or "-")
            for a in report.broken[:_SHOWN]
        ]
        if len(report.broken) > _SHOWN:
            lines.append(self._texts("guide.report_more", count=len(report.broken) - _SHOWN))
        return "\n".join(lines)

    def _decided(self, decisions: tuple[Decision, ...]) -> str:
        return ", ".join(
            f"{self._texts(f'guide_decision.{d.kind}')} {d.entry or ''} ({d.confidence:.0%})".replace("  ", " ")
            for d in decisions
        )
