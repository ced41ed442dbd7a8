"""The publication: all selected tables, in one transaction, under one lock, links proved before COMMIT."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
import psycopg
from psycopg import errors, sql

from nexus_reimport.publish import copying, ledger, links, merge
from nexus_reimport.publish.connection import Connection, connect
from nexus_reimport.publish.exceptions import (
    BrokenLinks,
    PublicationError,
    PublicationInProgress,
    StagedFramesOutdated,
    TargetNotAsExpected,
)
from nexus_reimport.publish.ledger import TableCounts
from nexus_reimport.publish.repair import Repair, repair
from nexus_reimport.schemas.columns import Table
from nexus_reimport.schemas.nexus import BY_NAME

# Any number will do, so long as it never changes: two releases must exclude each other.
ADVISORY_LOCK = 0x6E657875735F7265
LOCK_WAIT = "30s"
# Hash joins of whole tables: what spills to disk takes several times as long.
WORK_MEMORY = "128MB"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class StagedTable:
    """What a publication needs of one staged table: its rows (with `source_key`) and the keys rejected.

    `cut`: how many of the rejected a limit of the run left out; they count as there for the next run.
    `named`: stems (lower case) of files that some metadata names, staged or not.
    """

    rows: pd.DataFrame
    rejected_keys: list[str]
    cut: int = 0
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Publication:
    """What a publication did. `number` is None where nothing differed and so nothing was written."""

    number: int | None
    tables: dict[str, TableCounts]
    links: list[links.LinkCount]


def publish(
    url: str,
    run_id: str,
    as_of: datetime,
    staged: Mapping[str, StagedTable],
    before_commit: Callable[[Publication], None] = lambda _: None,
    progress: Progress = lambda _: None,
) -> Publication:
    """Publish the staged tables, whole or not at all, and return what was done.

    `staged` maps names of `schemas.nexus` to their frames; `as_of` is the run's instant. `before_commit`
    is called with the outcome while all can still be undone: what it raises undoes everything.
    Raises a PublicationError whose message says what to do; Nexus is then as it was.
    """
    try:
        with connect(url, f"run {run_id}") as connection:
            return _publish(connection, run_id, as_of, staged, before_commit, progress)
    except psycopg.Error as error:
        raise _explained(error) from None


def _publish(
    connection: Connection,
    run_id: str,
    as_of: datetime,
    staged: Mapping[str, StagedTable],
    before_commit: Callable[[Publication], None],
    progress: Progress,
) -> Publication:
    tables = [table for name, table in BY_NAME.items() if name in staged]
    # PostgreSQL only warns where ANALYZE is not allowed; its words name a table and no row.
    connection.add_notice_handler(lambda notice: progress(f"PostgreSQL: {notice.message_primary}"))
    _lock(connection, tables)
    ledger.prepare(connection)
    for table in tables:
        progress(f"{table.name}: comparing {len(staged[table.name].rows)} rows")
        _load(connection, table, staged[table.name])
        _refuse_contradictions(connection, table)
    counts = {table.name: _merge(connection, table, staged[table.name]) for table in tables}
    named = [stem for one in staged.values() for stem in one.named]
    for name, mended in repair(connection, run_id, tables, named).items():
        counts[name] = _with_repair(connection, BY_NAME[name], counts[name], mended)
    cut = {name: one.cut for name, one in staged.items()}
    outcome = _outcome(connection, run_id, as_of, tables, counts, cut)
    before_commit(outcome)
    _refuse_broken_links(outcome.links)
    if outcome.number is None:
        connection.rollback()
    return outcome


def _with_repair(connection: Connection, table: Table, counts: TableCounts, mended: Repair) -> TableCounts:
    """Return the counts with what was mended; a staged row that only a recount changed is an updated one."""
    only_recounted = 0
    if mended.recounted:
        only_recounted = _count(connection, _ONLY_RECOUNTED, table, recounted=list(mended.recounted))
    return replace(
        counts,
        relinked=mended.relinked,
        removed=mended.removed,
        updated=counts.updated + only_recounted,
        unchanged=counts.unchanged - only_recounted,
    )


def _lock(connection: Connection, tables: list[Table]) -> None:
    """Keep other publications out, then other writers of the tables, for as long as the transaction lasts.

    Readers are never held up. Patients are locked too, so that none that is pointed at can be deleted
    between the proof of the links and COMMIT.
    """
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(LOCK_WAIT))
    connection.execute(sql.SQL("SET LOCAL work_mem = {}").format(WORK_MEMORY))
    try:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    except errors.LockNotAvailable:
        connection.rollback()
        raise PublicationInProgress(_who_publishes(connection)) from None
    relations = sorted({"patients", *(table.relation for table in tables)})
    names = sql.SQL(", ").join(map(sql.Identifier, relations))
    connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))


def _who_publishes(connection: Connection) -> str:
    row = connection.execute(
        """
        SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted
            AND ((l.classid::bigint << 32) | l.objid::bigint) = %s
        """,
        [ADVISORY_LOCK],
    ).fetchone()
    holder = row[0] if row else "another publication that has just ended"
    return f"Nexus is being published to by «{holder}». Wait for it to end, then run again."


def _load(connection: Connection, table: Table, staged: StagedTable) -> None:
    connection.execute(merge.create_staged(table))
    copying.copy_frame(connection, staged.rows, f"staged_{table.name}")
    connection.execute(sql.SQL("ANALYZE {}").format(merge.staged(table)))


def _refuse_contradictions(connection: Connection, table: Table) -> None:
    row = connection.execute(merge.count_contradicted_identities(table)).fetchone()
    if row and row[0]:
        raise StagedFramesOutdated(
            f"{table.name}: {row[0]} staged ids are not the ones kept in Nexus since. Materialize "
            f"nexus_state and staged/{table.name} again, then publish."
        )


def _merge(connection: Connection, table: Table, staged: StagedTable) -> TableCounts:
    connection.execute(merge.create_decided(table))
    restored = _count(connection, _RESTORED, table)
    connection.execute(merge.upsert(table))
    connection.execute(merge.keep_digests(table))
    connection.execute(merge.keep_identities(table))
    tally = connection.execute(_TALLY.format(decided=merge.decided(table))).fetchone() or (0, 0, 0, 0)
    inserted, updated, conflicts, edits = tally
    if inserted or updated:
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table.relation)))
    rows, rejected = len(staged.rows), len(staged.rejected_keys)
    missing = _count(connection, _MISSING, table, rejected=staged.rejected_keys)
    return TableCounts(
        read=rows + rejected,
        inserted=inserted,
        updated=updated,
        unchanged=rows - inserted - updated,
        rejected=rejected,
        missing=missing,
        conflicts=conflicts,
        edits_kept=edits,
        restored=restored,
    )


_TALLY = sql.SQL(
    """
    SELECT count(*) FILTER (WHERE absent), count(*) FILTER (WHERE cardinality(changed) > 0),
        count(*) FILTER (WHERE cardinality(conflicts) > 0), count(*) FILTER (WHERE cardinality(edits) > 0)
    FROM {decided}
    """
)
_RESTORED = """
    SELECT count(*) FROM {decided} d JOIN nexus_reimport.identities i
        ON i.table_name = %(name)s AND i.id = d.id WHERE d.absent
