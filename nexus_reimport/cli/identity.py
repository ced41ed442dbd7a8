"""`nexus-reimport identity …`: who a row is."""

import os
from pathlib import Path

import click

from nexus_reimport.cli.session import require_environment


@click.group()
def identity() -> None:
    """Who a row is."""


@identity.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def import_former(file: Path) -> None:
    """Keep the former UUIDs of patients from an old backup FILE (patients.json)."""
    from nexus_reimport.load.our_tables.previous_ids import keep_former, parse_backup

    require_environment()
    kept = keep_former(os.environ["NEXUS_DATABASE_URL"], parse_backup(file.read_bytes(), file.name))
    click.echo(
        f"{kept.added:,} former identities kept, {kept.known:,} were known, {kept.unusable:,} patients in "
        "the file have no FileMaker id. The next reimport links what points at them."
    )
