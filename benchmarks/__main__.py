"""python -m benchmarks [NAME …] [--repeat N] [--json FILE]: run the measures and print their tables."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import growth, search, sizes, telegram
from benchmarks.options import Options


@dataclass(frozen=True, slots=True)
class Measure:
    """run prints its table and returns the same figures for --json."""

    name: str
    says: str
    run: Callable[[Options], dict[str, object]]


# A further measure is one module with a run(options) and one line here.
MEASURES = (
    Measure("telegram", "the bot against echo bots: updates/s, CPU, delay, memory", telegram.run),
    Measure("search", "the right entry found, and what is said, beside BM25, FTS5 and bm25s", search.run),
    Measure("sizes", "decision, memory and publish at 1,000 to 100,000 entries, beside bm25s", sizes.run),
    Measure("growth", "CPU of a message in an empty and in a full database", growth.run),
)


def main() -> int:
    known = {measure.name: measure for measure in MEASURES}
    listing = "\n".join(f"  {measure.name:12} {measure.says}" for measure in MEASURES)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        epilog="measures:\n" + listing,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="measures to run; all without")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--updates", type=int, default=4000, help="updates of a saturation run")
    parser.add_argument("--chats", type=int, default=400)
    parser.add_argument("--rate", type=int, default=300, help="updates a second of the fixed-rate run")
    parser.add_argument("--seconds", type=int, default=10, help="length of the fixed-rate run")
    parser.add_argument("--bots", default="sangdam,stock,aiogram", help="which bots, by commas")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    if unknown := set(given.names) - set(known):
        parser.error(f"no measure is called {', '.join(sorted(unknown))}")
    options = Options(given.repeat, given.updates, given.chats, given.rate, given.seconds, tuple(given.bots.split(",")))
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}")
    figures = {}
    for measure in [known[name] for name in given.names] or MEASURES:
        print(f"\n== {measure.name}: {measure.says}")
        figures[measure.name] = measure.run(options)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
