"""Vectors in which texts of one meaning meet: what a text is about, and its letters."""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_LETTERS = 200  # numbers for letters; behind them one for each subject
# Subjects of tests.knowledge.shop, by words that speak of them; the last of each is in no entry.
SHOP_SUBJECTS = (
    ("삭제", "지워", "없애", "파기", "말끔히 씻어"),
    ("제3자", "넘", "다른 회사", "판매자", "택배", "제삼자", "딴 데로 새"),
    ("미성년", "열여섯", "부모", "청소년", "보호자", "꼬마"),
    ("선택", "부가", "골라 하는"),
    ("환불", "취소한 돈", "도로 받"),
    ("상담", "사람", "직원", "담당하시는 분"),
    ("안녕", "인사", "반갑", "ㅎㅇ", "좋은 아침"),
)


class Meaning:
    """A model of language as small as can be. subjects: for each the words that speak of it."""

    def __init__(self, subjects: Iterable[Sequence[str]] = SHOP_SUBJECTS, spare: int = 0) -> None:
        self._subjects = [tuple(words) for words in subjects]
        self.length = _LETTERS + len(self._subjects) + spare

    def vector(self, text: str) -> NDArray[np.float32]:
        """Of no particular length, as services give them."""
        vector = np.zeros(self.length, np.float64)
        letters = "".join(text.split()).lower() or " "
        for size in (1, 2):
            for i in range(len(letters) - size + 1):
                vector[zlib.crc32(letters[i : i + size].encode()) % _LETTERS] += 1
        vector *= 1 / np.linalg.norm(vector)
        for n, words in enumerate(self._subjects):
            vector[_LETTERS + n] = 2.0 * any(word in text for word in words)
        return vector.astype(np.float32)

    def unit(self, text: str) -> NDArray[np.float32]:
        vector = self.vector(text)
        return vector / np.float32(np.linalg.norm(vector))
