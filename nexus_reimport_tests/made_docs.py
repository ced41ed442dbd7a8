"""Tables of docs/*.md that are made from the code, between two comments. `make docs` makes them anew."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from nexus_reimport.model.columns import Frame, Table, describe
from nexus_reimport.model.counts import COUNTS
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.frames import (
    IMAGE_EXPORT,
    NEXUS_STATE,
    REJECTS,
    S3_LISTING,
    THUMBNAIL_FACTS,
    TOUCHED_ROWS,
)
from nexus_reimport.model.nexus import IMAGE_BATCHES, TABLES
from nexus_reimport.model.options import OPTIONS, Option, Options, flag_of, is_by_table
from nexus_reimport.model.reasons import BY_CODE
from nexus_reimport.model.reasons.reason import Reason, Use

FRAMES = (
    *(one.frame for one in ENTITY_SETS),
    S3_LISTING,
    IMAGE_EXPORT,
    THUMBNAIL_FACTS,
    NEXUS_STATE,
    TOUCHED_ROWS,
    REJECTS,
)
DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(r"(<!-- made of (\S+) by `make docs` -->\n).*?(<!-- end -->)", re.DOTALL)


def made(text: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """Return a document with its blocks as the code says now. KeyError for a block that nothing makes."""
    return _BLOCK.sub(lambda found: found[1] + blocks[found[2]]() + "\n" + found[3], text)


def stale(text: str, blocks: Mapping[str, Callable[[], str]]) -> list[str]:
    """Return the names of a document's blocks that are not as the code says now."""
    return [
        match[2]
        for match in _BLOCK.finditer(text)
        if match[0] != f"{match[1]}{blocks[match[2]]()}\n{match[3]}"
    ]


def table(*rows: tuple[str, ...]) -> str:
    """Return rows as a table in Markdown; the first is its head."""
    lines = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def options() -> str:
    """Return every option of a run, and what holds where nothing is said."""
    head = ("at a terminal", "in the browser", "it says", "unsaid", "of a plan")
    return table(head, *(_option(name, option) for name, option in OPTIONS.items()))


_OF_A_PLAN = {"part": "a part", "beside": "kept beside", "no": "no"}


def _option(name: str, option: Option) -> tuple[str, ...]:
    declared = Options.model_fields[name]
    flag = f"`{flag_of(name)}`" + ("" if "plan" in option.commands else " (`run`)") if option.commands else ""
    unsaid = option.words[0] if is_by_table(name) else declared.default
    unsaid = {None: "", "[]": "", "False": "no"}.get(unsaid if unsaid is None else str(unsaid), str(unsaid))
    return flag, f"`{name}`", str(declared.description), unsaid, _OF_A_PLAN[option.in_plan]


def counts() -> str:
    """Return every count of a table: its name, and what is counted."""
    return table(("count", "rows"), *((f"`{one.name}`", one.means) for one in COUNTS))


def reasons_of(table_name: str) -> Callable[[], str]:
    """Return what makes the table of a published table's own reasons; of those of any table for no name."""

    def made_of_reasons() -> str:
        uses = [
            (reason, use) for reason in BY_CODE.values() for use in reason.uses if _is_of(use, table_name)
        ]
        head = ("reason", "kind", "field", "meaning", "what to do")
        return table(head, *(_reason(reason, use) for reason, use in uses))

    return made_of_reasons


def refusals_of_an_export() -> str:
    """Return why a whole image export is refused."""
    uses = [(reason, use) for reason in BY_CODE.values() for use in reason.uses if "refusal" in use.kinds]
    head = ("what is amiss", "what happens", "reason", "what to do")
    return table(head, *((use.meaning, "refused", f"`{reason}`", reason.advice) for reason, use in uses))


def rows_of_nexus() -> str:
    """Return why a row of Nexus was taken out, or is told of though it stays."""
    uses = [(reason, use) for reason in BY_CODE.values() for use in reason.uses if set(use.kinds) & _OF_NEXUS]
    head = ("reason", "kind", "of", "field", "meaning", "what to do")
    every = tuple(one.name for one in TABLES)
    return table(
        head,
        *(
            (code, kind, "any table" if use.tables == every else ", ".join(use.tables), *rest)
            for reason, use in uses
            for code, kind, *rest in [_reason(reason, use)]
        ),
    )


def columns_of(one: Table) -> Callable[[], str]:
    """Return what makes the table of the columns of a table of Nexus."""
    head = ("column", "what it is", "what it holds")
    return lambda: table(
        head, *((f"`{column.name}`", describe(column), column.description) for column in one.columns)
    )


def columns_of_frame(one: Frame) -> Callable[[], str]:
    """Return what makes the table of the columns of a source, or of another frame."""
    head = ("column", "type", "what it holds")
    return lambda: table(
        head, *((f"`{column.name}`", column.type_name, column.description) for column in one.columns)
    )


_OF_ROWS, _OF_NEXUS = {"reject", "warning"}, {"removal", "finding"}


def _is_of(use: Use, table_name: str) -> bool:
    is_said_there = table_name in use.tables if table_name else not use.tables
    return is_said_there and bool(set(use.kinds) & _OF_ROWS)


def _reason(reason: Reason, use: Use) -> tuple[str, ...]:
    return f"`{reason}`", " or ".join(use.kinds), ", ".join(use.fields) or "any", use.meaning, reason.advice


BLOCKS: dict[str, Callable[[], str]] = {
    "options": options,
    "counts": counts,
    "reasons": reasons_of(""),
    **{f"reasons-of-{one.name}": reasons_of(one.name) for one in TABLES if one is not IMAGE_BATCHES},
    "refusals-of-an-export": refusals_of_an_export,
    "reasons-of-rows-of-nexus": rows_of_nexus,
    **{f"columns-of-{one.name}": columns_of(one) for one in TABLES},
    **{f"columns-of-{one.name}": columns_of_frame(one) for one in FRAMES},
}

if __name__ == "__main__":
    for document in sorted(DOCS.glob("*.md")):
        document.write_text(made(document.read_text(), BLOCKS))
