"""kb: the knowledge base as Markdown files, its gate and its versions."""

import argparse
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.engine.librarian import ensure_published
from bot.engine.publishing import PublishRefused
from bot.engine.signals import Signals
from bot.engine.workbench import ThreadBench
from bot.engine.workshop import Workshop, open_workshop
from bot.parts import open_program_storage
from bot.settings import Settings
from domain.clock import system_clock
from domain.deadlines import SEOUL
from domain.editing import EditRefused
from domain.knowledge import Decision
from domain.staff import Role, Staff
from handlers.catalogue import load_texts
from knowledge.analysis import Analyzer
from knowledge.changes import LineKind
from knowledge.files import default_texts, prepared_index
from knowledge.gate import Asked, GateReport
from knowledge.model import DOCUMENT, Model
from knowledge.shelf import Shelf
from knowledge.workbench import Workbench
from storage.opening import Storage

_CHANGES = {"added": "추가", "changed": "변경", "removed": "삭제"}


@dataclass(frozen=True, slots=True)
class Open:
    """The knowledge base as a command works on it, and who does."""

    storage: Storage
    workshop: Workshop
    actor: Staff


async def export(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        count = await kb.workshop.publishing.export_folder(Path(options.folder), options.version)
    sys.stderr.write(f"항목 {count}개를 {options.folder}에 저장했습니다.\n")
    return 0


async def check(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        if options.fit or options.unfit:
            model = await (_fitted(kb, settings) if options.fit else kb.workshop.fitting.reset(kb.actor))
            _show_model(model)
        report = await kb.workshop.publishing.check(kb.actor)
    _show(report)
    return 1 if report.broken else 0


async def _fitted(kb: Open, settings: Settings) -> Model:
    """With the vectors of the embeddings service, where the settings name one."""
    if not settings.embeddings_url:
        return await kb.workshop.fitting.fit(kb.actor)
    from bot.embeddings import embedding  # a fifth of a second of imports

    async with embedding(settings, kb.storage) as embed:
        return await kb.workshop.fitting.fit(kb.actor, embed)


def _show_model(model: Model) -> None:
    parts = (
        ("다른 표현이 넉넉할 때", model.ranked),
        ("그 밖", model.searched),
        ("다른 표현이 넉넉하고 임베딩이 있을 때", model.ranked_vectors),
        ("그 밖에 임베딩이 있을 때", model.searched_vectors),
    )
    for title, weights in parts:
        if weights:
            sys.stdout.write(f"{title}: 확률 {weights.answer:.2f}부터 답하고 {weights.clarify:.2f}부터 되묻습니다.\n")


async def diff(options: argparse.Namespace, settings: Settings) -> int:
    """Without versions: from the live one to the draft. With one: from that to the draft."""
    async with opened(options, settings) as kb:
        before = options.before
        if before is None:
            before = (await kb.workshop.publishing.history(kb.actor))[0].version
        changes = await kb.workshop.editing.diff(kb.actor, before, options.after)
    for change in changes:
        named = "답하는 기준" if change.entry == DOCUMENT else change.entry
        sys.stdout.write(f"{_CHANGES[change.kind]} {named}\n")
        for line in change.lines:
            if line.kind is not LineKind.SAME:
                sys.stdout.write(f"  {line.kind} {line.text}\n")
    return 0


async def try_(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        tried = await kb.workshop.publishing.try_question(kb.actor, options.question, options.prev)
    for title, decisions in (("초안", tried.draft), ("게시된 판", tried.live)):
        sys.stdout.write(f"{title}\n")
        for decision in decisions:
            sys.stdout.write(_decided(decision))
    return 0


async def submit(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        await kb.workshop.publishing.submit(kb.actor, options.note)
    sys.stdout.write("초안을 제출했습니다. 다른 관리자가 `sangdam kb approve`로 승인할 수 있습니다.\n")
    return 0


async def approve(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        await kb.workshop.publishing.approve(kb.actor, options.remark)
    sys.stdout.write("초안을 승인했습니다. `sangdam kb publish`로 게시할 수 있습니다.\n")
    return 0


async def return_(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        await kb.workshop.publishing.return_(kb.actor, options.remark)
    sys.stdout.write("초안을 돌려보냈습니다.\n")
    return 0


async def publish(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        try:
            version, report = await kb.workshop.publishing.publish(
                kb.actor, note=options.note, override=options.override
            )
        except PublishRefused as refused:
            _show(refused.report)
            sys.stderr.write("맞던 질문이 틀리게 되어 게시하지 않았습니다.\n")
            sys.stderr.write('고치거나 --override "이유"로 이유를 남겨 주세요.\n')
            return 1
    _show(report)
    sys.stdout.write(f"제{version}판을 게시했습니다.\n")
    return 0


async def build(_options: argparse.Namespace, _settings: Settings) -> int:
    """Keep the built index of the default knowledge base beside it, so that a first start has it at once."""
    Shelf(Analyzer()).open(1, default_texts(), [prepared_index()])
    return 0


async def history(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        for version in await kb.workshop.publishing.history(kb.actor):
            at = version.published_at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")
            approved = f"\t승인 {version.approved_by}" if version.approved_by else ""
            sys.stdout.write(f"{version.version}\t{at}\t{version.published_by}\t{version.note}{approved}\n")
    return 0


async def rollback(options: argparse.Namespace, settings: Settings) -> int:
    async with opened(options, settings) as kb:
        made = await kb.workshop.publishing.rollback(kb.actor, options.version)
    sys.stdout.write(f"제{options.version}판의 내용을 제{made}판으로 게시했습니다.\n")
    return 0


@asynccontextmanager
async def opened(options: argparse.Namespace, settings: Settings) -> AsyncIterator[Open]:
    """The knowledge base for one command, with its default version published where there was none."""
    async with open_program_storage(settings) as storage:
        two_person = settings.kb_two_person == "on"
        signals = Signals(storage.database)
        bench = ThreadBench(Workbench(Analyzer))
        workshop = open_workshop(storage, bench, load_texts(), system_clock, signals, two_person=two_person)
        try:
            await ensure_published(storage.knowledge, system_clock)
            named = two_person and _changes(options)
            yield Open(storage, workshop, await _actor(storage, getattr(options, "by", None), named=named))
            await signals.told()
        finally:
            await workshop.close()


def _changes(options: argparse.Namespace) -> bool:
    """Whether the command may change something; a check does when it fits first."""
    looks = "fit" in options and not (options.fit or options.unfit)
    return "by" in options and not looks


async def _actor(storage: Storage, name: str | None, *, named: bool) -> Staff:
    """Who works on the command line: an admin's account where one is named or bears the name of the system's user.

    Whoever can run commands holds the master key and is not asked for a password; the name is for the history.
    named: it must be an account's.
    """
    accounts = {account.name: account for account in await storage.accounts.all()}
    wanted = name or getpass.getuser()
    if account := accounts.get(wanted):
        return account
    if accounts and (name or named):
        raise EditRefused(f"{wanted}: 그런 관리자 계정이 없습니다. --by 뒤에 관리자 계정의 이름을 적어 주세요.")
    return Staff(0, wanted, wanted, Role.ADMIN)


def _show(report: GateReport) -> None:
    for title, entries in (("추가", report.added), ("변경", report.changed), ("삭제", report.removed)):
        if entries:
            named = ", ".join("답하는 기준" if entry == DOCUMENT else entry for entry in entries)
            sys.stdout.write(f"{title} {len(entries)}: {named}\n")
    sys.stdout.write(f"회귀 질문 {report.asked}개\n")
    for title, results in (("틀리게 됨", report.broken), ("맞게 됨", report.mended), ("여전히 틀림", report.failing)):
        sys.stdout.write(f"{title} {len(results)}개\n")
        for result in results:
            sys.stdout.write(_line(result))
    if report.shifted:
        sys.stdout.write(f"순위나 판단이 바뀜 {len(report.shifted)}개\n")
        for result in report.shifted:
            was, would = (f"{o.kind} {o.rank or '-'}위" for o in (result.was, result.would))
            sys.stdout.write(f"  {result.entry}: {result.question} ({was} → {would})\n")
    if report.orphaned:
        sys.stdout.write(f"삭제되는 항목의 질문 {len(report.orphaned)}개\n")
        for result in report.orphaned:
            sys.stdout.write(_line(result))


def _line(result: Asked) -> str:
    return f"  {result.entry}: {result.question} ({result.before or '-'} → {result.after or '-'})\n"


def _decided(decision: Decision) -> str:
    listed = ", ".join(f"{c.entry} {c.score:.2f}" for c in decision.candidates)
    return f"  {decision.kind} {decision.entry or '-'} ({decision.confidence:.2f})  {listed}\n"
