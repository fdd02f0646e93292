"""The knowledge base's views as the desk's pages and scripts get them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.desk.knowledge_forms import fields_of
from domain.editing import DraftEntry, Edit
from domain.knowledge import Decision
from domain.messages import Outgoing
from knowledge.changes import EntryChange, LineKind
from knowledge.gate import Asked, GateReport, Outcome
from knowledge.wording import compare_lines

Titles = Mapping[str, str]


def message_json(message: Outgoing) -> dict[str, Any]:
    """What a customer would read."""
    return {
        "text": message.text,
        "source": message.source.label if message.source else "",
        "buttons": [button.label for row in message.buttons for button in row],
    }


def entry_json(entry: DraftEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "etag": entry.etag,
        "state": entry.state.value,
        "text": entry.text,
        "fields": fields_of(entry.entry) if entry.text else None,
    }


def decisions_json(decisions: Sequence[Decision], titles: Titles) -> list[dict[str, Any]]:
    return [
        {
            "text": decision.text,
            "decision": decision.kind.value,
            "entry": _named(decision.entry, titles),
            "confidence": round(decision.confidence, 4),
            "candidates": [{**_named(c.entry, titles), "score": round(c.score, 4)} for c in decision.candidates],
        }
        for decision in decisions
    ]


def report_json(report: GateReport) -> dict[str, Any]:
    lists = ("broken", "mended", "failing", "shifted", "orphaned")
    return {
        "live": report.live,
        "asked": report.asked,
        **{name: [_asked(result) for result in getattr(report, name)] for name in lists},
        **{name: list(getattr(report, name)) for name in ("added", "changed", "removed")},
    }


MOST_CHANGES = 200  # that one page shows


def change_views(changes: Sequence[EntryChange]) -> list[dict[str, Any]]:
    """The first of them for the template. Takes a while for long texts: to be called beside the event loop."""
    return [_change_view(change) for change in changes[:MOST_CHANGES]]


def edit_views(edits: Sequence[Edit], texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """texts: by hash. To be called beside the event loop, as change_views."""
    return [
        {
            "by": edit.by,
            "at": edit.at,
            "kind": "changed" if edit.before and edit.after else "added" if edit.after else "removed",
            "lines": compare_lines(texts.get(edit.before, "").splitlines(), texts.get(edit.after, "").splitlines()),
        }
        for edit in edits
    ]


def _change_view(change: EntryChange) -> dict[str, Any]:
    """A changed entry for the template; lines are pieces of text, each with its mark."""
    before = [line.text for line in change.lines if line.kind is not LineKind.ADDED]
    after = [line.text for line in change.lines if line.kind is not LineKind.REMOVED]
    return {"entry": change.entry, "kind": change.kind.value, "lines": compare_lines(before, after)}


def _asked(result: Asked) -> dict[str, Any]:
    return {
        "entry": result.entry,
        "question": result.question,
        "was": _outcome(result.was),
        "would": _outcome(result.would),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"decision": outcome.kind.value, "entry": outcome.entry or "", "rank": outcome.rank}


def _named(entry: str | None, titles: Titles) -> dict[str, str]:
    return {"id": entry or "", "title": titles.get(entry or "", "")}
