"""Where things stand, as `status` prints it: publications, what is stale, rows that something is said of."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from nexus_reimport.model.outcome import Counts

RowReport = dict[str, str]
"""What is said of one row: `table`, `key`, `field`, `reason`."""


@dataclass(frozen=True)
class Overview:
    """Publications (newest first), and why one of what is stored now would be refused, if it would.

    `left_over`: by table, rows of older imports without a partner in FileMaker, where there are any.
    """

    publications: list[Counts]
    doubts: list[str]
    left_over: dict[str, int] = field(default_factory=dict)


def show_overview(console: Console, overview: Overview) -> None:
    """Print the last publications and what stands in the way of the next."""
    table = Table(title="Publications")
    for name in ("number", "published at", "what", "run", "written"):
        table.add_column(name)
    for one in overview.publications:
        written = (f"{name}: {_written(counts):,}" for name, counts in one["tables"].items())
        at = one["published_at"].astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(str(one["number"]), at, _what(one), one["run_id"], ", ".join(written))
    console.print(table if overview.publications else "Nothing has been published yet.")
    for doubt in overview.doubts:
        console.print(doubt, highlight=False, markup=False)
    if overview.left_over:
        counts = ", ".join(f"{name} {rows:,}" for name, rows in overview.left_over.items())
        console.print(
            f"Rows of older imports without a partner in FileMaker: {counts}. All of them: "
            "nexus-reimport status --left-over",
            highlight=False,
        )
    console.print(
        "What is staged could not be published as it is." if overview.doubts else "Nothing is stale."
    )


def _written(counts: Counts) -> int:
    return sum(counts.get(name, 0) for name in ("inserted", "updated", "deleted"))


def _what(entry: Counts) -> str:
    """Return whether it is a publication or a rollback, of what, and whether it was undone."""
    numbers = ", ".join(map(str, sorted(entry["undoes"])))
    what = f"rollback of {numbers}" if entry["kind"] == "rollback" else str(entry["kind"])
    return f"{what}, undone by {entry['undone_by']}" if entry["undone_by"] else what


def show_reports(console: Console, reports: list[RowReport], what: str) -> None:
    """Print each row that something is said of: key, the field to blame and the reason; then how many.

    The table goes first where the rows are of several.
    """
    is_of_several = len({one["table"] for one in reports}) > 1
    for one in reports:
        said = (one["table"] if is_of_several else "", one["key"], one["field"], one["reason"])
        console.print("  ".join(filter(None, said)), highlight=False, markup=False)
    console.print(f"{len(reports):,} {what}.", highlight=False)
