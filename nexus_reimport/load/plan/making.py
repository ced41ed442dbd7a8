"""What a publication would do, found out by a transaction that PostgreSQL itself keeps from writing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString

import pandas as pd
import psycopg
from psycopg import errors, sql

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.database.rights import refuse_missing_to_plan
from nexus_reimport.load.diff import deletions, diff, left_overs, merge, repair
from nexus_reimport.load.diff.diff import Announce, Diff, StagedTable
from nexus_reimport.load.diff.mass_changes import Excess, find_mass_changes
from nexus_reimport.load.diff.seen_by_plan import as_frame
from nexus_reimport.load.exceptions import RightMissing
from nexus_reimport.load.our_tables import fingerprints, ledger
from nexus_reimport.load.our_tables.figures import NOTHING_KNOWN, MadeOf
from nexus_reimport.load.our_tables.migrations import see_newest
from nexus_reimport.model.columns import Table
from nexus_reimport.model.counts import TableCounts
from nexus_reimport.model.frames import TOUCHED_ROWS
from nexus_reimport.model.nexus import BY_NAME, IMAGES, PATIENTS, TABLES
from nexus_reimport.model.options import Options

SAMPLES = 10

Sample = dict[str, Any]


@dataclass(frozen=True)
class PlannedTable:
    """One table of a plan: counts, how many rows change in each field, and the first rows of each kind.

    A sample has `key` (FileMaker's id), `id` (Nexus's) and, where fields differ, their names.
    """

    counts: TableCounts
    fields: dict[str, int]
    samples: dict[str, list[Sample]]


@dataclass(frozen=True)
class NexusSnapshot:
    """Nexus as it is at one moment, as far as a plan depends on it.

    `target` and `schema` are digests of Nexus's rows by table and of its schema, `rows` how many each table
    holds. `applied`: publications that stand, by the id of the plan they applied.
    """

    target: dict[str, str]
    schema: str
    rows: dict[str, int]
    applied: dict[str, int]


@dataclass(frozen=True)
class Planned:
    """What would be done; `touched`: text columns table, id, action, before (see `ledger.touched`).

    `writes` are digests of what is to be touched (`diff.digest_writes`), `standing` is Nexus as it was.
    `left_over`: by table the ids of all rows of older imports that stay without a partner. `excesses`: where
    too many rows would change at once, which stops the publication unless the run allows it. `seen`: the rows
    to be adopted as they were (`seen_by_plan`).
    """

    tables: dict[str, PlannedTable]
    touched: pd.DataFrame
    writes: dict[str, str]
    standing: NexusSnapshot
    left_over: dict[str, list[str]]
    excesses: Sequence[Excess] = ()
    seen: pd.DataFrame = field(default_factory=lambda: as_frame([]))


def make_plan(
    url: str,
    staged: Mapping[str, StagedTable],
    options: Options,
    unseen: list[str],
    progress: Announce = lambda _: None,
    made_of: MadeOf = NOTHING_KNOWN,
) -> Planned:
    """Return what a publication of these staged tables would do to Nexus as it is now.

    `url` may be of a role that can only read, if it may make temporary tables. `unseen` are S3 keys of
    pictures not looked at yet: what only the picture tells is taken to be as Nexus has it. `made_of`: by
    which code it is decided, of which sources.
    Raises a PublicationError, as the publication itself would.
    """
    try:
        with _reading(url) as connection:
            diff.load(connection, staged)
            if "images" in staged and unseen:
                _take_as_known(connection, unseen)
            decision = diff.diff_tables(connection, staged, options, progress)
            tables = [BY_NAME[name] for name in decision.counts]
            changes = find_mass_changes(connection, tables, made_of, options)
            return replace(_planned(connection, decision), excesses=changes.excesses)
    except psycopg.Error as error:
        raise explained(error) from None


def read_standing(url: str) -> NexusSnapshot:
    """Return what Nexus is now. Reads only. Raises a PublicationError."""
    try:
        with _reading(url) as connection:
            return _standing(connection)
    except psycopg.Error as error:
        raise explained(error) from None


def _standing(connection: Connection) -> NexusSnapshot:
    target = fingerprints.fingerprint_rows(connection)
    return NexusSnapshot(
        target=target,
        schema=fingerprints.fingerprint_schema(connection),
        rows={table.name: fingerprints.rows_of(target[table.name]) for table in TABLES},
        applied=_applied(connection),
    )


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """Yield a connection with the temporary relations, in one snapshot, read-only."""
    with connect(url, "plan") as connection:
        try:
            refuse_missing_to_plan(connection)
            connection.rollback()
            see_newest(connection, diff.create_relations)
            yield connection
        except errors.InsufficientPrivilege as error:
            raise RightMissing(f"The role that plans lacks a right: {error.diag.message_primary}.") from None
        finally:
            connection.rollback()


def _take_as_known(connection: Connection, unseen: list[str]) -> None:
    statement = sql.SQL(
        "UPDATE staged_images s SET {} FROM images_image t WHERE t.id = s.id AND s.s3_key = ANY (%s)"
    )
    assignments = sql.SQL(", ").join(
        sql.SQL("{0} = t.{0}").format(sql.Identifier(column.name))
        for column in IMAGES.columns
        if column.of_the_picture
    )
    connection.execute(statement.format(assignments), [unseen])


def _planned(connection: Connection, decision: Diff) -> Planned:
    return Planned(
        tables={
            name: PlannedTable(
                counts, _fields(connection, BY_NAME[name]), _samples(connection, BY_NAME[name])
            )
            for name, counts in decision.counts.items()
        },
        touched=_touched(connection, decision),
        writes=diff.digest_writes(connection, decision),
        standing=_standing(connection),
        left_over={name: _left_over(connection, BY_NAME[name]) for name in decision.counts},
        seen=_seen(connection, decision),
    )


def _seen(connection: Connection, decision: Diff) -> pd.DataFrame:
    tables = [BY_NAME[name] for name in decision.counts]
    rows = [row for table in tables for row in connection.execute(merge.see_adopted(table)).fetchall()]
    return as_frame(rows)


def _left_over(connection: Connection, table: Table) -> list[str]:
    statement = sql.SQL("SELECT l.id::text FROM {} l ORDER BY l.id").format(left_overs.staying(table))
    return [str(row_id) for (row_id,) in connection.execute(statement)]


# What changes beside the fields from FileMaker: a batch counted anew, a patient out of the archive.
_ALSO: dict[str, LiteralString] = {
    "image_batches": "UNION ALL SELECT 'image_count' FROM recounted r WHERE EXISTS (SELECT"
    " FROM touched_image_batches x WHERE x.id = r.id AND x.action = 'update')",
    "patients": "UNION ALL SELECT 'archived' FROM archived_patients a WHERE NOT a.archived",
}


def _fields(connection: Connection, table: Table) -> dict[str, int]:
    """Count the rows to be updated by each field that changes."""
    statement = sql.SQL(
        "SELECT f, count(*) FROM (SELECT unnest(d.changed) AS f FROM {} d {}) n"
        " GROUP BY f ORDER BY count(*) DESC, f"
    ).format(merge.decided(table), sql.SQL(_ALSO.get(table.name, "")))
    return {str(field): int(count) for field, count in connection.execute(statement)}


_OF_STAGED = """
    SELECT s.source_key, d.id::text, {fields} FROM {decided} d JOIN {staged} s ON s.id = d.id
    WHERE {condition} ORDER BY s.source_key LIMIT {limit}
