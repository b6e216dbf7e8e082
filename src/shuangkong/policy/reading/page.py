"""Web pages (.html): the words that a reader sees, one line for each block and each row of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_BLOCKS = frozenset(
    ("p", "div", "br", "li", "section", "article", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "dd", "dt", "pre",
     "blockquote", "header", "footer", "main", "center", "caption")
)  # fmt: skip
_HIDDEN = frozenset(("script", "style", "head", "noscript", "template", "select", "svg", "iframe", "textarea"))
#: A row whose cells hold more is one that only lays the page out.
_LONGEST_CELL = 200


@dataclass(slots=True)
class _Table:
    """A table that is being read: its rows of cells, and cells of rows before that reach down."""

    rows: list[list[str]] = field(default_factory=list)
    down: dict[int, int] = field(default_factory=dict)
    lays_out: bool = False


class _Visible(HTMLParser):
    """The words that a reader of the page sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._tables: list[_Table] = []
        #: Where the words of open cells begin, with how many columns and rows each takes.
        self._cells: list[tuple[int, int, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag == "body":
            # A head that is not closed ends where the body begins.
            self._hidden = 0
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag == "table":
            if self._tables:
                self._tables[-1].lays_out = True
            self._tables.append(_Table())
            self.parts.append("\n")
        elif tag == "tr" and self._tables:
            self._close_cell()
            self._tables[-1].rows.append([])
            self.parts.append("\n")
        elif tag in ("td", "th") and self._tables and self._tables[-1].rows:
            self._close_cell()
            given = dict(attrs)
            self._cells.append((len(self.parts), _span(given.get("colspan")), _span(given.get("rowspan"))))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        if tag in _BLOCKS:
            self.parts.append("\n")
        elif tag in ("td", "th", "tr"):
            self._close_cell()
        elif tag == "table" and self._tables:
            self._close_cell()
            self._end_table(self._tables.pop())

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # A line end in the source of a page is a blank, not the end of a paragraph.
            self.parts.append(re.sub(r"\s+", " ", data))

    def whole(self) -> str:
        """All words so far; tables that the page never closes end here."""
        while self._tables:
            self._close_cell()
            self._end_table(self._tables.pop())
        return "".join(self.parts)

    def _close_cell(self) -> None:
        if not self._cells or len(self._cells) != len(self._tables):
            return
        start, across, down = self._cells.pop()
        words = "".join(self.parts[start:])
        table = self._tables[-1]
        row = table.rows[-1]
        _reach(table, row)
        if len(words.strip()) > _LONGEST_CELL:
            table.lays_out = True
        for i in range(across):
            if down > 1:
                table.down[len(row)] = down - 1
            row.append(words if not i else "")
        del self.parts[start:]

    def _end_table(self, table: _Table) -> None:
        self.parts.append("\n")
        for row in table.rows:
            if table.lays_out or len(row) < 2:
                self.parts.append("\n".join(row) + "\n")
                continue
            self.parts.append("\t".join(re.sub(r"\s+", " ", cell).strip() for cell in row) + "\n")


def _reach(table: _Table, row: list[str]) -> None:
    """Put an empty cell where one of a row above reaches down into this row."""
    while table.down.get(len(row)):
        table.down[len(row)] -= 1
        row.append("")


def _span(given: str | None) -> int:
    return min(int(given), 50) if given and given.isdigit() and int(given) > 0 else 1


def text_of_page(markup: str) -> str:
    """The words of a page, blocks apart by line ends and cells of a table by tabs."""
    page = _Visible()
    page.feed(markup)
    page.close()
    return re.sub(r"\n\s*\n+", "\n", page.whole())
