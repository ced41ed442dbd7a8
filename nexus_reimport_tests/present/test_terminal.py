"""What a person at a terminal sees: tables, failures, and one line that says it all."""

import io

import pytest
from rich.console import Console

from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.present import terminal

COUNTS = {
    "read": 2845,
    "inserted": 2842,
    "updated": 0,
    "unchanged": 0,
    "missing": 0,
    "conflicts": 0,
    "edits_kept": 0,
    "restored": 0,
    "rejected": {"no_name": 3},
}


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=110)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_table_says_what_was_read_written_and_rejected_and_why(console: Console) -> None:
    console.print(terminal.tables_table({"patients": COUNTS}))
    [line] = [line for line in shown(console).splitlines() if "patients" in line]
    cells = [cell.strip() for cell in line.strip("│┃").split("│")]
    assert cells == ["patients", "2,845", "2,842", "0", "0", "3", "no_name: 3"]
    assert "conflicts" not in shown(console)


def test_what_seldom_happens_has_a_column_when_it_does(console: Console) -> None:
    console.print(terminal.tables_table({"patients": {**COUNTS, "conflicts": 2, "edits_kept": 1}}))
    assert "conflicts" in shown(console)
    assert "edits kept" in shown(console)
    assert "missing" not in shown(console)


def test_a_dry_run_has_staged_rows_in_place_of_written_ones(console: Console) -> None:
    console.print(
        terminal.tables_table({"notes": {"read": 3, "staged": 2, "rejected": {"empty_content": 1}}})
    )
    assert "staged" in shown(console)
    assert "inserted" not in shown(console)


def test_failed_checks_and_failures_are_named_with_what_to_do(console: Console) -> None:
    passed = {
        "asset": "nexus/notes",
        "check": "fine",
        "passed": True,
        "severity": "ERROR",
        "says": "All fine.",
    }
    failed = {
        **passed,
        "asset": "staged/notes",
        "check": "not_shrunk",
        "passed": False,
        "says": "notes [/] shrank",
    }
    warned = {**failed, "check": "curious", "severity": "WARN", "says": "look at it"}
    outcome = RunOutcome(
        "r1", False, 2.0, False, {}, {}, [passed, failed, warned], ["nexus: refused [for] a reason"]
    )
    terminal.show_outcome(console, outcome)
    lines = shown(console).splitlines()
    assert lines == [
        "staged/notes, not_shrunk: notes [/] shrank",
        "staged/notes, curious: look at it",
        "nexus: refused [for] a reason",
        "Not done in 2.0 s: run r1, 1 of 3 checks passed.",
    ]
