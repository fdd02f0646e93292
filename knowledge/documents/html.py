"""An HTML document's lines. Menus, scripts and what else no reader reads are left out."""

from html.parser import HTMLParser

from knowledge.documents.lines import BOLD, Line, plain, table_lines, without_doubled_blanks

_UNREAD = frozenset(
    (
        "script",
        "style",
        "template",
        "noscript",
        "nav",
        "aside",
        "button",
        "select",
        "option",
        "svg",
        "math",
        "iframe",
        "object",
        "textarea",
        "form",
        "dialog",
    )
)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    )
)
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BOLD = frozenset(("b", "strong"))
_MOST_SPAN = 100  # rows or columns that one cell may take: a document says no more, a mistake might


class HtmlLines(HTMLParser):
    """Feed it the document, then ask for `lines`. title: the words of <title>."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._lines: list[tuple[Line, bool]] = []
        self._words: list[str] = []
        self._plain = False  # words stand outside bold type in the line that is being read
        self._number = 1
        self._level = self._bold = self._main = 0
        self._unread: list[str] = []
        self._in_title = False
        self._lists: list[int | None] = []  # the number last given in each open list, None without numbers
        self._tables: list[_Table] = []

    @property
    def lines(self) -> list[Line]:
        """Only those of <main> where there is one."""
        self._flush()
        while self._tables:
            self._end_table()
        chosen = [line for line, main in self._lines if main] if any(m for _, m in self._lines) else None
        return without_doubled_blanks(chosen or [line for line, _ in self._lines])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unread:
            if tag == self._unread[0] and tag not in _VOID:
                self._unread.append(tag)
            return
        if tag in _UNREAD:
            self._unread.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag == "br":
            self._break()
        elif tag in _BOLD:
            self._bold += 1
        elif tag in ("td", "th") and self._tables:
            self._end_cell()
            self._tables[-1].begin(tag == "th", dict(attrs))
        elif tag == "tr" and self._tables:
            self._end_cell()
            self._tables[-1].row()
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._begin_block(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if self._unread:
            if tag == self._unread[-1]:
                self._unread.pop()
        elif tag == "title":
            self._in_title = False
        elif tag in _BOLD:
            self._bold = max(0, self._bold - 1)
        elif tag in ("td", "th", "tr") and self._tables:
            self._end_cell()
        elif tag == "table" and self._tables:
            self._end_cell()
            self._end_table()
        elif tag in _HEADINGS or tag in _BLOCKS:
            self._break(paragraph=tag not in ("li", "dt", "dd", "div"))
            self._level = 0
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            if tag == "main":
                self._main = max(0, self._main - 1)

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        if self._in_title:
            self.title = plain(self.title + data)
            return
        if not data.strip():
            self._words.append(" ")
            return
        if not any(word.strip() for word in self._words):
            self._number = self.getpos()[0] + data[: len(data) - len(data.lstrip())].count("\n")
        self._plain |= not self._bold
        self._words.append(data)

    def _begin_block(self, tag: str, attrs: dict[str, str | None]) -> None:
        self._break(paragraph=tag in _HEADINGS or tag in ("p", "table", "section", "article"))
        self._level = _HEADINGS.get(tag, 0)
        self._bold = 0  # bold type that nobody closed ends with its block
        if tag == "main":
            self._main += 1
        elif tag in ("ul", "ol"):
            self._lists.append(_whole(attrs.get("start"), 1) - 1 if tag == "ol" else None)
        elif tag == "li" and self._lists:
            last = self._lists[-1]
            if last is None:
                self._words.append("- ")
            else:
                self._lists[-1] = _whole(attrs.get("value"), last + 1)
                self._words.append(f"{self._lists[-1]}. ")
        elif tag == "table":
            self._tables.append(_Table(self.getpos()[0]))

    def _break(self, *, paragraph: bool = False) -> None:
        if self._tables and self._tables[-1].open:
            self._words.append(" ")  # a cell stays one line
            return
        self._flush()
        if paragraph:
            self._lines.append((Line(self.getpos()[0], ""), bool(self._main)))

    def _flush(self) -> None:
        if text := plain("".join(self._words)):
            level = self._level or (0 if self._plain else BOLD)
            self._lines.append((Line(self._number, text, level), bool(self._main)))
        self._words, self._plain = [], False

    def _end_cell(self) -> None:
        if self._tables[-1].open:
            self._tables[-1].end(plain("".join(self._words)))
            self._words, self._plain = [], False
        else:
            self._flush()

    def _end_table(self) -> None:
        table = self._tables.pop()
        rows, headed = table.rows()
        if self._tables and self._tables[-1].open:  # a table in a cell is its words
            self._words = [f"{' / '.join(row)} " for row in rows]
            return
        for line in table_lines(table.number, rows, headed=headed):
            self._lines.append((line, bool(self._main)))
        self._lines.append((Line(self.getpos()[0], ""), bool(self._main)))


class _Table:
    """Cells by row and column; a cell that spans several stands in each row, and in the first of its columns."""

    def __init__(self, number: int) -> None:
        self.number, self.open = number, False
        self._cells: dict[tuple[int, int], str] = {}
        self._heads: list[bool] = []
        self._row, self._spans = -1, (1, 1)

    def row(self) -> None:
        self._row += 1
        self._heads.append(True)

    def begin(self, head: bool, attrs: dict[str, str | None]) -> None:
        if self._row < 0:
            self.row()
        self.open = True
        self._heads[self._row] &= head
        down, across = (min(_MOST_SPAN, max(1, _whole(attrs.get(name), 1))) for name in ("rowspan", "colspan"))
        self._spans = down, across

    def end(self, text: str) -> None:
        self.open = False
        column = 0
        while (self._row, column) in self._cells:
            column += 1
        for down in range(self._spans[0]):
            for across in range(self._spans[1]):
                self._cells.setdefault((self._row + down, column + across), "" if across else text)

    def rows(self) -> tuple[list[list[str]], bool]:
        """The rows, and whether the first is the table's head."""
        rows: list[list[str]] = [[] for _ in range(self._row + 1)]
        for (row, _), text in sorted(self._cells.items()):
            if row <= self._row:
                rows[row].append(text)
        return [row for row in rows if any(row)], bool(self._heads and self._heads[0])


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def html_lines(text: str) -> tuple[list[Line], str]:
    """The document's lines and its <title>. Raises AssertionError where the parser gives up on the markup."""
    parser = HtmlLines()
    parser.feed(text)
    parser.close()
    return parser.lines, parser.title
