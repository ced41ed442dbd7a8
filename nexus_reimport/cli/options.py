"""Options that several commands take: how a run treats limits, conflicts, deletions and missing rows."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from nexus_reimport.cli.session import ColumnName, ShrinkingName, TableName
from nexus_reimport.publish.choices import WITHOUT_CLINIC

Command = TypeVar("Command", bound=Callable[..., Any])


class TableChoice(click.ParamType[tuple[str, str]]):
    """`TABLE=WORD`, where the word is one of those given; `only` has words that one table alone may have."""

    name = "table=word"

    def __init__(self, *words: str, only: Mapping[str, str] | None = None) -> None:
        self.words = words
        self.only = only or {}

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return table and word, or fail naming those there are."""
        table, _, word = str(value).partition("=")
        if word not in self.words:
            self.fail(f"{value!r}: write TABLE={' or TABLE='.join(self.words)}.", param, ctx)
        if table != self.only.get(word, table):
            self.fail(f"{value!r}: only {self.only[word]} can be {word}d.", param, ctx)
        return TableName().convert(table, param, ctx), word


_OPTIONS = (
    click.option("--limit", type=click.IntRange(min=1), help="Only so many patients, and what is theirs."),
    click.option(
        "--allow-shrunk",
        multiple=True,
        type=ShrinkingName(),
        help="A table, a source, or a field of one (contacts.DOB) that may have lost over a tenth.",
    ),
    click.option(
        "--allow-change",
        multiple=True,
        type=ColumnName(),
        help="A column (patients.dob) in which any number of rows may lose or change their value.",
    ),
    click.option(
        "--conflicts",
        multiple=True,
        type=TableChoice("nexus", "filemaker"),
        metavar="TABLE=WHO",
        help="Who wins where a person changed a field: nexus (the default) or filemaker.",
    ),
    click.option(
        "--deleted",
        multiple=True,
        type=TableChoice("restore", "stay"),
        metavar="TABLE=WHAT",
        help="Rows deleted in Nexus: restore (the default) or stay.",
    ),
    click.option(
        "--on-missing",
        multiple=True,
        type=TableChoice("keep", "archive", "remove", only={"archive": "patients"}),
        metavar="TABLE=WHAT",
        help="Rows gone from FileMaker: keep (the default), archive (patients) or remove.",
    ),
    click.option(
        "--older-imports",
        multiple=True,
        type=TableChoice("report", "stay", "remove"),
        metavar="TABLE=WHAT",
        help="Rows of older imports without a partner in FileMaker: report (the default), stay or remove.",
    ),
    click.option(
        "--without-clinic",
        type=click.Choice(WITHOUT_CLINIC),
        help="Appointments for which there is no clinic: publish (the default) or hold them back.",
    ),
    click.option(
        "--missing-percent",
        type=click.FloatRange(0, 100),
        help="No more of a table is archived or removed.  [default: 1]",
    ),
    click.option(
        "--missing-rows",
        type=click.IntRange(min=0),
        help="Nor more of its rows than this.  [default: 50]",
    ),
    click.option(
        "--as-of", metavar="INSTANT", help="The run's instant, ISO 8601 with offset.  [default: now]"
    ),
)


def in_choices(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def run_options(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen as the run's options; what was not is left to their defaults."""
    options = dict(chosen)
    for name in ("conflicts", "deleted", "on_missing", "older_imports"):
        options[name] = dict(options[name])
    for name in ("allow_shrunk", "allow_change"):
        options[name] = list(options[name])
    return {name: value for name, value in options.items() if value not in (None, [], {})}
