"""What a person at a terminal sees of a plan: what would change, table by table, with rows by key."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nexus_reimport.load.plan.stored_plans import PlanRecord, load_plan
from nexus_reimport.model.counts import COUNT_BY_NAME, COUNTS, LISTED, MAIN, WRITTEN, Line
from nexus_reimport.model.options import of_plan
from nexus_reimport.model.outcome import RunOutcome, in_numbers
from nexus_reimport.model.reasons import explain
from nexus_reimport.model.words import clinic_time, counted, number
from nexus_reimport.storage.frame_store import open_store

OVERRULED = "edited in Nexus; FileMaker's value goes over the edit"
# At a terminal; the plan itself, in the UI and as JSON, has more of each kind.
_SHOWN = 3
_REJECTED = "red", "x"
# The columns of the last table, and what each is called before anything has happened.
COLUMNS = {one.name: one.ahead for one in COUNTS if one.ahead}


def show_plan(console: Console, plan: PlanRecord) -> None:
    """Print a plan: by table what would change and the first rows, then counts, and how to apply it."""
    for name, table in plan["tables"].items():
        for line in _table_lines(name, table, plan["options"]):
            console.print(line, highlight=False)
    console.print(_counts_table(plan["tables"]))
    for line in _mass_change_lines(plan):
        console.print(line, highlight=False)
    if to_make := plan["thumbnails"]["to_make"]:
        console.print(
            f"{counted(to_make, 'thumbnail')} to make first. If a picture can't be read, this plan is"
            " refused, and the next one says so.",
            highlight=False,
        )
    console.print(_summary(plan["tables"]), highlight=False)
    made = clinic_time(datetime.fromisoformat(plan["made_at"]))
    console.print(f"Plan {plan['id']}, made {made}. Nothing was written.", highlight=False)
    console.print(f"To do just this: nexus-reimport run --plan {plan['id']}", highlight=False)


def show_plan_of(console: Console, outcome: RunOutcome) -> None:
    """Print the plan that a dry run has made, if it came to one."""
    if outcome.plan:
        show_plan(console, load_plan(open_store(os.environ["NEXUS_REIMPORT_STORAGE"]), outcome.plan))


def _table_lines(name: str, table: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is to be said of one table; of one where nothing happens, a line."""
    unchanged = counted(table["unchanged"], "row") + " unchanged"
    # A plan of an older release lacks the later counts.
    kinds = [name for name in LISTED if table.get(name)]
    if not kinds and not table["rejected"]:
        yield f"[bold]{name}[/]: nothing to do, {unchanged}"
        return
    yield f"[bold]{name}[/]: {unchanged}"
    for count in kinds:
        line = cast("Line", COUNT_BY_NAME[count].line)
        overruled = count == "conflicts" and of_plan(options).filemaker_wins(name)
        words = (OVERRULED if overruled else line.words) + _details(count, table)
        yield f"  [{line.colour}]{line.mark}[/] {number(table[count])} {words}"
        yield from _sample_lines(table["samples"].get(line.sample, []), table[count])
    for reason, rows in table["rejected"].items():
        colour, mark = _REJECTED
        yield f"  [{colour}]{mark}[/] {number(rows)} rejected, {reason}: {escape(explain(name, reason))}"


def _details(count: str, table: Mapping[str, Any]) -> str:
    """Return what more is to be said of a kind of rows: which fields, which of them come back."""
    if count == "updated" and table["fields"]:
        return ": " + ", ".join(f"{field} in {number(rows)}" for field, rows in table["fields"].items())
    if count == "inserted" and table.get("restored"):
        return f", {number(table['restored'])} of them back after they were deleted there"
    if count == "missing" and "missing_kept" in table:
        return f"; {number(table['missing_kept'])} of them stay in Nexus as they are"
    return ""


def _sample_lines(samples: list[dict[str, Any]], total: int) -> Iterator[str]:
    for one in samples[:_SHOWN]:
        yield "      " + "  ".join(
            filter(None, [one.get("key") or one.get("id"), ", ".join(one.get("fields", []))])
        )
    if samples and total > _SHOWN:
        yield f"      … and {number(total - _SHOWN)} more"


def _mass_change_lines(plan: PlanRecord) -> Iterator[str]:
    """Yield where too much would change at once: red where it stops the run."""
    found = plan.get("mass_changes", [])
    for one in found:
        yield f"  [{'red' if one['stops'] else 'yellow'}]![/] {escape(one['says'])}"
    if stopping := dict.fromkeys(one["column"] for one in found if one["stops"]):
        how = " ".join(f"--allow-change {column}" for column in stopping)
        yield f"[bold red]A run stops here[/]. If it is right in FileMaker: {how}"


def _counts_table(tables: Mapping[str, Mapping[str, Any]]) -> Table:
    counts = {name: in_numbers(table) for name, table in tables.items()}
    shown = [
        name
        for name in COLUMNS
        if COUNT_BY_NAME[name].is_always_shown or any(one.get(name) for one in counts.values())
    ]
    table = Table()
    table.add_column("table", no_wrap=True)
    for name in shown:
        table.add_column(COLUMNS[name], justify="right", no_wrap=True)
    for name, one in counts.items():
        table.add_row(name, *(number(one.get(column, 0)) for column in shown))
    return table


def _summary(tables: Mapping[str, Mapping[str, Any]]) -> str:
    sums = {
        count: sum(table.get(count, 0) for table in tables.values()) for count in LISTED if count in WRITTEN
    }
    if not any(sums.values()):
        return "[bold]Nothing to do[/]: Nexus has what FileMaker has."
    said = [f"{number(rows)} {COLUMNS[count]}" for count, rows in sums.items() if rows or count in MAIN]
    return f"[bold]Plan[/]: {', '.join(said)}."


def plans_table(plans: list[PlanRecord]) -> Table:
    """Return a table of plans, a line each."""
    table = Table()
    shown = [name for name in WRITTEN if name in MAIN]
    for name in ("plan", "made", *(COLUMNS[name] for name in shown)):
        table.add_column(name)
    for plan in plans:
        counts = plan["tables"].values()
        sums = (number(sum(one.get(kind, 0) for one in counts)) for kind in shown)
        table.add_row(plan["id"], clinic_time(datetime.fromisoformat(plan["made_at"])), *sums)
    return table
