"""Tables of docs/*.md that are made from the code, between two comments. `make docs` makes them anew."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from nexus_reimport.model.options import TOLD, Options, Told, flag_of, is_by_table

DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(r"(<!-- made of (\S+) by `make docs` -->\n).*?(<!-- end -->)", re.DOTALL)


def made(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """Return a document with its blocks as the code says now. KeyError for a block that nothing makes."""
    return _BLOCK.sub(lambda found: found[1] + blocks[found[2]]() + "\n" + found[3], text)


def table(*rows: tuple[str, ...]) -> str:
    """Return rows as a table in Markdown; the first is its head."""
    lines = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def options() -> str:
    """Return every option of a run, and what holds where nothing is said."""
    head = ("at a terminal", "in the browser", "it says", "unsaid", "of a plan")
    return table(head, *(_option(name, told) for name, told in TOLD.items()))


_OF_A_PLAN = {"part": "a part", "beside": "kept beside", "no": "no"}


def _option(name: str, told: Told) -> tuple[str, ...]:
    declared = Options.model_fields[name]
    flag = f"`{flag_of(name)}`" + ("" if "plan" in told.commands else " (`run`)") if told.commands else ""
    unsaid = told.words[0] if is_by_table(name) else declared.default
    unsaid = {None: "", "[]": "", "False": "no"}.get(unsaid if unsaid is None else str(unsaid), str(unsaid))
    return flag, f"`{name}`", str(declared.description), unsaid, _OF_A_PLAN[told.in_plan]


BLOCKS: dict[str, Callable[[], str]] = {"options": options}

if __name__ == "__main__":
    for document in sorted(DOCS.glob("*.md")):
        document.write_text(made(document.read_text(), BLOCKS))
