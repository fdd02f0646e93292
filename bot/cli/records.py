"""cases and ledger."""

import argparse
import sys
from datetime import datetime

import orjson

from bot.parts import open_program_storage
from bot.settings import Settings
from domain.cases import Case
from domain.deadlines import SEOUL
from handlers.catalogue import load_texts
from storage import ledger
from storage.cases import all_cases


async def cases(options: argparse.Namespace, settings: Settings) -> int:
    texts = load_texts()
    async with open_program_storage(settings) as storage:
        async for case in all_cases(storage.database):
            if options.json:
                sys.stdout.write(orjson.dumps(_row(case)).decode() + "\n")
            else:
                due = case.due.astimezone(SEOUL).strftime("%Y-%m-%d") if case.due else "-"
                kind = texts(f"request.{case.kind.value}")
                sys.stdout.write(f"{case.number}  {kind}  {texts(f'case_state.{case.state.value}')}  {due}\n")
    return 0


async def verify(_options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        broken = await ledger.verify(storage.database, storage.hashes)
    for place in broken:
        sys.stdout.write(f"{place.chain} {place.n}: {place.why}\n")
    return 1 if broken else 0


async def export(_options: argparse.Namespace, settings: Settings) -> int:
    async with open_program_storage(settings) as storage:
        async for row in ledger.rows(storage.database):
            line = {
                "chain": row.chain,
                "n": row.n,
                "at": _iso(row.at),
                "event": row.event,
                "subject": row.subject,
                "digest": row.digest,
                "link": row.link,
            }
            sys.stdout.write(orjson.dumps(line).decode() + "\n")
    return 0


def _row(case: Case) -> dict[str, str | None]:
    return {
        "number": case.number,
        "kind": case.kind.value,
        "state": case.state.value,
        "opened": _iso(case.opened),
        "due": _iso(case.due),
        "closed": _iso(case.closed),
        "reason": case.reason,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
