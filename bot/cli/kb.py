"""kb: the knowledge base as Markdown files, its gate and its versions."""

import argparse
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.engine.librarian import ensure_published
from bot.engine.publishing import Asked, GateReport, Publishing, PublishRefused
from bot.parts import open_program_storage
from bot.settings import Settings
from domain.clock import system_clock
from domain.deadlines import SEOUL
from knowledge.analysis import Analyzer
from knowledge.files import default_texts, prepared_index
from knowledge.shelf import Shelf
from storage.opening import Storage


async def import_(options: argparse.Namespace, settings: Settings) -> int:
    async with _publishing(settings) as (_, publishing):
        count = await publishing.import_folder(Path(options.folder), merge=options.merge)
    sys.stderr.write(
        f"초안에 항목 {count}개를 담았습니다. `sangdam kb check`로 확인하고 `sangdam kb publish`로 게시하세요.\n"
    )
    return 0


async def export(options: argparse.Namespace, settings: Settings) -> int:
    async with _publishing(settings) as (_, publishing):
        count = await publishing.export_folder(Path(options.folder), options.version)
    sys.stderr.write(f"항목 {count}개를 {options.folder}에 저장했습니다.\n")
    return 0


async def check(_options: argparse.Namespace, settings: Settings) -> int:
    async with _publishing(settings) as (_, publishing):
        report = await publishing.check()
    _show(report)
    return 1 if report.broken else 0


async def publish(options: argparse.Namespace, settings: Settings) -> int:
    async with _publishing(settings) as (_, publishing):
        try:
            version, report = await publishing.publish(
                by=getpass.getuser(), note=options.note, override=options.override
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


async def history(_options: argparse.Namespace, settings: Settings) -> int:
    async with _publishing(settings) as (storage, _):
        for version in await storage.knowledge.history():
            at = version.published_at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")
            sys.stdout.write(f"{version.version}\t{at}\t{version.published_by}\t{version.note}\n")
    return 0


async def rollback(options: argparse.Namespace, settings: Settings) -> int:
    async with _publishing(settings) as (_, publishing):
        made = await publishing.rollback(options.version, by=getpass.getuser())
    sys.stdout.write(f"제{options.version}판의 내용을 제{made}판으로 게시했습니다.\n")
    return 0


@asynccontextmanager
async def _publishing(settings: Settings) -> AsyncIterator[tuple[Storage, Publishing]]:
    async with open_program_storage(settings) as storage:
        publishing = Publishing(storage, system_clock)
        try:
            await ensure_published(storage.knowledge, system_clock)
            yield storage, publishing
        finally:
            publishing.close()


def _show(report: GateReport) -> None:
    for title, entries in (("추가", report.added), ("변경", report.changed), ("삭제", report.removed)):
        if entries:
            sys.stdout.write(f"{title} {len(entries)}: {', '.join(entries)}\n")
    sys.stdout.write(f"회귀 질문 {report.asked}개\n")
    for title, results in (("틀리게 됨", report.broken), ("맞게 됨", report.mended), ("여전히 틀림", report.failing)):
        sys.stdout.write(f"{title} {len(results)}개\n")
        for result in results:
            sys.stdout.write(_line(result))


def _line(result: Asked) -> str:
    return f"  {result.entry}: {result.question} ({result.before or '-'} → {result.after or '-'})\n"
