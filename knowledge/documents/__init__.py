"""Plain policy documents (text, Markdown, HTML), taken apart into one draft entry a clause."""

from knowledge.documents.proposals import FORMATS, Format, Proposal, Standing, compare, format_of, propose

__all__ = ["FORMATS", "Format", "Proposal", "Standing", "compare", "format_of", "propose"]
