"""Reply texts by dotted key."""

import tomllib
from importlib.resources import files
from typing import Any


class Texts:
    """A catalogue. texts("agent.queued", number="…") fills in the names in braces."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._texts = {
            f"{section}.{key}": text.strip("\n") for section, keys in table.items() for key, text in keys.items()
        }

    def __call__(self, key: str, **values: object) -> str:
        """Raises KeyError for a key or a name that is missing."""
        text: str = self._texts[key]
        return text.format(**values) if values else text

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._texts)


def load_texts(language: str = "ko") -> Texts:
    return Texts(tomllib.loads((files("handlers") / "texts" / f"{language}.toml").read_text("utf-8")))
