"""What a person at a terminal sees of a plan: what would change, table by table, with rows by key."""

import os
from typing import Any

from rich.console import Console
from rich.table import Table

from nexus_reimport.automation.launch import RunOutcome
from nexus_reimport.clients.frame_store import open_store
from nexus_reimport.publish.plans import PlanRecord, load_plan
from nexus_reimport.terminal import tables_table

# How each kind of sample is marked, as other planning tools do.
MARKS = {
    "insert": ("green", "+"),
    "update": ("yellow", "~"),
    "relinked": ("yellow", "~"),
    "removed": ("red", "-"),
    "missing": ("red", "?"),
    "conflicts": ("magenta", "!"),
    "edits_kept": ("cyan", "="),
    "rejected": ("red", "x"),
}
# At a terminal; the plan itself, in the UI and as JSON, has more of each kind.
SHOWN = 3
MEANINGS = {
    "insert": "new",
    "update": "changed",
    "relinked": "linked to its patient again",
    "removed": "taken out, and kept aside",
    "missing": "gone from FileMaker, kept in Nexus",
    "conflicts": "changed on both sides",
    "edits_kept": "a person's edit in Nexus stays",
    "rejected": "not published",
}


def show_plan(console: Console, plan: PlanRecord) -> None:
    """Print a plan: the first rows of each kind, fields that change, counts, and how to apply it."""
    for name, table in plan["tables"].items():
        _show_table(console, name, table)
    console.print(tables_table(plan["tables"]))
    if to_make := plan["thumbnails"]["to_make"]:
        console.print(
            f"{to_make:,} thumbnails are to be made. A picture that can't be read will be rejected by name.",
            highlight=False,
        )
    console.print(f"Plan {plan['id']}, as of {plan['as_of']}. Nothing was written.", highlight=False)
    console.print(f"Apply just this: nexus-reimport run --plan {plan['id']}", highlight=False)


def show_plan_of(console: Console, outcome: RunOutcome) -> None:
    """Print the plan that a dry run has made, if it came to one."""
    if outcome.plan:
        show_plan(console, load_plan(open_store(os.environ["NEXUS_REIMPORT_STORAGE"]), outcome.plan))


def _show_table(console: Console, name: str, table: dict[str, Any]) -> None:
    if not table["samples"] and not table["fields"]:
        return
    console.print(f"[bold]{name}[/]", highlight=False)
    for kind, samples in table["samples"].items():
        colour, mark = MARKS[kind]
        for one in samples[:SHOWN]:
            what = ", ".join(one.get("fields", [])) or one.get("reason", "") or MEANINGS[kind]
            key = one.get("key") or one.get("id")
            console.print(f"  [{colour}]{mark}[/] {key}  {what}", highlight=False)
    for field, rows in table["fields"].items():
        console.print(f"    {field}: {rows:,} rows change", highlight=False)


def plans_table(plans: list[PlanRecord]) -> Table:
    """Return a table of plans, a line each."""
    table = Table()
    for name in ("plan", "made at", "would insert", "would update", "would remove"):
        table.add_column(name)
    for plan in plans:
        counts = plan["tables"].values()
        sums = (f"{sum(one[kind] for one in counts):,}" for kind in ("inserted", "updated", "removed"))
        table.add_row(plan["id"], plan["made_at"], *sums)
    return table
