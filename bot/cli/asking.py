"""ask and screen: a line in, a line out."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import orjson

import moderation
from bot.engine.analysis import ThreadAnalysis
from bot.engine.librarian import Librarian
from bot.engine.metrics import Metrics
from bot.parts import open_program_storage
from bot.settings import Settings
from domain.clock import system_clock
from domain.errors import SettingsError
from domain.knowledge import Decision
from handlers.catalogue import Texts, load_texts
from handlers.entrance import TEXT_LIMIT
from handlers.library import Library
from handlers.questions import render
from knowledge.analysis import Analyzer
from knowledge.shelf import Shelf
from moderation.evaluate import main as measure


async def ask(options: argparse.Namespace, settings: Settings) -> int:
    """Answer from the published knowledge base, without a conversation."""
    async with open_program_storage(settings) as storage, contextlib.AsyncExitStack() as stack:
        analysis = ThreadAnalysis(lambda: Shelf(Analyzer()))
        librarian = Librarian(storage.knowledge, None, system_clock, analysis, settings.knowledge_cache)
        plug = None
        if settings.embeddings_url:
            from bot.embeddings import plugged  # a fifth of a second of imports

            plug = plugged(settings, storage, librarian, analysis, Metrics(), system_clock)
        try:
            library = await librarian.load()
            if plug:
                await stack.enter_async_context(plug.client)
                await plug.filling.fill()
            texts = load_texts()
            for line in _lines(options.file):
                asked = _parsed(line)
                question = asked["text"][:TEXT_LIMIT]
                questions = [(question, asked.get("prev") or None)]
                vectors = await plug.questions.of_questions(library.version, questions) if plug else None
                (decisions,) = await librarian.decide(library, questions, vectors)
                if options.json:
                    _write_json(_answer(asked["text"], decisions, library, texts))
                else:
                    sys.stdout.write("\n\n".join(_reply(d, library, texts) for d in decisions) + "\n\n")
                    sys.stdout.flush()
        finally:
            analysis.close()
    return 0


async def screen(options: argparse.Namespace, _settings: Settings) -> int:
    """Screen lines for abusive language toward staff."""
    screener = moderation.load()
    for line in _lines(options.file):
        text = _parsed(line)["text"]
        verdict = screener.screen(text)
        if options.json:
            _write_json(
                {
                    "text": text,
                    "abusive": verdict.abusive,
                    "score": verdict.score,
                    "category": verdict.category.value,
                    "target": verdict.target.value,
                    "severity": verdict.severity,
                    "spans": verdict.spans,
                }
            )
        else:
            sys.stdout.write(f"{verdict.severity} {verdict.category.value} {verdict.score:.2f}\n")
    return 0


async def evaluate(options: argparse.Namespace, _settings: Settings) -> int:
    """Measure the screener on labelled lines of JSON."""
    return measure(options.files)


def _answer(text: str, decisions: tuple[Decision, ...], library: Library, texts: Texts) -> dict[str, Any]:
    parts = [_part(d, library, texts) for d in decisions]
    answer = parts[0] | {"text": text}
    return answer | {"parts": parts} if len(parts) > 1 else answer


def _part(decision: Decision, library: Library, texts: Texts) -> dict[str, Any]:
    entry = library.entries.get(decision.entry) if decision.entry else None
    cited = library.citation(entry) if entry else None
    return {
        "text": decision.text,
        "decision": decision.kind.value,
        "entry": decision.entry,
        "action": decision.action,
        "candidates": [{"entry": c.entry, "score": c.score} for c in decision.candidates],
        "confidence": round(decision.confidence, 4),
        "citation": cited
        and {
            "document": cited.document,
            "clause": cited.clause,
            "version": cited.version,
            "effective": cited.effective.isoformat(),
        },
        "reply": _reply(decision, library, texts),
    }


def _reply(decision: Decision, library: Library, texts: Texts) -> str:
    messages = render(decision, library, texts)
    return "\n".join(m.text if not m.source else f"{m.text}\n— {m.source.label}" for m in messages)


def _parsed(line: str) -> dict[str, Any]:
    """A line of JSON with text (and prev), or plain text."""
    if line.lstrip().startswith("{"):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return {"text": line}
        if isinstance(value, dict) and isinstance(value.get("text"), str):
            previous = value.get("prev")
            return {"text": value["text"], "prev": previous if isinstance(previous, str) else None}
    return {"text": line}


def _lines(path: str | None) -> Iterator[str]:
    if path is None:
        yield from _read(sys.stdin)
        return
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            yield from _read(file)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None


def _read(file: TextIO) -> Iterator[str]:
    for line in file:
        yield line.rstrip("\r\n")


def _write_json(value: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(value) + b"\n")
    sys.stdout.buffer.flush()
