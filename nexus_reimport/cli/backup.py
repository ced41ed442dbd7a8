"""`nexus-reimport backup …`: backups of rows and dumps of all of Nexus: listed, proved, made, fetched."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nexus_reimport.cli.session import (
    FAILED,
    MEGABYTE,
    finish,
    importing,
    in_json,
    open_console,
    require_environment,
    write_json,
)

PUBLICATIONS = 10_000


@click.group()
def backup_group() -> None:
    """Backups of what publications touched, and dumps of the whole database."""


@backup_group.command("list")
@in_json
def list_all(json_file: Path | None) -> None:
    """List backups and dumps, newest first: whose they are, how large, and whether they are whole."""
    require_environment()
    from nexus_reimport.load.backup.listing import list_backups, list_dumps

    store, console = _store(), open_console()
    of, reachable = _publications()
    backups, dumps = list_backups(store), list_dumps(store)
    if not reachable:
        click.echo("Nexus's database does not answer, so it is not known which publications these are of.")
    console.print(_table("Backups", backups, of) if backups else "There is no backup yet.")
    console.print(_table("Dumps of the whole database", dumps) if dumps else "There is no dump yet.")
    write_json(
        json_file,
        {
            "backups": [{**_plain(one), "publication": of.get(one.name)} for one in backups],
            "dumps": [_plain(one) for one in dumps],
        },
    )


@backup_group.command()
@click.argument("name", required=False)
@in_json
def verify_command(name: str | None, json_file: Path | None) -> None:
    """Read every byte of a backup or dump (all, if none is named), restore it elsewhere, and compare."""
    require_environment()
    found = [
        *(_verified("backup", one, _prove_backup) for one in _named("backups", name)),
        *(_verified("dump", one, _prove_dump) for one in _named("dumps", name)),
    ]
    if name and not found:
        raise click.ClickException(f"There is no backup or dump {name}. See: nexus-reimport backup list")
    for one in found:
        mark = "right" if one["right"] else "NOT RIGHT"
        click.echo(f"{one['kind']} {one['name']}: {mark}. {one['says']}")
    click.echo(f"{sum(one['right'] for one in found)} of {len(found)} are right.")
    write_json(json_file, found)
    raise SystemExit(0 if all(one["right"] for one in found) else FAILED)


@backup_group.command()
@in_json
def dump_command(json_file: Path | None) -> None:
    """Dump the whole of Nexus's database and prove the dump by restoring it elsewhere."""
    require_environment()
    with importing():
        from nexus_reimport.definitions import environment_resources
        from nexus_reimport.launching.instance import open_instance
        from nexus_reimport.launching.op_jobs import dump_definitions, launch_dump
        from nexus_reimport.launching.run_display import run_display

    console = open_console()
    with open_instance() as instance, run_display(console) as listener:
        outcome = launch_dump(dump_definitions(environment_resources()), instance, listener)
    if told := outcome.counts:
        proved = "proved" if told["proved"] else f"not proved: {told['why_not_proved']}"
        size = told["bytes"] / MEGABYTE
        console.print(
            f"{told['dump']}: {told['tables']:,} tables, {told['rows']:,} rows, {size:,.1f} MB; {proved}.",
            highlight=False,
        )
    for failure in outcome.failures:
        console.print(failure, style="red", highlight=False, markup=False)
    end = "Done" if outcome.success else "Not done"
    console.print(f"{end} in {outcome.seconds:.1f} s: run {outcome.run_id}.", highlight=False)
    finish(outcome, json_file)


@backup_group.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def fetch(name: str, file: Path) -> None:
    """Copy the dump NAME out of the storage into FILE, for pg_restore. Its digest is checked."""
    require_environment()
    from nexus_reimport.load.backup import fetch_dump
    from nexus_reimport.load.backup.exceptions import BackupError

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already. Name another file.") from None
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as target:
            tables = fetch_dump(_store(), name, target)
    except BackupError:
        file.unlink()
        raise
    rows = sum(one.rows for one in tables.values())
    click.echo(f"{file}: {len(tables):,} tables, {rows:,} rows; every byte is as written.")
    click.echo("It holds patients' data. Restore it with pg_restore, as docs/safety.md says; then delete it.")


