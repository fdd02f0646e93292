"""The workbench's process: it has the other core, and loads Korean analysis at its first piece of work."""

from bot.engine.workbench import OPERATIONS
from bot.engine.worker import Worker, standard_streams
from knowledge.analysis import Analyzer
from knowledge.workbench import Workbench


def main() -> None:
    """Serve until standard input ends."""
    requests, replies = standard_streams()
    Worker(Workbench(Analyzer), OPERATIONS).serve(requests, replies)


if __name__ == "__main__":
    main()
