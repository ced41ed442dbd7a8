"""The publication: all selected tables, in one transaction, under one lock, links proved before COMMIT."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pandas as pd
import psycopg
from psycopg import errors

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.grants.owner import let_owner_read
from nexus_reimport.load.database.locking import keep_publications_out, lock_tables
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.diff import diff, links
from nexus_reimport.load.diff.diff import Announce, Diff, StagedTable
from nexus_reimport.load.diff.mass_changes import MassChanges, find_mass_changes, refuse_mass_changes
from nexus_reimport.load.exceptions import BrokenLinks, PlanMoved
from nexus_reimport.load.our_tables import ledger
from nexus_reimport.load.our_tables.figures import MadeOf, record_made_of
from nexus_reimport.load.our_tables.ledger import PublicationEntry
from nexus_reimport.load.our_tables.migrations import NEWEST, SCHEMA, upgrade
from nexus_reimport.model.counts import TableCounts
from nexus_reimport.model.options import Options

# What backs up the rows that a decision is about to touch, and returns the backup's name.
TakeBackup = Callable[[Connection, Diff], str | None]


@dataclass(frozen=True)
class PublicationTerms:
    """On what terms a publication happens.

    `planned`: by table, the digest of what the plan said is to be touched (`diff.digest_writes`); where
    the plan is one that a person `approved`, nothing else is written, else what differs is said. `seen`: what
    the plan saw of rows to be adopted. `options`: what the person decided.
    `back_up` is called before the first write, under the locks. `made_of` is kept for the next.
    """

    options: Options = field(default_factory=Options)
    plan_id: str | None = None
    planned: Mapping[str, str] | None = None
    approved: bool = True
    seen: pd.DataFrame | None = None
    back_up: TakeBackup = lambda _connection, _decision: None
    made_of: MadeOf = field(default_factory=MadeOf)


@dataclass(frozen=True)
class Publication:
    """What a publication did. `number` is None where nothing differed and so nothing was written."""

    number: int | None
    tables: dict[str, TableCounts]
    links: list[links.LinkCount]
    backup: str | None = None
    # Tables in which Nexus had moved since the plan, so that it was decided again.
    moved: tuple[str, ...] = ()


def publish(
    url: str,
    run_id: str,
    as_of: datetime,
    staged: Mapping[str, StagedTable],
    before_commit: Callable[[Publication], None] = lambda _: None,
    progress: Announce = lambda _: None,
    terms: PublicationTerms = PublicationTerms(),
) -> Publication:
    """Publish the staged tables, whole or not at all, and return what was done.

    `staged` maps names of `model.nexus` to their frames; `as_of` is the run's instant. `before_commit`
    is called with the outcome while all can still be undone: what it raises undoes everything.
    Raises a PublicationError whose message says what to do; Nexus is then as it was.
    """
    try:
        with connect(url, f"run {run_id}") as connection:
            # PostgreSQL only warns where ANALYZE is not allowed; its words name a table and no row.
            connection.add_notice_handler(lambda notice: progress(f"PostgreSQL: {notice.message_primary}"))
            found = _begin(connection, progress)
            untouched = _rows_written(connection)
            decision = _decide(connection, staged, terms, progress)
            moved = _moved(connection, decision, terms)
            if moved:
                progress(f"Nexus has moved since the plan ({', '.join(moved)}): decided again")
            changes = _changes(connection, decision, terms)
            entry = PublicationEntry(run_id, as_of, plan_id=terms.plan_id)
            outcome = _apply(connection, decision, entry, staged, terms, changes, untouched)
            outcome = replace(outcome, moved=moved)
            before_commit(outcome)
            _refuse_broken_links(outcome.links)
            # A schema that was there is brought to the newest even so, or each reader would have to.
            if outcome.number is None and found in (0, NEWEST):
                connection.rollback()
                # Lacking where an older release made the schema; they are no rows.
                let_owner_read(connection)
            diff.drop_relations(connection)
            return outcome
    except psycopg.Error as error:
        raise explained(error) from None


def _begin(connection: Connection, progress: Announce) -> int:
    """Keep other publications out and bring our schema to the newest; return which version it was of."""
    keep_publications_out(connection)
    found = upgrade(connection)
    if 0 < found < NEWEST:
        progress(f"The schema {SCHEMA} is brought from version {found} to {NEWEST}")
    return found


def _decide(
    connection: Connection, staged: Mapping[str, StagedTable], terms: PublicationTerms, progress: Announce
) -> Diff:
    diff.create_relations(connection)
    diff.load(connection, staged, terms.seen)
    # No sooner: people who save in Nexus wait from here to COMMIT.
    lock_tables(connection, diff.written_tables(staged), progress)
    return diff.diff_tables(connection, staged, terms.options, progress)


def _changes(connection: Connection, decision: Diff, terms: PublicationTerms) -> MassChanges:
    """Return what changes by column; refuse where it is too much. A plan has said so: now it is for sure."""
    tables = [table for table in decision.tables if table.name in decision.counts]
    changes = find_mass_changes(connection, tables, terms.made_of, terms.options)
    refuse_mass_changes(changes.excesses)
    return changes


def _moved(connection: Connection, decision: Diff, terms: PublicationTerms) -> tuple[str, ...]:
    """Return in which tables else is to be written than was planned; refuse it of a plan that was approved.

    Where nothing is left to write there is nothing to refuse: the plan may have been applied by a run
    that was killed after its COMMIT. What nobody has looked at was decided again under the locks: a clinic
    that works all day could otherwise not be published to by day.
    """
    if terms.planned is None or decision.is_empty:
        return ()
    decided = diff.digest_writes(connection, decision)
    moved = tuple(name for name, writes in decided.items() if terms.planned.get(name, "") != writes)
    if moved and terms.approved:
        raise PlanMoved(
            f"Nexus has moved since the plan was made ({', '.join(moved)}): what would be written now is "
            "not what was planned. Nothing was written. Plan again, with plan and backup in the selection."
        )
    return moved


def _apply(
    connection: Connection,
    decision: Diff,
    entry: PublicationEntry,
    staged: Mapping[str, StagedTable],
    terms: PublicationTerms,
    changes: MassChanges,
    untouched: int,
) -> Publication:
    """Write what was decided. `untouched`: how many rows the transaction had written before it."""
    backup = None if decision.is_empty else terms.back_up(connection, decision)
    diff.apply(connection, decision, entry.run_id, entry.as_of)
    _check_constraints(connection)
    broken = [count for table in decision.tables for count in links.count_published_broken(connection, table)]
    number = None
    if _rows_written(connection) > untouched:
        cut = {name: one.cut for name, one in staged.items()}
        number = ledger.record(connection, replace(entry, backup=backup), decision.counts, cut)
        record_made_of(connection, number, terms.made_of, changes.kept)
        for table in decision.tables:
            ledger.record_changes(connection, number, table)
    return Publication(number, decision.counts, broken, backup)


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


def _rows_written(connection: Connection) -> int:
    """Ask the database itself how many rows of permanent tables this transaction has written."""
    row = connection.execute(
        "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
        " WHERE schemaname NOT LIKE 'pg_temp%'"
    ).fetchone()
    return int(row[0]) if row else 0


def _refuse_broken_links(counts: list[links.LinkCount]) -> None:
    """Refuse to commit a row that points at nobody.

    Rows that stay as they were are told by the checks of Nexus: they can't hold up all the others.
    """
    broken = [f"{c.table}.{c.column}: {c.ours}" for c in counts if c.ours]
    if broken:
        raise BrokenLinks(
            f"Rows from FileMaker would point at rows that aren't there ({', '.join(broken)}). Nothing was "
            "written. Materialize nexus_state and what is staged again, then publish."
        )
