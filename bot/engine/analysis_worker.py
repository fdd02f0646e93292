"""The analysis process: decides in the order asked; versions are opened beside that."""

from bot.engine.worker import Worker, standard_streams
from knowledge.analysis import Analyzer
from knowledge.shelf import Shelf


def main() -> None:
    """Serve until standard input ends."""
    requests, replies = standard_streams()
    opening = ("open", "change", "keep", "lacking", "give")
    Worker(Shelf(Analyzer()), ("decide", *opening), beside=opening).serve(requests, replies)


if __name__ == "__main__":
    main()
