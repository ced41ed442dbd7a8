"""Backups around a publication: taken and proved ahead of it, or, at the latest, under its own locks."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import psycopg
from obstore.store import ObjectStore
from psycopg import IsolationLevel, sql

from nexus_reimport.load.backup.manifest import Backup, Header
from nexus_reimport.load.backup.proof import Proof, prove
from nexus_reimport.load.backup.selection import touched_rows
from nexus_reimport.load.backup.taking import covers, take
from nexus_reimport.load.database import copying
from nexus_reimport.load.database.connection import connect
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.our_tables.migrations import find_version
from nexus_reimport.model.columns import Table


@dataclass(frozen=True)
class ProvedBackup:
    """A backup, and the proof that it can be restored."""

    backup: Backup
    proof: Proof


def back_up_ahead(
    url: str, store: ObjectStore, header: Header, rows: pd.DataFrame, tables: Sequence[Table]
) -> ProvedBackup | None:
    """Back up the rows that a plan says are to be touched, and prove it; None where there are none.

    `rows`: text columns table, id, action. Raises a PublicationError; SchemaNewer among them.
    """
    try:
        with connect(url, f"backup {header.name}") as connection:
            find_version(connection)
            for table in tables:
                _list_touched(connection, table, rows)
            connection.commit()
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            backup = take(connection, store, header, tables)
            connection.rollback()
            proof = prove(connection, store, header.name) if backup else None
            connection.execute("DISCARD TEMPORARY")
            return ProvedBackup(backup, proof) if backup and proof else None
    except psycopg.Error as error:
        raise explained(error) from None


def back_up_now(
    connection: psycopg.Connection,
    store: ObjectStore,
    header: Header,
    tables: Sequence[Table],
    ahead: str | None,
) -> str | None:
    """Return the backup that holds just what is to be touched: the one taken ahead, else a new one, proved.

    For the publication itself, under its locks and before its first write: somebody may have changed a
    row since the backup was taken ahead, and a selection may have left it out.
    """
    if ahead and covers(connection, store, ahead, tables):
        return ahead
    if take(connection, store, header, tables) is None:
        return None
    return prove(connection, store, header.name).name


def _list_touched(connection: psycopg.Connection, table: Table, rows: pd.DataFrame) -> None:
    columns = sql.SQL("CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY, action text NOT NULL)")
    connection.execute(columns.format(touched_rows(table)))
    listed = rows.loc[rows["table"] == table.name, ["id", "action"]]
    copying.copy_frame(connection, listed, f"touched_{table.name}")
    connection.execute(sql.SQL("ANALYZE {}").format(touched_rows(table)))
