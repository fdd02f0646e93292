"""A message taken apart into the questions it may hold."""

import re

from knowledge.text import normalise

MAX_PARTS = 4  # a message of more is decided as a whole
_ENDS = re.compile(r"(?<=[?!.。？！])\s+|\n+|(?<=[?？])(?=[가-힣])")
_JOINS = re.compile(r"\s+(?:아\s*)?(?:그리고|그리구|글고|그리고요|또한|그담에|그 다음에)\s+")
_LEADS = re.compile(r"^(?:아\s*)?(?:그리고|그리구|글고|또한?|그담에)\s+")
_SYLLABLES = re.compile(r"[가-힣]")
_SHORT = 10  # syllables
_LETTERS = re.compile(r"[가-힣A-Za-z]")

# What points back to the message before: "그럼 그건요?", "얼마나 걸려요?" says too little without it.
_POINTERS = re.compile(
    r"(?:아\s*)?(?:그럼|그러면|그면|글면|그건|그거|그것|그게|그걸|거기|그때|그쪽|그 ?다음|그래도|근데|그런데"
    r"|만약|이건|이거|저거|왜|얼마나|어떻게)"
)


def parts_of(text: str) -> list[str]:
    """Parts in order, cut at sentence ends and at "그리고"; one part when there is nothing to cut."""
    parts: list[str] = []
    for sentence in _ENDS.split(text):
        for part in _JOINS.split(sentence):
            part = _LEADS.sub("", part.strip()).strip()
            if len(_LETTERS.findall(part)) >= 2:
                parts.append(part)
            elif parts and part:
                parts[-1] = f"{parts[-1]} {part}"
    return parts or [text.strip()]


def may_lean_on_previous(text: str) -> bool:
    """Whether the question before may explain this text: it points back, or is too short to stand alone.

    Anything longer is a question of its own; blended with another one it would get that one's answer again.
    """
    return points_back(text) or 2 <= len(_SYLLABLES.findall(text)) <= _SHORT


def texts_asked(text: str, prev: str | None) -> list[str]:
    """Every text whose evidence deciding (text, prev) may ask for (see answerer.Answerer), each once."""
    parts = parts_of(text)
    texts = [text, *(parts if 1 < len(parts) <= MAX_PARTS else ())]
    if prev:
        texts += [f"{prev} {t}" for t in (text, parts[0]) if may_lean_on_previous(normalise(t))]
    return list(dict.fromkeys(texts))


def points_back(text: str) -> bool:
    """Whether the text begins like a follow-up to the question before it."""
    return bool(_POINTERS.match(text.strip()))
