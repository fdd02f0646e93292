"""Korean analysis for tests, in this process."""

from bot.engine.analysis import ThreadAnalysis
from knowledge.analysis import Analyzer
from knowledge.shelf import Shelf


def thread_analysis() -> ThreadAnalysis:
    """Loads when it is first asked to open a version, and not before."""
    return ThreadAnalysis(lambda: Shelf(Analyzer()))
