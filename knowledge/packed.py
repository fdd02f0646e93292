"""An answerer as bytes, so that another process, or the next start, need not analyse and train again.

Where the bytes are kept is the caller's matter. They fit only the very entries, libraries and form they were made of;
anything else is told apart by a digest, and the caller builds anew.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from hashlib import blake2b
from typing import Any

import kiwipiepy
import numpy as np
from numpy.typing import NDArray

from domain.knowledge import Entry
from knowledge.analysis import Analyzer
from knowledge.answerer import Answerer
from knowledge.index import Index
from knowledge.model import Model
from knowledge.postings import Block
from knowledge.ranker import Ranker
from knowledge.segment import Segment, compacted

_FORM = 2  # counts up when text repair, analysis, index or ranker change what they produce
_BLOCK = [f.name for f in fields(Block) if f.name != "units"]
_ARRAYS = ("alive", "first", "is_body", "morphemes", "word_lengths", "gram_lengths")
_STRINGS = ("forms", "eojeols", "eojeol_jamo")
_RANKER = [f.name for f in fields(Ranker) if f.name != "ids"]


def pack(answerer: Answerer) -> bytes:
    """Index and ranker of the answerer."""
    arrays: dict[str, Any] = {"digest": _digest(answerer.entries)}
    for number, segment in enumerate(compacted(s) for s in answerer.index.segments):
        arrays[f"{number}.entries"] = _strings([e.id for e in segment.entries])
        arrays |= {f"{number}.{name}": getattr(segment, name) for name in _ARRAYS}
        arrays |= {f"{number}.{name}": _strings(getattr(segment, name)) for name in _STRINGS}
        arrays |= {f"{number}.words.{name}": getattr(segment.words, name) for name in _BLOCK}
        arrays |= {f"{number}.grams.{name}": getattr(segment.grams, name) for name in _BLOCK}
    if answerer.ranker:
        arrays |= {f"ranker.{name}": getattr(answerer.ranker, name) for name in _RANKER}
        arrays["ranker.ids"] = _strings(answerer.ranker.ids)
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(data: bytes, analyzer: Analyzer, entries: Iterable[Entry], model: Model | None = None) -> Answerer | None:
    """The packed answerer; None when the bytes are of other entries, of another form, or damaged."""
    by_id = {e.id: e for e in entries}
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            if not np.array_equal(arrays["digest"], _digest(tuple(by_id.values()))):
                return None
            held = {name: arrays[name] for name in arrays.files}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        return None
    segments = [_segment(held, n, by_id) for n in range(sum(name.endswith(".entries") for name in held))]
    weights = {name: held[f"ranker.{name}"] for name in _RANKER if f"ranker.{name}" in held}
    ranker = Ranker(_texts(held["ranker.ids"]), **weights) if weights else None
    return Answerer(analyzer, by_id.values(), model, index=Index(analyzer, tuple(segments)), ranker=ranker)


def _segment(held: dict[str, Any], number: int, by_id: dict[str, Entry]) -> Segment:
    units = len(held[f"{number}.is_body"])
    parts: dict[str, Any] = {name: held[f"{number}.{name}"] for name in _ARRAYS}
    parts |= {name: _texts(held[f"{number}.{name}"]) for name in _STRINGS}
    for half in ("words", "grams"):
        parts[half] = Block(units, *(held[f"{number}.{half}.{name}"] for name in _BLOCK))
    return Segment(entries=tuple(by_id[i] for i in _texts(held[f"{number}.entries"])), **parts)


def _digest(entries: Sequence[Entry]) -> NDArray[np.uint8]:
    digest = blake2b(f"{_FORM} {kiwipiepy.__version__}".encode(), digest_size=32)
    for entry in sorted(entries, key=lambda e: e.id):
        for text in (entry.id, entry.kind, entry.title, entry.body, *entry.aliases):
            digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
        digest.update(b"\1")
    return np.frombuffer(digest.digest(), np.uint8)


def _strings(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode("utf-8", "surrogatepass"), np.uint8)


def _texts(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    text = packed.tobytes().decode("utf-8", "surrogatepass")
    return tuple(text.split("\n")) if text else ()
