"""What a person at a terminal sees of a run that has ended: tables, failed checks, and one line."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nexus_reimport.model.counts import AT_A_TERMINAL, COUNT_BY_NAME, READ
from nexus_reimport.model.outcome import Counts, RunOutcome


def show_outcome(console: Console, outcome: RunOutcome) -> None:
    """Print what a run came to: tables, failed checks, failures, and one line that says it all."""
    if outcome.tables and not outcome.plan_shown:
        console.print(tables_table(outcome.tables))
    if outcome.thumbnails:
        console.print(
            "Thumbnails: {made:,} made, {reused:,} reused.".format(**outcome.thumbnails), highlight=False
        )
        for reason, count in outcome.thumbnails["failed"].items():
            console.print(f"  {reason}: {count:,}", highlight=False)
    for check in outcome.checks:
        if not check["passed"]:
            colour = "red" if check["severity"] == "ERROR" else "yellow"
            console.print(
                f"[{colour}]{check['asset']}, {check['check']}:[/] {escape(check['says'])}", highlight=False
            )
    for failure in outcome.failures:
        # Not broken into lines: in a pipe a reason is one line.
        console.print(f"[red]{escape(failure)}", highlight=False, soft_wrap=True)
    passed = sum(1 for check in outcome.checks if check["passed"])
    end = "[green]Done" if outcome.right else "[red]Not done"
    console.print(
        f"{end}[/] in {outcome.seconds:.1f} s: run {outcome.run_id}, "
        f"{passed} of {len(outcome.checks)} checks passed.",
        highlight=False,
    )


def tables_table(tables: dict[str, Counts]) -> Table:
    """Return a table of what was read, written and rejected, and why, one line a Nexus table."""
    shown = [name for name in _columns() if _has_column(name, tables)]
    table = Table()
    table.add_column("table", no_wrap=True)
    for name in (*shown, "rejected"):
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    table.add_column("why")
    for name, counts in tables.items():
        reasons = "\n".join(f"{reason}: {count:,}" for reason, count in counts["rejected"].items())
        figures = [f"{counts[column]:,}" if column in counts else "" for column in shown]
        table.add_row(name, *figures, f"{sum(counts['rejected'].values()):,}", reasons)
    return table


def _columns() -> Iterator[str]:
    """Yield what may have a column: staged rows too, which tables have that were not published."""
    for name in AT_A_TERMINAL:
        yield name
        if name == READ:
            yield "staged"


def _has_column(name: str, tables: dict[str, Counts]) -> bool:
    if name == "staged" or COUNT_BY_NAME[name].is_always_shown:
        return any(name in counts for counts in tables.values())
    return any(counts.get(name) for counts in tables.values())
