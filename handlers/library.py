"""The published knowledge base as the handlers see it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.knowledge import Citation, Entry

MOST_BUTTON = 64  # bytes of a button's data (Telegram's callback_data)


@dataclass(frozen=True, slots=True)
class Library:
    """One published version. published is its day in Seoul, which stands where an entry names no effective date."""

    version: int
    published: date
    entries: Mapping[str, Entry]

    def citation(self, entry: Entry) -> Citation | None:
        """Where the entry stands; None for entries that quote nothing."""
        if not entry.document:
            return None
        return Citation(entry.document, entry.clause, self.version, entry.effective or self.published)

    def by_handle(self, handle: str) -> Entry | None:
        """The entry that entry_handle was made of, None where this version has none."""
        entry = self.entries.get(handle)
        if entry is None and handle.startswith("~"):
            entry = next((e for e in self.entries.values() if _digest(e.id) == handle), None)
        return entry


def entry_handle(entry_id: str, verb: str = "ask:") -> str:
    """An entry's id as it stands in a button behind its verb: itself, or a digest where its bytes do not fit (ids never
    hold a "~")."""
    fits = entry_id.isascii() and len(verb + entry_id) <= MOST_BUTTON
    return entry_id if fits else _digest(entry_id)


def _digest(entry_id: str) -> str:
    return "~" + hashlib.sha256(entry_id.encode()).hexdigest()[:24]
