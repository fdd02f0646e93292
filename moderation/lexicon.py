"""The word lists as one automaton: a single pass over the compact text finds every word of every group."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

import ahocorasick

from moderation.normalise import Reading

# Only these decide by themselves that something is abusive, so a word put together across a gap must look meant.
HARD_GROUPS = ("swear", "name", "slur", "shut")
SOFT_GROUPS = ("contempt", "emphasis", "belittle", "hate", "lewd", "sexual", "harm")
CUE_GROUPS = ("reach", "staff", "you", "self", "quote", "product", "praise", "law")
GROUPS = HARD_GROUPS + SOFT_GROUPS + CUE_GROUPS
STRONG_GROUPS = (*HARD_GROUPS, "contempt", "lewd", "harm")  # without one of these, or a rule, there is only wording
HARD = (1 << len(HARD_GROUPS)) - 1  # the bits of HARD_GROUPS in a mask
STRONG = sum(1 << GROUPS.index(group) for group in STRONG_GROUPS)

_ENDINGS = frozenset("아야놈년들이같새넘련년것인은는가의럼롬질요다도만한")
_LETTERS = frozenset("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅌㅍ")
_PART = re.compile(r"\[([^\]]*)\]|\(([^)]*)\)|([^\[(]+)")
_INITIALS = re.compile("[ㄱ-ㅎ]+")
_LATIN = re.compile("[a-z]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern over the compact text, tried only where one of its triggers was met."""

    name: str
    category: str
    pattern: re.Pattern[str]
    triggers: tuple[str, ...]


class Hit(NamedTuple):  # a tuple is made in a third of the time of a frozen dataclass
    """A word of HARD_GROUPS at [start, end) of the compact text; crossed: it was put together over a gap."""

    start: int
    end: int
    crossed: bool


class Found(NamedTuple):
    """What the lists say about one text.

    mask: bit i is set where GROUPS[i] was met; bits from len(GROUPS) on are the rules whose triggers were met.
    innocent: the words of the allow-list, as [start, end) of the compact text.
    """

    mask: int
    hits: list[Hit]
    innocent: list[tuple[int, int]]


class Lexicon:
    """Immutable once made. Finding takes time linear in the text."""

    __slots__ = ("_automaton", "rules")

    def __init__(self) -> None:
        data = resources.files("moderation") / "data"
        lists = tomllib.loads((data / "words.toml").read_text("utf-8"))
        self.rules = tuple(
            Rule(r["name"], r["category"], re.compile(r["pattern"]), tuple(r["triggers"]))
            for r in tomllib.loads((data / "rules.toml").read_text("utf-8"))["rule"]
        )
        # word -> masks by anchor (free, start, end, both, not among other initials), then whether it is allowed
        entries: dict[str, list[int]] = {}
        for bit, group in enumerate(GROUPS):
            for written in lists[group]["words"]:
                _add(entries, written, 1 << bit)
        for bit, rule in enumerate(self.rules, len(GROUPS)):
            for written in rule.triggers:
                _add(entries, written, 1 << bit)
        for written in lists["allow"]["words"]:
            for word in _variants(written.strip("^$")):
                entries.setdefault(word, [0] * 6)[5] = 1
        self._automaton = ahocorasick.Automaton()
        for word, (free, start, end, both, alone, allowed) in entries.items():
            special = (start, end, both, alone, allowed) if start or end or both or alone or allowed else None
            self._automaton.add_word(word, (len(word), free, special))
        self._automaton.make_automaton()

    def find(self, reading: Reading) -> Found:
        compact = reading.compact
        mask = 0
        marked: list[tuple[int, int, int]] = []
        allowed: list[tuple[int, int]] = []
        edges: frozenset[int] | None = None
        for last, (length, here, special) in self._automaton.iter(compact):
            if special:
                at_start, at_end, at_both, alone, allow = special
                end = last + 1
                start = end - length
                if edges is None:
                    edges = reading.edges()
                if start in edges:
                    here |= at_start
                    if end in edges:
                        here |= at_end | at_both
                elif end in edges:
                    here |= at_end
                if alone and not (start and compact[start - 1] in _LETTERS) and compact[end : end + 1] not in _LETTERS:
                    here |= alone
                if allow:
                    allowed.append((start, end))
            if here & _HARD_OR_SOFT:
                marked.append((last + 1 - length, last + 1, here & _HARD_OR_SOFT))
                here &= ~_HARD_OR_SOFT
            mask |= here
        if not marked:
            return Found(mask, [], allowed)
        seen, hits = _meant(marked, allowed, compact, reading.edges() if edges is None else edges)
        return Found(mask | seen, hits, allowed)


_HARD_OR_SOFT = (1 << len(HARD_GROUPS + SOFT_GROUPS)) - 1


def _meant(
    marked: list[tuple[int, int, int]], allowed: list[tuple[int, int]], compact: str, edges: frozenset[int]
) -> tuple[int, list[Hit]]:
    """Leaves out what lies in an allowed word, follows a number, or only arose where two innocent words meet."""
    innocent = {i for start, end in allowed for i in range(start, end)}
    seen = 0
    hits: list[Hit] = []
    for start, end, mask in marked:
        if start in innocent or (start and compact[start - 1].isdigit()):
            continue
        crossed = not edges.isdisjoint(range(start + 1, end))
        if crossed:
            if start not in edges:
                continue
            if not (end in edges or compact[end] in _ENDINGS):
                mask &= ~HARD
        seen |= mask
        if mask & HARD:
            hits.append(Hit(start, end, crossed))
    return seen, hits


def _add(entries: dict[str, list[int]], written: str, bit: int) -> None:
    anchored_start, anchored_end = written.startswith("^"), written.endswith("$")
    for word in _variants(written.lstrip("^")):
        ends = anchored_end or word.endswith("$")
        bare = word.rstrip("$")
        if not bare:
            continue
        start = anchored_start or bool(_LATIN.fullmatch(bare))
        anchor = 4 if _INITIALS.fullmatch(bare) else start + 2 * ends
        entries.setdefault(bare, [0] * 6)[anchor] |= bit


def _variants(written: str) -> Iterator[str]:
    """ "[시씨]발(놈|)" is 시발놈, 시발, 씨발놈, 씨발."""
    parts = [list(one) if one else many.split("|") if many else [plain] for one, many, plain in _PART.findall(written)]
    return ("".join(chosen) for chosen in itertools.product(*parts))
