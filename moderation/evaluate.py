"""How good the screener is on labelled lines, in all and by kind.

    python -m moderation.evaluate FILE… [--split heldout]

A file holds JSON lines with text, abusive and kind, and where they are known category, target and split.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from moderation.screener import Screener, load


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines of one kind: how many, how many of them abusive, and how many of either sort were flagged."""

    lines: int = 0
    abusive: int = 0
    found: int = 0
    false_alarms: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the flagged lines that are abusive; None where nothing was flagged."""
        return _share(self.found, self.found + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Share of the abusive lines that were flagged; None where none is abusive."""
        return _share(self.found, self.abusive)

    @property
    def false_alarm_rate(self) -> float | None:
        """Share of the other lines that were flagged; None where all are abusive."""
        return _share(self.false_alarms, self.lines - self.abusive)

    def plus(self, abusive: bool, flagged: bool) -> "Counts":
        return Counts(
            self.lines + 1,
            self.abusive + abusive,
            self.found + (abusive and flagged),
            self.false_alarms + (flagged and not abusive),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """category_right and target_right: share of the abusive lines found whose label is known, None where none is."""

    total: Counts
    kinds: Mapping[str, Counts]
    category_right: float | None
    target_right: float | None


def evaluate(screener: Screener, lines: Iterable[Mapping[str, object]]) -> Report:
    """Screens every line. Raises KeyError where a line has no text or no abusive."""
    total = Counts()
    kinds: dict[str, Counts] = {}
    right = {"category": [0, 0], "target": [0, 0]}
    for line in lines:
        abusive = bool(line["abusive"])
        verdict = screener.screen(str(line["text"]))
        kind = str(line.get("kind", ""))
        total = total.plus(abusive, verdict.abusive)
        kinds[kind] = kinds.get(kind, Counts()).plus(abusive, verdict.abusive)
        if abusive and verdict.abusive:
            for label, said in (("category", verdict.category), ("target", verdict.target)):
                if label in line:
                    right[label][0] += line[label] == said
                    right[label][1] += 1
    return Report(total, dict(sorted(kinds.items())), _share(*right["category"]), _share(*right["target"]))


def read_lines(path: Path, split: str | None = None) -> list[dict[str, object]]:
    """The lines of a JSON-lines file, of one split only where it is named. Raises OSError or ValueError."""
    rows: list[dict[str, object]] = [json.loads(row) for row in path.read_text("utf-8").splitlines() if row.strip()]
    return [row for row in rows if split is None or row.get("split") == split]


def as_text(report: Report) -> str:
    """A table, one row a kind, for a terminal."""
    rows = [f"{'kind':24}{'lines':>7}{'abusive':>9}{'precision':>11}{'recall':>8}{'false alarms':>14}"]
    for name, counts in (("all", report.total), *report.kinds.items()):
        rows.append(
            f"{name:24}{counts.lines:>7}{counts.abusive:>9}{_shown(counts.precision):>11}{_shown(counts.recall):>8}"
            f"{_shown(counts.false_alarm_rate):>14}"
        )
    rows.append(f"category right {_shown(report.category_right)}, target right {_shown(report.target_right)}")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m moderation.evaluate", description="Measure the screener on lines.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--split", help="only lines of this split, for example heldout")
    options = parser.parse_args(arguments)
    lines = [line for path in options.files for line in read_lines(path, options.split)]
    sys.stdout.write(as_text(evaluate(load(), lines)) + "\n")
    return 0


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _shown(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"


if __name__ == "__main__":
    sys.exit(main())
