"""The word lists as one automaton: a single pass over the compact text finds every word of every group."""

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import ahocorasick

from moderation.normalise import Reading

# Only these decide by themselves that something is abusive, so a word put together across a gap must look meant.
HARD_GROUPS = ("swear", "name", "slur", "shut")
SOFT_GROUPS = ("contempt", "emphasis", "belittle", "hate", "lewd", "sexual", "harm")
CUE_GROUPS = ("reach", "staff", "you", "self", "quote", "product", "praise", "law")
GROUPS = HARD_GROUPS + SOFT_GROUPS + CUE_GROUPS
HARD = (1 << len(HARD_GROUPS)) - 1  # the bits of HARD_GROUPS in a mask

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


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of HARD_GROUPS or SOFT_GROUPS at [start, end) of the compact text; crossed: it was put together over a gap."""

    start: int
    end: int
    mask: int
    crossed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the lists say about one text.

    mask: bit i is set where GROUPS[i] was met; bits from len(GROUPS) on are the rules whose triggers were met.
    innocent: the words of the allow-list, as [start, end) of the compact text.
    """

    mask: int
    hits: tuple[Hit, ...]
    innocent: tuple[tuple[int, int], ...]


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
            self._automaton.add_word(word, (len(word), free, start, end, both, alone, allowed))
        self._automaton.make_automaton()

    def find(self, reading: Reading) -> Found:
        compact = reading.compact
        mask = 0
        marked: list[tuple[int, int, int]] = []
        allowed: list[tuple[int, int]] = []
        edges: frozenset[int] | None = None
        for last, (length, free, at_start, at_end, at_both, alone, allow) in self._automaton.iter(compact):
            end = last + 1
            start = end - length
            if at_start or at_end or at_both:
                if edges is None:
                    edges = reading.edges()
                if start in edges:
                    free |= at_start
                    if end in edges:
                        free |= at_end | at_both
                elif end in edges:
                    free |= at_end
            if alone and not (start and compact[start - 1] in _LETTERS) and compact[end : end + 1] not in _LETTERS:
                free |= alone
            if free & _HARD_OR_SOFT:
                marked.append((start, end, free & _HARD_OR_SOFT))
                free &= ~_HARD_OR_SOFT
            mask |= free
            if allow:
                allowed.append((start, end))
        if not marked:
            return Found(mask, (), tuple(allowed))
        hits = tuple(_meant(marked, allowed, compact, reading.edges() if edges is None else edges))
        for hit in hits:
            mask |= hit.mask
        return Found(mask, hits, tuple(allowed))


_HARD_OR_SOFT = (1 << len(HARD_GROUPS + SOFT_GROUPS)) - 1


def _meant(
    marked: list[tuple[int, int, int]], allowed: list[tuple[int, int]], compact: str, edges: frozenset[int]
) -> Iterator[Hit]:
    """Leaves out what lies in an allowed word, follows a number, or only arose where two innocent words meet."""
    innocent = {i for start, end in allowed for i in range(start, end)}
    for start, end, mask in marked:
        if start in innocent or (start and compact[start - 1].isdigit()):
            continue
        crossed = any(i in edges for i in range(start + 1, end))
        if crossed and (start not in edges or not (end in edges or compact[end] in _ENDINGS)):
            mask &= ~HARD
            if start not in edges or not mask:
                continue
        yield Hit(start, end, mask, crossed)


def _add(entries: dict[str, list[int]], written: str, bit: int) -> None:
    anchored_start, anchored_end = written.startswith("^"), written.endswith("$")
    for word in _variants(written.lstrip("^")):
        ends = anchored_end or word.endswith("$")
        bare = word.rstrip("$")
        if not bare:
            continue
        if _INITIALS.fullmatch(bare):
            anchor = 4
        else:
            anchor = (anchored_start or bool(_LATIN.fullmatch(bare))) + 2 * ends
        entries.setdefault(bare, [0] * 6)[anchor] |= bit


def _variants(written: str) -> Iterator[str]:
    """ "[시씨]발(놈|)" is 시발놈, 시발, 씨발놈, 씨발."""
    parts = [list(one) if one else many.split("|") if many else [plain] for one, many, plain in _PART.findall(written)]
    return ("".join(chosen) for chosen in itertools.product(*parts))