"""
_MISSING = """
    SELECT count(*) FROM nexus_reimport.identities i JOIN {target} t ON t.id = i.id
    WHERE i.table_name = %(name)s AND i.source_key <> ALL (%(rejected)s::text[])
        AND NOT EXISTS (SELECT FROM {staged} s WHERE s.source_key = i.source_key)
"""


_ONLY_RECOUNTED = """
    SELECT count(*) FROM {staged} s WHERE s.id = ANY (%(recounted)s)
        AND NOT EXISTS (SELECT FROM {decided} d
            WHERE d.id = s.id AND (d.absent OR cardinality(d.changed) > 0))
"""


def _count(connection: Connection, statement: str, table: Table, **given: object) -> int:
    composed = sql.SQL(statement).format(
        decided=merge.decided(table), staged=merge.staged(table), target=sql.Identifier(table.relation)
    )
    row = connection.execute(composed, {"name": table.name, **given}).fetchone()
    return int(row[0]) if row else 0


def _outcome(
    connection: Connection,
    run_id: str,
    as_of: datetime,
    tables: list[Table],
    counts: dict[str, TableCounts],
    cut: dict[str, int],
) -> Publication:
    _check_constraints(connection)
    broken = [count for table in tables for count in links.count_broken(connection, table)]
    wrote = _wrote_anything(connection)
    number = ledger.record(connection, run_id, as_of, counts, cut) if wrote else None
    return Publication(number, counts, broken)


def _check_constraints(connection: Connection) -> None:
    try:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except errors.ForeignKeyViolation as error:
        constraint, relation = error.diag.constraint_name, error.diag.table_name
        raise BrokenLinks(
            f"{relation}: a row would point at a row that isn't there ({constraint}). Publish what it "
            "points at too, or first; or, if that has left Nexus since, materialize nexus_state and what "
            "is staged again."
        ) from None


def _wrote_anything(connection: Connection) -> bool:
    """Ask the database itself whether this transaction has written a row of a permanent table."""
    row = connection.execute(
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) > 0 FROM pg_stat_xact_user_tables"
        " WHERE schemaname NOT LIKE 'pg_temp%'"
    ).fetchone()
    return bool(row and row[0])


def _refuse_broken_links(counts: list[links.LinkCount]) -> None:
    broken = [f"{c.table}.{c.column}: {c.ours}" for c in counts if c.ours]
    if broken:
        raise BrokenLinks(
            f"Rows from FileMaker would point at rows that aren't there ({', '.join(broken)}). Nothing was "
            "written. Materialize nexus_state and what is staged again, then publish."
        )


def _explained(error: psycopg.Error) -> PublicationError:
    """Say what a database error means, without the values that PostgreSQL puts in its detail."""
    diagnosis = error.diag
    where = ".".join(filter(None, [diagnosis.table_name, diagnosis.column_name or diagnosis.constraint_name]))
    match error:
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return TargetNotAsExpected(
                f"Nexus's schema is not the one expected: {diagnosis.message_primary}."
            )
        case errors.UniqueViolation():
            return StagedFramesOutdated(
                f"{where}: somebody else's row took a FileMaker id since staging. Materialize nexus_state "
                "and what is staged again, then publish."
            )
        case errors.LockNotAvailable() | errors.DeadlockDetected():
            return PublicationInProgress(
                f"Nexus's tables were in use for longer than {LOCK_WAIT}. Nothing was written; run again."
            )
    return PublicationError(
        f"PostgreSQL refused ({error.sqlstate or 'connection lost'} {type(error).__name__}) {where}. "
        "Nothing was written; run again, and look at the database's own log if it stays."
    )
