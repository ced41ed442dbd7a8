"""Reads a report's page as a browser would: its headings, its tables, its words, what it refers to."""

from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """What is in a page. `tables`: rows of cells by the heading that they stand under."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.sections: dict[str, str] = {}
        self._open: list[str] = []
        self._heading = ""
        self._cells: list[str] | None = None
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag in {"h1", "h2"}:
            self._heading = ""
        elif tag == "tr":
            self._cells = []
        elif tag in {"td", "th"} and self._cells is not None:
            self._cells.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "tr" and self._cells is not None:
            self.tables.setdefault(self._heading, []).append([" ".join(cell.split()) for cell in self._cells])
            self._cells = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            return
        if self._open and self._open[-1] in {"h1", "h2"}:
            self._heading += data
        elif self._cells:
            self._cells[-1] += data
        self.sections[self._heading] = self.sections.get(self._heading, "") + data

    @property
    def words(self) -> str:
        """All that can be read, its blanks made one."""
        return " ".join(" ".join(self.sections.values()).split())

    def rows(self, heading: str) -> dict[str, list[str]]:
        """The rows of the table under a heading by their first cell, the header left out."""
        return {first: rest for first, *rest in self.tables[heading][1:]}
