"""kb import: a folder of Markdown files, one such file, or a policy document that proposes its entries."""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.kb import Open, opened
from bot.engine.documents import Documents, Offer
from bot.settings import Settings
from domain.errors import ContentError
from knowledge.documents import Format, Standing, format_of
from knowledge.files import decode

_NEXT = "`sangdam kb check`로 확인하고 `sangdam kb publish`로 게시하세요.\n"
_IS_ENTRY = re.compile(r"---[ \t]*\r?\n(?:[^\n]*\n)*?id[ \t]*:")
_DONE = {Standing.NEW: "추가", Standing.SAME: "같음"}


async def import_(options: argparse.Namespace, settings: Settings) -> int:
    path = Path(options.path)
    async with opened(options, settings) as kb:
        if (raw := await asyncio.to_thread(_content, path)) is not None:
            return await _file(kb, path, raw, options)
        count = await kb.workshop.editing.import_folder(kb.actor, path, merge=options.merge)
    sys.stderr.write(f"초안에 항목 {count}개를 담았습니다. {_NEXT}")
    return 0


async def _file(kb: Open, path: Path, raw: bytes, options: argparse.Namespace) -> int:
    form, text = format_of(path.name), decode(str(path), raw)
    if form is None:
        reason = "텍스트(.txt), 마크다운(.md), 웹 문서(.html) 파일만 가져올 수 있습니다."
        raise ContentError(str(path), 0, reason)
    if form is Format.MARKDOWN and _IS_ENTRY.match(text):
        await kb.workshop.editing.put_in(kb.actor, {str(path): text}, merge=True)
        sys.stderr.write(f"초안에 항목 1개를 담았습니다. {_NEXT}")
        return 0
    documents = Documents(kb.workshop.editing)
    offers = await documents.propose(kb.actor, str(path), text, form, options.document)
    taken = [offer for offer in offers if _wanted(offer, replace=options.replace)]
    if taken:
        await documents.take(kb.actor, {offer.proposal.entry.id: (offer.text, offer.etag) for offer in taken})
    _show(offers, replaced=options.replace)
    sys.stderr.write(f"조항 {len(offers)}개를 찾아 {len(taken)}개를 초안에 담았습니다. ")
    left = sum(offer.proposal.standing is Standing.DIFFERS for offer in offers)
    if left and not options.replace:
        sys.stderr.write(f"이미 있는 {left}개는 글이 달라 그대로 두었습니다(바꾸려면 --replace). ")
    sys.stderr.write(_NEXT)
    return 0


def _content(path: Path) -> bytes | None:
    """None for a folder, and for what is not there."""
    return path.read_bytes() if path.is_file() else None


def _wanted(offer: Offer, *, replace: bool) -> bool:
    standing = offer.proposal.standing
    return standing is Standing.NEW or (replace and standing is Standing.DIFFERS)


def _show(offers: Sequence[Offer], *, replaced: bool) -> None:
    for offer in offers:
        done = _DONE.get(offer.proposal.standing, "바꿈" if replaced else "그대로 둠")
        entry = offer.proposal.entry
        sys.stdout.write(f"{done}\t{entry.id}\t{entry.clause}\t{entry.title}\n")
