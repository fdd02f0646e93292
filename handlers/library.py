"""The published knowledge base as the handlers see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.knowledge import Citation, Entry


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
