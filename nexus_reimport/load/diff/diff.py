"""What a publication would do, decided row by row into temporary relations before anything is written.

A plan and a publication decide by the same SQL: what is planned is what is applied, or nothing is.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import pandas as pd
from psycopg import sql

from nexus_reimport.load.database import copying, encoding
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import deletions, left_overs, links, merge, references, repair
from nexus_reimport.load.diff import seen_by_plan as seen
from nexus_reimport.load.diff.contact_entries.diff import decide_entries
from nexus_reimport.load.diff.contact_entries.fragments import create_entries_relation
from nexus_reimport.load.exceptions import LeftOversUnknown, StagedFramesOutdated
from nexus_reimport.load.our_tables import ledger
from nexus_reimport.model.columns import Table
from nexus_reimport.model.counts import TableCounts
from nexus_reimport.model.nexus import BY_NAME, IMAGE_BATCHES, IMAGES, PATIENTS, TABLES
from nexus_reimport.model.options import Options
from nexus_reimport.transform.imported_keys import stem_of

# Hash joins of whole tables: what spills to disk takes several times as long.
WORK_MEMORY = "128MB"

Announce = Callable[[str], None]


@dataclass(frozen=True)
class StagedTable:
    """What a publication needs of one staged table: its rows (with `source_key`) and the keys rejected.

    `cut`: how many of the rejected a limit of the run left out; they count as there for the next run.
    `named`: stems (lower case) of files that some metadata names, staged or not. `astray`: those of them
    whose patient is neither staged nor in Nexus.
    """

    rows: pd.DataFrame
    rejected_keys: list[str]
    cut: int = 0
    named: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diff:
    """What is to become of each selected table, in counts. The rows are in `touched_<table>`.

    `tables`: those selected, and batches where images alone are and change how many a batch holds; these
    have no counts. `touched`: by table, how many rows are to be touched.
    """

    tables: tuple[Table, ...]
    counts: dict[str, TableCounts]
    touched: dict[str, int]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all would be written."""
        return not any(self.touched.values())


def create_relations(connection: Connection) -> None:
    """Make every temporary relation of a decision, empty; they last as long as the connection."""
    statements: list[sql.Composable] = []
    for table in TABLES:
        columns = sql.SQL(
            "CREATE TEMPORARY TABLE {} (id uuid PRIMARY KEY, action text NOT NULL, before uuid)"
        )
        statements += [
            merge.create_staged(table),
            seen.create_seen_relation(table),
            merge.create_decided(table),
        ]
        statements.append(columns.format(ledger.touched(table)))
        if table.made_of_entries:
            statements.append(create_entries_relation(table))
    statements += [
        *repair.create_repairs(),
        *deletions.create_deletions(),
        *left_overs.create_left_overs(),
    ]
    connection.execute(sql.SQL("; ").join(statements))


def drop_relations(connection: Connection) -> None:
    """Drop the temporary relations now: PostgreSQL would, and forget their statistics, a little later."""
    connection.execute("DISCARD TEMPORARY")


def load(
    connection: Connection, staged: Mapping[str, StagedTable], before: pd.DataFrame | None = None
) -> None:
    """Put the staged rows into their temporary relations, and what a plan saw `before` (`seen_by_plan`).

    Raises EncodingUnfit where the database's encoding can't hold them.
    """
    encoding.refuse_unfit(connection, {name: one.rows for name, one in staged.items()})
    for name, one in staged.items():
        copying.copy_frame(connection, one.rows, f"staged_{name}")
        connection.execute(sql.SQL("ANALYZE {}").format(merge.staged(BY_NAME[name])))
        if before is not None:
            seen.load(connection, before, BY_NAME[name])


