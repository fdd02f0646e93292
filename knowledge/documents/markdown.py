"""A Markdown document's lines: what its marks stand for, without the marks."""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.documents.html import html_lines
from knowledge.documents.lines import BOLD, Line, plain, table_lines, without_doubled_blanks

_FRONT = re.compile(r"\A---[ \t]*\r?\n(?:.*\r?\n)*?---[ \t]*\r?\n")  # what a site's generator wants to know


def markdown_lines(text: str) -> list[Line]:
    """CommonMark with tables. Indented lines are no code: policies indent their items."""
    parser = MarkdownIt("commonmark").enable("table").disable("code")
    return without_doubled_blanks(_walk(parser.parse(_FRONT.sub(_blank, text))))


def _blank(front: re.Match[str]) -> str:
    return "\n" * front.group().count("\n")


def _walk(tokens: Sequence[Token]) -> Iterator[Line]:
    level, number, mark = 0, 1, ""
    in_cell, table, rows = False, 1, list[list[str]]()
    for token in tokens:
        if token.map:
            number = token.map[0] + 1
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "list_item_open":
                mark = f"{token.info}{token.markup} " if token.info else "- "
            case "table_open":
                table, rows = number, []
            case "tr_open":
                rows.append([])
            case "th_open" | "td_open" | "th_close" | "td_close":
                in_cell = token.nesting > 0
            case "table_close":
                yield from table_lines(table, rows, headed=True)
                yield Line(number, "")
            case "inline" if in_cell:
                rows[-1].append(" ".join(words for words, _ in _inline(token)))
            case "inline":
                for offset, (words, bold) in enumerate(_inline(token)):
                    if words:
                        yield Line(number + offset, mark + words, level or (BOLD if bold and not mark else 0))
                        mark = ""
            case "heading_close" | "paragraph_close":
                level = 0
                if not token.hidden:  # the paragraphs of a tight list
                    yield Line(number, "")
            case "bullet_list_close" | "ordered_list_close" | "hr":
                yield Line(number, "")
            case "html_block":
                for line in html_lines(token.content)[0]:
                    yield Line(number + line.number - 1, line.text, line.level)
            case "fence" | "code_block":
                for offset, words in enumerate(token.content.splitlines()):
                    yield Line(number + offset, plain(words))
            case _:
                pass


def _inline(token: Token) -> list[tuple[str, bool]]:
    """The lines of a paragraph's words, and whether each is all bold."""
    found: list[tuple[str, bool]] = []
    words, depth, all_bold = "", 0, True
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and child.content[:3] == "<br"):
            found.append((plain(words), all_bold))
            words, all_bold = "", True
        elif child.type in ("strong_open", "strong_close"):
            depth += child.nesting
        elif child.type in ("text", "code_inline", "image"):
            words += child.content
            all_bold = all_bold and (depth > 0 or not child.content.strip())
    found.append((plain(words), all_bold))
    return found
