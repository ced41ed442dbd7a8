"""`python -m nexus_reimport_tests.adoption STATE`: judges adoption at a size of one's choosing; JSON out."""

import logging
import warnings
from pathlib import Path
from typing import Any

import click
import orjson

from nexus_reimport_tests.adoption.judging import Verdict
from nexus_reimport_tests.adoption.trial import Trial, tried

FOUR = ("appointments", "notes", "documents", "images")
WRITTEN = ("inserted", "updated", "restored", "relinked", "removed", "archived")
EVERYTHING = {"missing_percent": 100.0, "missing_rows": 1_000_000}


@click.command()
@click.argument("state")
@click.option("--scale", type=float, default=0.05, show_default=True, help="1 is the size of the clinic.")
@click.option("--remove", is_flag=True, help=f"Take left-overs out of {', '.join(FOUR)}.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write it here too."
)
def main(state: str, scale: float, remove: bool, json_file: Path | None) -> None:
    """Reimport twice over what STATE, such as older:P2+A2 or empty, leaves of a Nexus; roll back; judge.

    The exit code is 1 where a row went to another record, or anything people made is not as it was.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    options: dict[str, Any] = {"older_imports": dict.fromkeys(FOUR, "remove"), **EVERYTHING} if remove else {}
    trial = tried(state, scale, **options)
    text = orjson.dumps(told(trial), option=orjson.OPT_INDENT_2).decode()
    click.echo(text)
    if json_file:
        json_file.write_text(text + "\n")
    raise SystemExit(0 if is_right(trial) else 1)


def is_right(trial: Trial) -> bool:
    """Whether all went as it must; what is doubled and stays is for people to decide."""
    faultless = not any(verdict.faults for verdict in trial.verdicts.values())
    found = all(verdict.missed <= trial.undecided[name] for name, verdict in trial.verdicts.items())
    return faultless and found and not (trial.touched or trial.left or trial.written_again)


def told(trial: Trial) -> dict[str, Any]:
    """What came of it, in numbers and keys."""
    return {
        "right": is_right(trial),
        "seconds": trial.seconds,
        "tables": {name: _numbers(verdict, trial) for name, verdict in trial.verdicts.items()},
        "touched": trial.touched,
        "written_again": trial.written_again,
        "second_run": {
            name: written
            for name, counts in trial.again.tables.items()
            if (written := {count: counts[count] for count in WRITTEN if counts[count]})
        },
        "not_rolled_back": {relation: len(ids) for relation, ids in trial.left.items()},
    }


def _numbers(verdict: Verdict, trial: Trial) -> dict[str, Any]:
    counts = trial.outcome.tables[verdict.table]
    return {
        "imported": verdict.imported,
        "published": verdict.published,
        "expected": trial.clinic.expected[verdict.table]["published"],
        "right": len(verdict.right),
        **{name: counts[name] for name in ("adopted", "inserted", "left_over", "removed")},
        "missed": len(verdict.missed),
        "undecided": len(trial.undecided[verdict.table]),
        "doubled": len(verdict.doubled),
        "gone_on_with": len(verdict.doubled & verdict.gone_on_with),
        "checked": len(trial.checked[verdict.table]),
        "faults": verdict.faults,
    }


main()