"""
_ADOPTED = """
    SELECT s.source_key, s.id::text, NULL::text[] FROM {staged} s JOIN {target} t ON t.id = s.id
    WHERE NOT EXISTS (SELECT FROM identities i WHERE i.table_name = {name} AND i.source_key = s.source_key)
    ORDER BY s.source_key LIMIT {limit}
"""
_OF_TARGET = """
    SELECT i.source_key, x.id::text, NULL::text[] FROM {relation} x
    LEFT JOIN identities i ON i.table_name = {name} AND i.id = x.id
    ORDER BY i.source_key, x.id LIMIT {limit}
"""


def _samples(connection: Connection, table: Table) -> dict[str, list[Sample]]:
    """Return the first rows of each kind that there is."""
    found = {
        "insert": _of_staged(connection, table, "NULL::text[]", "d.absent"),
        "update": _of_staged(connection, table, "d.changed", "NOT d.absent AND cardinality(d.changed) > 0"),
        "conflicts": _of_staged(connection, table, "d.conflicts", "cardinality(d.conflicts) > 0"),
        "edits_kept": _of_staged(connection, table, "d.edits", "cardinality(d.edits) > 0"),
        "adopted": _adopted(connection, table),
        "missing": _of_target(connection, table, deletions.missing(table)),
        "left_over": _of_target(connection, table, left_overs.staying(table)),
        "removed": _of_target(connection, table, repair.removed(table)),
    }
    if table in repair.RELINKED_TABLES:
        found["relinked"] = _of_target(connection, table, repair.relinked(table))
    if table is PATIENTS:
        archived = sql.SQL("(SELECT id FROM archived_patients WHERE archived)")
        found["archived"] = _of_target(connection, table, archived)
    return {kind: samples for kind, samples in found.items() if samples}


def _of_staged(
    connection: Connection, table: Table, fields: LiteralString, condition: LiteralString
) -> list[Sample]:
    statement = sql.SQL(_OF_STAGED).format(
        fields=sql.SQL(fields),
        decided=merge.decided(table),
        staged=merge.staged(table),
        condition=sql.SQL(condition),
        limit=sql.Literal(SAMPLES),
    )
    return [_sample(*row) for row in connection.execute(statement)]


def _adopted(connection: Connection, table: Table) -> list[Sample]:
    statement = sql.SQL(_ADOPTED).format(
        staged=merge.staged(table),
        target=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        limit=sql.Literal(SAMPLES),
    )
    return [_sample(*row) for row in connection.execute(statement)]


def _of_target(connection: Connection, table: Table, relation: sql.Composable) -> list[Sample]:
    statement = sql.SQL(_OF_TARGET).format(
        relation=relation, name=sql.Literal(table.name), limit=sql.Literal(SAMPLES)
    )
    return [_sample(*row) for row in connection.execute(statement)]


def _sample(key: str | None, row_id: str, fields: list[str] | None) -> Sample:
    return {"key": key, "id": row_id, **({"fields": fields} if fields else {})}


def _touched(connection: Connection, decision: Diff) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for table in decision.tables:
        statement = sql.SQL("SELECT {}, id::text, action, before::text FROM {} ORDER BY id")
        rows += connection.execute(
            statement.format(sql.Literal(table.name), ledger.touched(table))
        ).fetchall()
    return TOUCHED_ROWS.of(rows)


def _applied(connection: Connection) -> dict[str, int]:
    """Return which plans were applied and stand: by plan, the publication's number."""
    rows = connection.execute(
        "SELECT plan_id, id FROM publications WHERE plan_id IS NOT NULL AND undone_by IS NULL ORDER BY id"
    )
    return {str(plan): int(number) for plan, number in rows}
