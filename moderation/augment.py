"""More voices of the same line for training: disguised swearing, missing spaces, two things said in one message."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_SEPARATORS = (" ", ".", "-", "!", "1", "~", "ㅡ", "ㅋ", "^", "*")
_OPENERS = ("아니 ", "저기요 ", "진짜 ", "하 ", "아 ", "여보세요? ", "야 ", "안녕하세요 ", "아 진짜 ")
_CLOSERS = ("!!", "...", "ㅋㅋ", "ㅠㅠ", "?", " 진짜", " 아오", "~", "ㅡㅡ", " ㅎㅎ", ";;", " 네?")
T = TypeVar("T")


def augmented(lines: Sequence[tuple[T, str]], rng: np.random.Generator) -> list[tuple[T, str]]:
    """Two variations of each line, with what it came with. Both sorts of line get the same changes, so that the way a
    message is typed says nothing about what it is."""
    made: list[tuple[T, str]] = []
    for tag, text in lines:
        made.append((tag, text.replace(" ", "") if rng.random() < 0.5 else _loose(text, rng)))
        dressed = text
        if rng.random() < 0.5:
            dressed = _pick(_OPENERS, rng) + dressed
        if rng.random() < 0.7:
            dressed += _pick(_CLOSERS, rng)
        made.append((tag, dressed))
        words = text.split(" ")
        if len(words) > 3:
            del words[int(rng.integers(len(words)))]
            made.append((tag, " ".join(words)))
    return made


def _loose(text: str, rng: np.random.Generator) -> str:
    """A separator put between two letters of the line, three times in ten letters at most."""
    out: list[str] = []
    for char in text:
        out.append(char)
        if "가" <= char <= "힣" and rng.random() < 0.06:
            out.append(_pick(_SEPARATORS, rng))
    return "".join(out)


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
