"""What every command needs: the environment, a console, options that several take, and how one ends."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson
from rich.console import Console

from nexus_reimport.exceptions import SettingsRefused
from nexus_reimport.settings import SettingsMissing, load_dotenv_file, require_settings

DONE, FAILED, WRONG_USE = 0, 1, 2
PIPE_WIDTH = 120
# Bytes; as people read sizes.
MEGABYTE = 1_000_000
WRITES_TO_NEXUS = "This writes to Nexus. Go on?"

in_json = click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the outcome here too."
)


class TableName(click.ParamType[str]):
    """The name of a published table, or one of some other names."""

    name = "table"

    def __init__(self, *others: str) -> None:
        """Take these names too."""
        self._others = others

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail naming those there are."""
        from nexus_reimport.model.nexus import BY_NAME

        names = (*BY_NAME, *self._others)
        if value not in names:
            self.fail(f"{value!r} is none of {', '.join(names)}.", param, ctx)
        return value


class ShrinkingName(click.ParamType[str]):
    """The name of what may shrink: a table, a source, or one field of a source."""

    name = "table|source|source.field"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail naming the tables and sources there are, or the source's fields."""
        from nexus_reimport.model.nexus import BY_NAME
        from nexus_reimport.model.sources import FIELDS

        source, dot, field = value.partition(".")
        if dot and source in FIELDS and field not in FIELDS[source]:
            self.fail(f"{value!r}: {source} has {', '.join(FIELDS[source])}.", param, ctx)
        if source not in FIELDS and (dot or source not in BY_NAME):
            self.fail(f"{value!r} is none of {', '.join({**BY_NAME, **FIELDS})}.", param, ctx)
        return value


class ColumnName(click.ParamType[str]):
    """The name of a column that is published from FileMaker: `patients.dob`."""

    name = "table.column"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail naming the tables or the table's columns."""
        from nexus_reimport.model.nexus import BY_NAME

        table, _, column = value.partition(".")
        if table not in BY_NAME:
            self.fail(f"{value!r}: write TABLE.COLUMN. Tables: {', '.join(BY_NAME)}.", param, ctx)
        names = [one.name for one in BY_NAME[table].named("source")]
        if column not in names:
            self.fail(f"{value!r}: {table} has {', '.join(names)}.", param, ctx)
        return value


def finish(outcome: Any, json_file: Path | None) -> NoReturn:
    """Write a run's outcome where asked, and end with the exit code that says how it went."""
    write_json(json_file, outcome)
    raise SystemExit(DONE if outcome.right else FAILED)


def write_json(json_file: Path | None, content: Any) -> None:
    """Write content as JSON, where a file is named."""
    if json_file:
        json_file.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


@contextmanager
def importing() -> Iterator[None]:
    """Import two thousand modules faster: they leave nothing to collect, and looking for it costs a fifth."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def open_console() -> Console:
    """Return the console of this process: as wide as its terminal, or wide enough for a table in a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def require_environment() -> None:
    """Read `.env`; refuse, naming all of them, where settings are missing or can't be used."""
    load_dotenv_file()
    try:
        require_settings()
    except (SettingsMissing, SettingsRefused) as error:
        refuse(str(error))


def require_answer(*, yes: bool) -> None:
    """Refuse where neither `--yes` was given nor anybody is at a terminal: what is piped in is no answer."""
    if not yes and not os.isatty(0):
        refuse("Nothing was done: there is no terminal to ask at. Add --yes to go on without being asked.")


def ask(question: str, *, yes: bool) -> None:
    """Return where a person says yes, or `--yes` did; end where nobody does, or nobody can be asked."""
    require_answer(yes=yes)
    if not yes and not click.confirm(question):
        raise SystemExit(FAILED)


def refuse(message: str) -> NoReturn:
    """End with a message and the exit code of wrong use."""
    click.echo(message, err=True)
    raise SystemExit(WRONG_USE)
