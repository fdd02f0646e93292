"""kb unanswered: what customers asked in vain, and what an admin makes of it."""

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson

from bot.cli.kb import Open, opened
from bot.engine.gaps import distinct, proposed
from bot.settings import Settings
from domain.deadlines import SEOUL
from domain.editing import EditRefused
from domain.errors import ContentError, SettingsError
from domain.gaps import GapGroup, GapKind, GapView
from knowledge.files import decode, dump

_PLACE = "command line"  # for the access log
_SHOWN = 5  # questions of a group, besides its label
_KINDS = {
    GapKind.HANDOVER: "찾지 못함",
    GapKind.NOT_COVERED: "정책에 없음",
    GapKind.CLARIFY: "되물음",
    GapKind.UNHELPFUL: "도움이 안 됨",
}


async def unanswered(options: argparse.Namespace, settings: Settings) -> int:
    """List the groups, or take one step with one of them."""
    if options.text and not (options.alias or options.question):
        raise SettingsError("--text goes with --alias or --question")
    kinds = [GapKind(kind) for kind in options.kind]
    async with opened(options, settings) as kb:
        view = await kb.workshop.gaps.groups(kb.actor, _PLACE, kinds=kinds, since=options.since)
        if options.propose:
            sys.stdout.write(dump(proposed(_found(view, options.propose))))
        elif options.alias or options.question or options.draft or options.dismiss:
            sys.stderr.write(await _step(options, kb, view))
        elif options.json:
            for group in view.groups:
                sys.stdout.buffer.write(orjson.dumps(_json(group)) + b"\n")
        else:
            for group in view.groups:
                sys.stdout.write(_lines(group))
        if view.more:
            sys.stderr.write(f"가장 새로운 질문 {view.questions}개만 묶었습니다. --since나 --kind로 좁혀 보세요.\n")
    return 0


async def _step(options: argparse.Namespace, kb: Open, view: GapView) -> str:
    """What was done, in words."""
    gaps, actor = kb.workshop.gaps, kb.actor
    if options.dismiss:
        name, reason = options.dismiss
        await gaps.dismiss(actor, _found(view, name).keys, reason)
        return "질문 묶음을 목록에서 뺐습니다.\n"
    if options.draft:
        name, file = options.draft
        made = await gaps.make_draft(actor, _found(view, name).keys, _read(file))
        return f"초안에 '{made.id}' 항목을 담았습니다. `sangdam kb check`로 확인하세요.\n"
    name, entry = options.alias or options.question
    group = _found(view, name)
    add = gaps.make_alias if options.alias else gaps.make_question
    await add(actor, group.keys, entry, options.text or [group.label])
    what = "다른 표현" if options.alias else "회귀 질문"
    return f"초안의 '{entry}' 항목에 {what}을 더했습니다. `sangdam kb check`로 확인하세요.\n"


def _read(file: str) -> str:
    try:
        return decode(file, Path(file).read_bytes())
    except OSError as error:
        raise ContentError(file, 0, f"읽을 수 없습니다 ({error.strerror})") from None


def _found(view: GapView, name: str) -> GapGroup:
    for group in view.groups:
        if group.id == name:
            return group
    raise EditRefused(f"{name}: 그런 질문 묶음이 없습니다. `sangdam kb unanswered`에서 번호를 확인해 주세요.")


def _json(group: GapGroup) -> dict[str, Any]:
    return {
        "group": group.id,
        "label": group.label,
        "count": len(group.gaps),
        "customers": group.customers,
        "kinds": {kind.value: count for kind, count in group.kinds.items()},
        "entries": [{"entry": entry, "count": count} for entry, count in group.entries.items()],
        "oldest": group.oldest.isoformat(),
        "newest": group.newest.isoformat(),
        "questions": distinct(group),
    }


def _lines(group: GapGroup) -> str:
    label, *others = distinct(group)
    kinds = ", ".join(f"{_KINDS[kind]} {count}" for kind, count in group.kinds.items())
    entries = ", ".join(f"{entry} {count}" for entry, count in group.entries.items())
    days = [at.astimezone(SEOUL).strftime("%Y-%m-%d") for at in (group.oldest, group.newest)]
    facts = [f"고객 {group.customers}명", kinds, " ~ ".join(dict.fromkeys(days))]
    facts += [f"가까운 항목: {entries}"] if entries else []
    lines = [f"{len(group.gaps)}\t{group.id}\t{label}", "\t" + " · ".join(facts)]
    lines += [f"\t- {other}" for other in others[:_SHOWN]]
    if len(others) > _SHOWN:
        lines.append(f"\t  (그 밖에 {len(others) - _SHOWN}가지)")
    return "\n".join(lines) + "\n"
