"""Plain tables and ratios for the terminal."""

import unicodedata


def table(head: list[str], rows: list[list[str]]) -> None:
    """First column to the left, figures to the right; a Korean character takes two columns."""
    widths = [max(_width(row[at]) for row in [head, *rows]) for at in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [_pad(cell, width, left=not at) for at, (cell, width) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip())
    print()


def ratio(what: str, mine: float, theirs: float) -> str:
    return f"{what}: {mine / theirs:.2f}" if theirs else f"{what}: –"


def _pad(cell: str, width: int, *, left: bool) -> str:
    space = " " * (width - _width(cell))
    return cell + space if left else space + cell


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