def diff_tables(
    connection: Connection,
    staged: Mapping[str, StagedTable],
    options: Options,
    progress: Announce = lambda _: None,
) -> Diff:
    """Decide on the loaded rows and return what is to become of them.

    Only temporary relations are written, so a read-only transaction will do. Raises StagedFramesOutdated
    where ids contradict those kept, TooManyMissing or TooManyLeftOver where more would go than the run
    allows, LeftOversUnknown where older imports' rows are to go by a run that does not know their partners,
    BrokenLinks where a row would point at one that will not be there.
    """
    tables = [table for table in TABLES if table.name in staged]
    connection.execute(sql.SQL("SET LOCAL work_mem = {}").format(WORK_MEMORY))
    for table in tables:
        progress(f"{table.name}: comparing {len(staged[table.name].rows)} rows")
        _refuse_contradictions(connection, table)
        wins = options.filemaker_wins(table.name)
        decide_entries(connection, table, staged[table.name].rows, filemaker_wins=wins)
        connection.execute(merge.fill_decided(table, filemaker_wins=wins))
        # Its other columns are wide, and nothing is looked up by them.
        connection.execute(sql.SQL("ANALYZE {} (id, absent)").format(merge.decided(table)))
        deletions.find_missing(connection, table, _rejected(table, staged))
    named = [stem for one in staged.values() for stem in one.named]
    astray = [stem for one in staged.values() for stem in one.astray]
    repair.decide_repair(connection, tables, named, astray, references.no_neighbour_points_at)
    _find_left_overs(connection, tables, staged, options)
    if PATIENTS in tables:
        deletions.bring_back(connection)
    for table in reversed(TABLES):
        if table in tables:
            deletions.decide_missing(connection, table, options, named)
            left_overs.decide_left_overs(connection, table, options)
        if table is IMAGE_BATCHES:
            repair.decide_batches(connection, tables, references.no_neighbour_points_at)
    repair.leave_out_removed(connection)
    links.refuse_broken_to_come(connection, tables)
    concerned = [table for table in TABLES if table.name in written_tables(staged)]
    touched = {table.name: connection.execute(_touch(table)).rowcount for table in concerned}
    counts = {table.name: _counted(connection, table, staged[table.name]) for table in tables}
    return Diff(tuple(concerned), counts, touched)


def written_tables(staged: Collection[str]) -> set[str]:
    """Return which tables a publication of these writes to: images change what their batches count."""
    return {*staged, *([IMAGE_BATCHES.name] if IMAGES.name in staged else [])}


def _find_left_overs(
    connection: Connection, tables: list[Table], staged: Mapping[str, StagedTable], options: Options
) -> None:
    """Find the rows of older imports without a partner, unless a limit has left partners out."""
    if not any(one.cut for one in staged.values()):
        for table in tables:
            one = staged[table.name]
            left_overs.find(connection, table, one.rejected_keys, one.named)
    elif unknown := [one.name for one in tables if options.word("older_imports", one.name) == "remove"]:
        raise LeftOversUnknown(
            f"{', '.join(unknown)}: a run with a limit does not know which rows of older imports have a "
            "partner in FileMaker, so it removes none. Nothing was written. Run without the limit."
        )


def digest_writes(connection: Connection, decision: Diff) -> dict[str, str]:
    """Return by table a digest of what is to be touched, how, and what it is now; empty for nothing."""
    return {table.name: _writes(connection, table) for table in decision.tables}


def _rejected(table: Table, staged: Mapping[str, StagedTable]) -> list[str]:
    """Return by which names `deletions.find_missing` knows what was read and rejected."""
    one = staged[table.name]
    if table is IMAGE_BATCHES:
        return staged["patients"].rejected_keys if "patients" in staged else []
    if table is IMAGES:
        return sorted({stem_of(key).lower() for key in one.rejected_keys}.intersection(one.named))
    return one.rejected_keys


def _refuse_contradictions(connection: Connection, table: Table) -> None:
    row = connection.execute(merge.count_contradicted_identities(table)).fetchone()
    if row and row[0]:
        raise StagedFramesOutdated(
            f"{table.name}: {row[0]} staged ids are not the ones kept in Nexus since. Materialize "
            f"nexus_state and staged/{table.name} again, then publish."
        )


def _touch(table: Table) -> sql.Composed:
    """Return SQL that lists every row to be touched, once: the strongest of what happens to it."""
    also: list[sql.Composable] = [sql.SQL("")]
    if table in repair.RELINKED_TABLES:
        also.append(sql.SQL("UNION ALL SELECT id, 4 FROM {}").format(repair.relinked(table)))
    if table is IMAGE_BATCHES:
        also.append(sql.SQL("UNION ALL SELECT id, 4 FROM recounted"))
    if table is PATIENTS:
        also.append(
            sql.SQL("UNION ALL SELECT id, CASE WHEN archived THEN 3 ELSE 4 END FROM archived_patients")
        )
    return sql.SQL(
        """
        INSERT INTO {touched} (id, action, before)
        SELECT x.id, (ARRAY['delete', 'insert', 'archive', 'update', 'digest'])[x.rank], md5(t::text)::uuid
        FROM (SELECT id, min(rank) AS rank FROM (
                SELECT id, 1 AS rank FROM {removed}
                UNION ALL SELECT id, 2 FROM {decided} WHERE absent
                UNION ALL SELECT id, 4 FROM {decided} WHERE cardinality(changed) > 0
                UNION ALL SELECT id, 5 FROM {decided} WHERE stale
                UNION ALL SELECT id, 5 FROM {staged} s WHERE NOT EXISTS (SELECT FROM identities i
                    WHERE i.table_name = {name} AND i.source_key = s.source_key)
                {also}) a GROUP BY id) x
        LEFT JOIN {target} t ON t.id = x.id
        """
    ).format(
        touched=ledger.touched(table),
        removed=repair.removed(table),
        decided=merge.decided(table),
        staged=merge.staged(table),
        name=sql.Literal(table.name),
        also=sql.SQL(" ").join(also),
        target=sql.Identifier(table.relation),
    )