def _store() -> Any:
    from nexus_reimport.storage.frame_store import open_store

    return open_store(os.environ["NEXUS_REIMPORT_STORAGE"])


def _publications() -> tuple[dict[str, str], bool]:
    """Return which publication or rollback each backup is of, by its name; and whether Nexus answered."""
    from nexus_reimport.load.exceptions import PublicationError
    from nexus_reimport.validate.verification import read_publications

    try:
        found = read_publications(os.environ["NEXUS_DATABASE_URL"], PUBLICATIONS)
    except PublicationError:
        return {}, False
    return {one["backup"]: f"{one['kind']} {one['number']}" for one in found if one["backup"]}, True


def _table(title: str, listed: list[Any], of: dict[str, str] | None = None) -> Any:
    """Return a table of backups or dumps. What was published was proved before anything was written."""
    from rich.table import Table

    from nexus_reimport.launching.active_runs import local_time

    table = Table(title=title)
    for column in ("name", "made at", "run", *(["of"] if of is not None else []), "state"):
        table.add_column(column, no_wrap=column in ("name", "made at"))
    for column in ("tables", "rows", "MB"):
        table.add_column(column, justify="right")
    for one in listed:
        whose = (of or {}).get(one.name, "")
        state = f"{one.state}, proved" if whose and one.state == "whole" else one.state
        figures = (f"{one.tables:,}", f"{one.rows:,}", f"{one.bytes / MEGABYTE:,.1f}")
        table.add_row(
            one.name,
            local_time(one.made_at),
            (one.run_id or "")[:8],
            *([whose] if of is not None else []),
            state,
            *(figures if one.state == "whole" else ()),
        )
    return table


def _named(folder: str, name: str | None) -> list[str]:
    """Return the names of what is to be verified: the one that is named, or all that were finished.

    What was never finished is no backup, unless a publication says that it is its own.
    """
    from nexus_reimport.load.backup.retention import by_age
    from nexus_reimport.load.backup.sealed_folders import is_sealed

    store = _store()
    of, _ = _publications()
    there = by_age(store, folder)
    if name:
        return [one for one in there if one == name]
    return [one for one in there if one in of or is_sealed(store, f"{folder}/{one}")]


def _verified(kind: str, name: str, prove: Callable[[str], str]) -> dict[str, Any]:
    from nexus_reimport.load.backup.exceptions import BackupError

    try:
        return {"kind": kind, "name": name, "right": True, "says": prove(name)}
    except BackupError as error:
        return {"kind": kind, "name": name, "right": False, "says": str(error)}


def _prove_backup(name: str) -> str:
    """Read a backup, restore it into temporary tables, compare, and say so."""
    from nexus_reimport.load.backup import prove
    from nexus_reimport.load.database.connection import connect
    from nexus_reimport.load.our_tables.migrations import find_version

    with connect(os.environ["NEXUS_DATABASE_URL"], f"verify {name}") as connection:
        find_version(connection)
        proof = prove(connection, _store(), name)
    return f"{proof.rows:,} rows of {proof.relations} relations were restored, and are as they were."


def _prove_dump(name: str) -> str:
    """Read a dump, restore it into a scratch database, compare, and say so."""
    from nexus_reimport.load.backup import prove_dump

    proof = prove_dump(os.environ["NEXUS_DATABASE_URL"], _store(), name)
    if not proof.is_proved:
        return f"Every byte is as written; it was not restored: {proof.reason}."
    return f"{proof.rows:,} rows of {proof.tables} tables were restored, and are as they were."


def _plain(one: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one)
