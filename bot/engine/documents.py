"""A policy document put in: what it proposes beside the draft, and taking that into the draft."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from bot.engine.editing import Editing
from domain.editing import EntryState
from domain.staff import Staff
from knowledge.changes import Differing
from knowledge.documents import Format, Proposal, Standing, compare, propose
from knowledge.files import dump


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal as it is taken: its Markdown, and the etag of the entry that it was made for ("" for a new one)."""

    proposal: Proposal
    text: str
    etag: str


class Documents:
    """Every method asks for an admin (EditRefused for anybody else)."""

    def __init__(self, editing: Editing) -> None:
        self._editing = editing

    async def propose(self, actor: Staff, path: str, text: str, form: Format, document: str = "") -> list[Offer]:
        """One offer a clause, in the document's order. Raises ContentError as knowledge.documents.propose does."""
        rows = await self._editing.rows(actor)
        standing = [row.entry for row in rows if row.state is not EntryState.REMOVED]
        found = await asyncio.to_thread(lambda: compare(propose(path, text, form, document), standing))
        return [Offer(one, dump(one.entry), await self._etag(actor, one)) for one in found]

    async def take(self, actor: Staff, entries: Mapping[str, tuple[str, str]]) -> Differing:
        """Put (text, etag) by entry id in the draft, all or nothing; what it changed.

        Raises ContentError, its path the entry's id; EditConflict when an entry is not the one of its etag any more.
        """
        texts = {entry: text for entry, (text, _) in entries.items()}
        etags = {entry: etag for entry, (_, etag) in entries.items()}
        return await self._editing.put_in(actor, texts, merge=True, based_on=etags)

    async def _etag(self, actor: Staff, proposal: Proposal) -> str:
        if proposal.standing is Standing.NEW:
            return ""
        return (await self._editing.entry(actor, proposal.entry.id)).etag