def _writes(connection: Connection, table: Table) -> str:
    """Return a digest of what is to be touched; empty where nothing is."""
    statement = sql.SQL(
        "SELECT encode(sha256(convert_to(string_agg(x.id || x.action || coalesce(x.before::text, '')"
        " || coalesce(d.whole::text, md5(d::text), ''), '' ORDER BY x.id), 'UTF8')), 'hex')"
        " FROM {} x LEFT JOIN {} d ON d.id = x.id"
    )
    row = connection.execute(statement.format(ledger.touched(table), merge.decided(table))).fetchone()
    return str(row[0]) if row and row[0] else ""


_TALLY = """
    SELECT count(*) FILTER (WHERE absent) AS inserted,
        count(*) FILTER (WHERE NOT absent AND cardinality(changed) > 0) AS updated,
        count(*) FILTER (WHERE cardinality(conflicts) > 0) AS conflicts,
        count(*) FILTER (WHERE cardinality(edits) > 0) AS edits_kept,
        count(*) FILTER (WHERE absent AND EXISTS (SELECT FROM identities i
            WHERE i.table_name = {name} AND i.id = d.id)) AS restored,
        (SELECT count(*) FROM {missing}) AS missing,
        (SELECT count(*) FROM {missing} n WHERE NOT EXISTS (SELECT FROM {removed} x WHERE x.id = n.id)
            AND NOT EXISTS (SELECT FROM {archived} x WHERE x.id = n.id)) AS missing_kept,
        (SELECT count(*) FROM {removed}) AS removed,
        (SELECT count(*) FROM {relinked} x) AS relinked,
        (SELECT count(*) FROM {archived} x) AS archived,
        (SELECT count(*) FROM {staged} s JOIN {target} t ON t.id = s.id WHERE NOT EXISTS (
            SELECT FROM identities i WHERE i.table_name = {name} AND i.source_key = s.source_key)) AS adopted,
        (SELECT count(*) FROM {left_over} l) AS left_over,
        (SELECT count(*) FROM {touched} x JOIN {staged} s ON s.id = x.id WHERE x.action = 'update'
            AND NOT EXISTS (SELECT FROM {decided} e
                WHERE e.id = x.id AND cardinality(e.changed) > 0)) AS otherwise
    FROM {decided} d
"""
_NOTHING = sql.SQL("(SELECT NULL::uuid AS id WHERE false)")
_ARCHIVED = sql.SQL("(SELECT id FROM archived_patients WHERE archived)")


def _counted(connection: Connection, table: Table, staged: StagedTable) -> TableCounts:
    statement = sql.SQL(_TALLY).format(
        name=sql.Literal(table.name),
        missing=deletions.missing(table),
        removed=repair.removed(table),
        relinked=repair.relinked(table) if table in repair.RELINKED_TABLES else _NOTHING,
        archived=_ARCHIVED if table is PATIENTS else _NOTHING,
        target=sql.Identifier(table.relation),
        left_over=left_overs.staying(table),
        touched=ledger.touched(table),
        staged=merge.staged(table),
        decided=merge.decided(table),
    )
    cursor = connection.execute(statement)
    names = [column.name for column in cursor.description or ()]
    found: dict[str, int] = dict(zip(names, cursor.fetchone() or (), strict=True))
    otherwise = found.pop("otherwise")
    rows, rejected = len(staged.rows), len(staged.rejected_keys)
    updated = found.pop("updated") + otherwise
    return TableCounts(
        read=rows + rejected,
        updated=updated,
        unchanged=rows - found["inserted"] - updated,
        rejected=rejected,
        **found,
    )


def apply(connection: Connection, decision: Diff, run_id: str, as_of: object) -> None:
    """Write what was decided, and nothing else; `as_of` is the run's instant."""
    for table in decision.tables:
        connection.execute(merge.insert_new(table))
        connection.execute(merge.update_changed(table))
        connection.execute(merge.insert_digests(table))
        connection.execute(merge.update_digests(table))
        connection.execute(merge.keep_identities(table))
        counts = decision.counts.get(table.name)
        if counts and counts.written:
            connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table.relation)))
    repair.apply_relinks(connection, decision.tables)
    for table in reversed(decision.tables):
        repair.apply_removals(connection, run_id, table)
    if IMAGE_BATCHES in decision.tables:
        repair.apply_recounts(connection)
    if PATIENTS in decision.tables:
        deletions.apply_archiving(connection, as_of)
