"""Running the knowledge base from a messenger: a guided talk, the same in every channel."""

from bot.engine.guide.door import Door, Taken
from bot.engine.guide.guide import Guide, load_guide_texts

__all__ = ["Door", "Guide", "Taken", "load_guide_texts"]
