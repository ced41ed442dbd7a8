"""`nexus-reimport rollback`: Nexus as it was before a publication."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.other_runs import ending_if_refused
from nexus_reimport.cli.session import (
    FAILED,
    WRITES_TO_NEXUS,
    ask,
    importing,
    in_json,
    open_console,
    refuse,
    require_answer,
    require_environment,
    write_json,
)
from nexus_reimport.model.counts import TAKEN_BACK

CONFLICTS_SHOWN = 100
MEANINGS = {
    "changed": "changed since",
    "edited": "changed since; the other fields were set back",
    "deleted": "deleted since",
    "came back": "was deleted, and is there again",
    "in use": "would go, but a row that stays hangs on it",
    "orphaned": "as it was, it pointed at a row that is gone",
}


@click.command()
@click.option(
    "--to",
    type=click.IntRange(min=1),
    metavar="PUBLICATION",
    help="Back to before this one; all since is undone too.  [default: the newest]",
)
@click.option("--keep-edits", is_flag=True, help="Leave what people changed since as it is.")
@click.option("--discard-edits", is_flag=True, help="Set back such rows too: what was changed is lost.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_json
def rollback_command(
    to: int | None, keep_edits: bool, discard_edits: bool, yes: bool, json_file: Path | None
) -> None:
    """Put Nexus back to what it was before the newest publication, whole or not at all.

    Where people changed rows since, it lists them and does nothing, unless told what becomes of them.
    A rollback is undone by another. The numbers of publications: nexus-reimport status.
    """
    if keep_edits and discard_edits:
        refuse("--keep-edits and --discard-edits exclude each other.")
    require_answer(yes=yes)
    require_environment()
    with importing():
        from nexus_reimport.load.rollback import preview

    foreseen = preview(os.environ["NEXUS_DATABASE_URL"], to)
    _show_foreseen(foreseen)
    ask(WRITES_TO_NEXUS, yes=yes)
    edits = "keep" if keep_edits else "discard" if discard_edits else "refuse"
    outcome, report = _launched({"to": min(foreseen.numbers), "edits": edits, "expected": foreseen.numbers})
    rows = _rows_of(outcome.run_id)
    _show_outcome(outcome, rows, report)
    write_json(json_file, {**_plain(outcome), "rows": rows})
    raise SystemExit(0 if outcome.right else FAILED)


def _show_foreseen(foreseen: Any) -> None:
    """Say what would be undone, when it was done, and how many rows of each table that is."""
    from nexus_reimport.launching.active_runs import local_time

    console = open_console()
    console.print("This undoes:")
    for one in foreseen.undone:
        console.print(f"  {one.kind} {one.number} of {local_time(one.at)}, run {one.run_id}", highlight=False)
    if set(foreseen.effect.fallen) - {one.number for one in foreseen.undone}:
        gone = ", ".join(map(str, foreseen.effect.fallen))
        console.print(f"Standing now, and not after it: publication {gone}", highlight=False)
    if foreseen.effect.risen:
        again = ", ".join(map(str, foreseen.effect.risen))
        console.print(f"Taken back before, and standing again: publication {again}", highlight=False)
    ahead = {one.of: one.ahead for one in TAKEN_BACK if one.ahead}
    console.print(_counts_table(foreseen.tables, ahead))


def _counts_table(tables: Mapping[str, Mapping[str, int]], columns: Mapping[str, str]) -> Any:
    from rich.table import Table

    table = Table()
    table.add_column("table", no_wrap=True)
    for heading in columns.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for name, counts in tables.items():
        table.add_row(name, *(f"{counts[column]:,}" for column in columns))
    return table


def _launched(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """Run the job on the same Dagster instance as the UI; return its outcome and where its report is."""
    with importing():
        from nexus_reimport.definitions import environment_resources
        from nexus_reimport.launching.instance import open_instance
        from nexus_reimport.launching.op_jobs import launch_rollback, rollback_definitions
        from nexus_reimport.launching.run_display import run_display
        from nexus_reimport.orchestration.records.run_report import make_report, stored_report

    location, url = os.environ["NEXUS_REIMPORT_STORAGE"], os.environ["NEXUS_DATABASE_URL"]
    with open_instance() as instance, ending_if_refused():
        with run_display(open_console()) as listener:
            definitions = rollback_definitions(environment_resources())
            outcome = launch_rollback(definitions, instance, config, listener)
        run_id = outcome.run_id
        return outcome, stored_report(run_id, location) or make_report(instance, run_id, url, location)


def _rows_of(run_id: str) -> dict[str, list[dict[str, str]]]:
    """Return the rows in the rollback's way, by what became of them: table, id, what is with them."""
    from dataclasses import asdict

    from nexus_reimport.load.rollback.rows_kept import load_rows
    from nexus_reimport.storage.frame_store import open_store

    found = load_rows(open_store(os.environ["NEXUS_REIMPORT_STORAGE"]), run_id)
    return {name: [asdict(one) for one in getattr(found, name)] for name in ("refused", "left", "discarded")}


def _show_outcome(outcome: Any, rows: Mapping[str, list[dict[str, str]]], report: Any) -> None:
    """Print what was done by table, rows that were in the way, and how it ended."""
    console = open_console()
    if outcome.counts:
        columns = {name: name.replace("_", " ") for name in ("taken_out", "put_back", "brought_back", "left")}
        console.print(_counts_table(outcome.counts["tables"], columns))
        in_part = [one for one in rows["left"] if one["what"] == "edited"]
        _show_rows(console, [one for one in rows["left"] if one not in in_part], "Left as they are")
        _show_rows(console, in_part, "Left in part")
        _show_rows(console, rows["discarded"], "Set back, though they had been changed")
        console.print(outcome.counts["says"], highlight=False)
    if rows["refused"]:
        _show_rows(console, rows["refused"], "Nothing was taken back. In the way")
        console.print("Run it again with --keep-edits, which leaves what people edited as it is,")
        console.print("or with --discard-edits, which sets back what was changed since.")
    else:
        for failure in outcome.failures:
            console.print(failure, style="red", highlight=False, markup=False)
    end = "[green]Done" if outcome.right else "[red]Not done"
    console.print(f"{end}[/] in {outcome.seconds:.1f} s: run {outcome.run_id}.", highlight=False)
    console.print(f"Report: {report.url or report.place}", highlight=False, markup=False, soft_wrap=True)


def _show_rows(console: Any, rows: list[dict[str, str]], heading: str) -> None:
    """Print rows by table and id, as many as a person reads."""
    if not rows:
        return
    console.print(f"{heading} ({len(rows):,}):", highlight=False)
    for one in rows[:CONFLICTS_SHOWN]:
        console.print(f"  {one['table']} {one['id']}: {MEANINGS[one['what']]}", highlight=False)
    if len(rows) > CONFLICTS_SHOWN:
        console.print(
            f"  and {len(rows) - CONFLICTS_SHOWN:,} more; all of them: --json FILE", highlight=False
        )


def _plain(outcome: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(outcome)
