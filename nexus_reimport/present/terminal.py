"""What a person at a terminal sees of a run: bars while it goes on, then tables; plain in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from nexus_reimport.model.counts import AT_A_TERMINAL, BY_NAME, READ
from nexus_reimport.model.outcome import Counts, RunOutcome
from nexus_reimport.orchestration import progress as steps
from nexus_reimport.orchestration.records.overview import Overview, Report
from nexus_reimport.orchestration.terminal_logger import EventListener


class _Bars:
    """One bar a step, drawn while it runs."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def on_event(self, event: dg.DagsterEvent) -> None:
        step = event.step_key or ""
        if event.event_type_value == "STEP_START":
            self._tasks[step] = self._bars.add_task(step_name(step), total=None)
        elif event.event_type_value == "STEP_SUCCESS" and step in self._tasks:
            self._bars.update(self._tasks[step], total=1, completed=1)
        elif event.event_type_value == "STEP_FAILURE" and step in self._tasks:
            self._bars.update(self._tasks[step], description=f"[red]{step_name(step)}: failed")

    def on_progress(self, step: str, done: int, total: int | None) -> None:
        if step in self._tasks:
            self._bars.update(self._tasks[step], completed=done, total=total)


@contextmanager
def run_display(console: Console) -> Iterator[EventListener]:
    """Yield a listener that shows a run's events on the console: bars on a terminal, lines in a pipe."""
    if not console.is_terminal:
        yield lambda event: _say(console, event)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        display = _Bars(bars)
        stop = steps.listen(display.on_progress)
        try:
            yield display.on_event
        finally:
            stop()


def _say(console: Console, event: dg.DagsterEvent) -> None:
    if event.event_type_value == "STEP_SUCCESS" and event.step_key:
        seconds = event.step_success_data.duration_ms / 1000
        console.print(f"{step_name(event.step_key)}: done in {seconds:.1f} s", highlight=False)
    elif event.event_type_value == "STEP_FAILURE" and event.step_key:
        console.print(f"{step_name(event.step_key)}: failed", highlight=False)


def step_name(step: str) -> str:
    """Return a step's name as the asset graph shows it."""
    return step.replace("__", "/")


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
    if name == "staged" or BY_NAME[name].is_always_shown:
        return any(name in counts for counts in tables.values())
    return any(counts.get(name) for counts in tables.values())


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


def show_reports(console: Console, reports: list[Report], what: str) -> None:
    """Print each row that something is said of: key, the field to blame and the reason; then how many.

    The table goes first where the rows are of several.
    """
    is_of_several = len({one["table"] for one in reports}) > 1
    for one in reports:
        said = (one["table"] if is_of_several else "", one["key"], one["field"], one["reason"])
        console.print("  ".join(filter(None, said)), highlight=False, markup=False)
    console.print(f"{len(reports):,} {what}.", highlight=False)
