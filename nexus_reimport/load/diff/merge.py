"""The SQL of a merge, made from a table's columns: what is staged, what differs, who decides each field.

Three values of each field are held against each other: staged (FileMaker now), the target's (Nexus now)
and the digest of what was last written. A field that a person has changed in Nexus since stays theirs,
unless the run is told that FileMaker wins; so does an entry, of a value made of entries. The ledger's
relations are named without their schema: a plan over a Nexus that has none yet puts empty ones in their
place.
"""

from collections.abc import Callable, Iterable

from psycopg import sql

from nexus_reimport.load.diff import adopted_values
from nexus_reimport.load.diff import seen_by_plan as seen
from nexus_reimport.load.diff.contact_entries import fragments as entries
from nexus_reimport.load.our_tables.ledger import entries_column
from nexus_reimport.model.columns import Column, Table

Fragment = sql.Composable


def staged(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation that holds a table's staged rows."""
    return sql.Identifier(f"staged_{table.name}")


def decided(table: Table) -> sql.Identifier:
    """Return the name of the temporary relation that holds what is to become of each differing row."""
    return sql.Identifier(f"decided_{table.name}")


def written(table: Table) -> sql.Identifier:
    """Return the name of the relation with the digests of a table's rows as last written."""
    return sql.Identifier(f"written_{table.name}")


def create_staged(table: Table) -> sql.Composed:
    """Return DDL for the staged rows, with the very types that the target has."""
    return sql.SQL(
        "CREATE TEMPORARY TABLE {} AS SELECT ''::text AS source_key, {} FROM {} WITH NO DATA"
    ).format(staged(table), _names(table.columns), sql.Identifier(table.relation))


def create_decided(table: Table) -> sql.Composed:
    """Return DDL for what is to become of the rows that differ: the columns that `_decision` returns."""
    columns = table.named("source")
    return sql.SQL(
        """
        CREATE TEMPORARY TABLE {} AS
        SELECT id, false AS absent, '{{}}'::text[] AS changed, '{{}}'::text[] AS conflicts,
            '{{}}'::text[] AS edits, {}, {}, {} NULL::uuid AS whole, false AS unwritten, false AS stale
        FROM {} WITH NO DATA
        """
    ).format(
        decided(table),
        _names(columns),
        _comma(sql.SQL("NULL::uuid AS {}").format(sql.Identifier(f"digest_{c.name}")) for c in columns),
        sql.SQL("").join(
            sql.SQL("NULL::uuid[] AS {},").format(sql.Identifier(entries_column(c)))
            for c in table.made_of_entries
        ),
        sql.Identifier(table.relation),
    )


def fill_decided(table: Table, *, filemaker_wins: bool) -> sql.Composed:
    """Return SQL that compares staged, target and digests, and decides each field of the rows that differ."""
    return sql.SQL("INSERT INTO {} {}").format(
        decided(table), _decision(table, filemaker_wins=filemaker_wins)
    )


def _decision(table: Table, *, filemaker_wins: bool) -> sql.Composed:
    """Return the query that decides each field of the rows that differ.

    The result has `id`, `absent`, `changed`, `conflicts` and `edits` (arrays of column names), `stale`
    (digests are to be written), `unwritten` (there are none yet), the merged value of each source column
    under its name, its new digest under `digest_…`, and those of its entries under `entries_…`. Rows equal on
    all three sides are not in it. Where FileMaker wins, each field that a person changed is a conflict: none
    of these edits is kept.
    """
    columns = table.named("source")
    wins = sql.SQL("true" if filemaker_wins else "false")
    return sql.SQL(
        """
        SELECT s.id, t.id IS NULL AS absent, {changed} AS changed, {conflicts} AS conflicts,
            {edits} AS edits, m.*, g.*, n.*,
            k.whole, w.id IS NULL AS unwritten,
            w.id IS NULL OR ({digests_new}) IS DISTINCT FROM ({digests_old})
                OR w.whole IS DISTINCT FROM k.whole {stale_entries} AS stale
        FROM {staged} s
        LEFT JOIN {target} t ON t.id = s.id
        LEFT JOIN {written} v ON v.id = s.id
        LEFT JOIN {seen} p ON p.id = s.id
        {entries}
        -- OFFSET 0 keeps the planner from computing a digest again wherever it is named
        CROSS JOIN LATERAL (SELECT {hashes} OFFSET 0) h
        CROSS JOIN LATERAL (SELECT v.id, v.whole, {last_written}) w
        CROSS JOIN LATERAL (SELECT {values} OFFSET 0) m
        CROSS JOIN LATERAL (SELECT {new_digests} OFFSET 0) g
        CROSS JOIN LATERAL (SELECT {new_entries} OFFSET 0) n
        CROSS JOIN LATERAL (
            SELECT CASE WHEN {merged} IS NOT DISTINCT FROM {staged_row} THEN {whole} END AS whole OFFSET 0) k
        WHERE t.id IS NULL OR w.id IS NULL OR w.whole IS DISTINCT FROM {whole}
            OR {staged_row} IS DISTINCT FROM {target_row} OR {is_mended} {unknown_entries}
        """
    ).format(
        staged=staged(table),
        target=sql.Identifier(table.relation),
        written=written(table),
        seen=seen.seen_relation(table),
        changed=sql.SQL(" || ").join((_list_where(columns, _changes), _mended_names(table))),
        is_mended=sql.SQL(" OR ").join(
            [sql.SQL("false"), *(_is_mended(*one) for one in adopted_values.mended(table).items())]
        ),
        conflicts=_list_where(columns, _edited if filemaker_wins else _conflicts),
        edits=sql.SQL("'{}'::text[]") if filemaker_wins else _list_where(columns, _edited_only),
        merged=_row("m", columns),
        staged_row=_row("s", columns),
        target_row=_row("t", columns),
        whole=digest_of(sql.SQL("{}::text").format(_row("s", columns))),
        hashes=_comma(_hash_pair(c) for c in columns),
        last_written=_comma(_last_written(table, c) for c in columns),
        values=_comma(_merged(c, wins) for c in columns),
        new_digests=_comma(_new_digest(c, wins) for c in columns),
        digests_new=_comma(_field("g", f"digest_{c.name}") for c in columns),
        digests_old=_comma(_field("w", c.name) for c in columns),
        entries=entries.joined_entries(table),
        new_entries=entries.new_digests(table),
        stale_entries=entries.are_stale(table),
        unknown_entries=entries.are_unknown(table),
    )


def see_adopted(table: Table) -> sql.Composed:
    """Return the query of the rows to be adopted, as a plan sees them: table, id, digests of the fields."""
    return sql.SQL(
        """
        SELECT {name}, t.id::text, ARRAY[{digests}]::text
        FROM {staged} s JOIN {target} t ON t.id = s.id
        WHERE NOT EXISTS (SELECT FROM {written} v WHERE v.id = s.id) ORDER BY t.id
        """
    ).format(
        name=sql.Literal(table.name),
        digests=_comma(_hash("t", column) for column in table.named("source")),
        staged=staged(table),
        target=sql.Identifier(table.relation),
        written=written(table),
    )


def insert_new(table: Table) -> sql.Composed:
    """Return SQL that inserts the rows that are not there."""
    return sql.SQL(
        "INSERT INTO {target} ({names}) SELECT {values}"
        " FROM {decided} d JOIN {staged} s ON s.id = d.id WHERE d.absent"
    ).format(
        target=sql.Identifier(table.relation),
        names=_names(table.columns),
        values=_comma(_field("d" if c.role == "source" else "s", c.name) for c in table.columns),
        decided=decided(table),
        staged=staged(table),
    )


def update_changed(table: Table) -> sql.Composed:
    """Return SQL that updates the rows that have a changed field, and no other."""
    return sql.SQL(
        "UPDATE {target} t SET {assignments} FROM {decided} d JOIN {staged} s ON s.id = d.id"
        " WHERE t.id = d.id AND NOT d.absent AND cardinality(d.changed) > 0"
    ).format(
        target=sql.Identifier(table.relation),
        assignments=_comma(
            [
                *(
                    sql.SQL("{} = {}").format(
                        sql.Identifier(c.name), _field("d" if c.role == "source" else "s", c.name)
                    )
                    for c in table.named("source", "stamp")
                ),
                *(
                    sql.SQL("{} = {}").format(sql.Identifier(name), value)
                    for name, value in adopted_values.mended(table).items()
                ),
            ]
        ),
        decided=decided(table),
        staged=staged(table),
    )


def insert_digests(table: Table) -> sql.Composed:
    """Return SQL that writes the digests of rows that have none yet."""
    written_names, decided_names = zip(*_digest_columns(table), strict=True)
    return sql.SQL(
        "INSERT INTO {written} (id, whole, {names}) SELECT d.id, d.whole, {values} FROM {decided} d"
        " WHERE d.unwritten"
    ).format(
        written=written(table),
        names=_comma(map(sql.Identifier, written_names)),
        values=_comma(_field("d", name) for name in decided_names),
        decided=decided(table),
    )


def update_digests(table: Table) -> sql.Composed:
    """Return SQL that writes the digests of rows whose digests have changed."""
    return sql.SQL(
        "UPDATE {written} w SET whole = d.whole, {assignments} FROM {decided} d"
        " WHERE d.id = w.id AND d.stale AND NOT d.unwritten"
    ).format(
        written=written(table),
        assignments=_comma(
            sql.SQL("{} = {}").format(sql.Identifier(name), _field("d", decided_name))
            for name, decided_name in _digest_columns(table)
        ),
        decided=decided(table),
    )


def _digest_columns(table: Table) -> list[tuple[str, str]]:
    """Return the names of the digests as they are kept, and as they are decided."""
    columns = [(column.name, f"digest_{column.name}") for column in table.named("source")]
    return columns + [(entries_column(column),) * 2 for column in table.made_of_entries]


def keep_identities(table: Table) -> sql.Composed:
    """Return SQL that keeps the identity of staged rows that have none yet."""
    return sql.SQL(
        """
        INSERT INTO identities (table_name, source_key, id)
        SELECT {name}, s.source_key, s.id FROM {staged} s
        WHERE NOT EXISTS (SELECT FROM identities i
            WHERE i.table_name = {name} AND i.source_key = s.source_key)
        """
    ).format(name=sql.Literal(table.name), staged=staged(table))


def count_contradicted_identities(table: Table) -> sql.Composed:
    """Return SQL that counts staged rows whose id is not the one kept for their key, or is another's."""
    return sql.SQL(
        """
        SELECT (SELECT count(*) FROM {staged} s JOIN identities i
                ON i.table_name = {name} AND i.source_key = s.source_key AND i.id <> s.id)
            + (SELECT count(*) FROM {staged} s JOIN identities i
                ON i.table_name = {name} AND i.id = s.id AND i.source_key <> s.source_key)
        """
    ).format(name=sql.Literal(table.name), staged=staged(table))


def _names(columns: Iterable[Column]) -> Fragment:
    return _comma(sql.Identifier(column.name) for column in columns)


def _comma(fragments: Iterable[Fragment]) -> Fragment:
    return sql.SQL(", ").join(fragments)


def _field(alias: str, name: str) -> Fragment:
    return sql.Identifier(alias, name)


def _compared(alias: str, column: Column) -> Fragment:
    """Return the value as it counts in a comparison: a jsonb object without its volatile keys."""
    value = _field(alias, column.name)
    if not column.volatile_keys:
        return value
    return sql.SQL("CASE jsonb_typeof({0}) WHEN 'object' THEN {0} - {1}::text[] ELSE {0} END").format(
        value, sql.Literal(list(column.volatile_keys))
    )


def _row(alias: str, columns: tuple[Column, ...]) -> Fragment:
    return sql.SQL("ROW({})").format(_comma(_compared(alias, column) for column in columns))


def differs_from_written(target: str, digests: str, column: Column) -> Fragment:
    """Say that a row has another value than was last written. The aliases: of the target, of its digests."""
    return sql.SQL("{} <> {}").format(_field(digests, column.name), _hash(target, column))


def digest_of(text: Fragment) -> Fragment:
    """Return SQL for the digest of a text, as the ledger keeps it."""
    # A leading mark keeps the digest of an empty text apart from that of a null.
    return sql.SQL("md5(coalesce('=' || {}, ''))::uuid").format(text)


def _hash(alias: str, column: Column) -> Fragment:
    return digest_of(sql.SQL("({})::text").format(_compared(alias, column)))


def _hash_pair(column: Column) -> Fragment:
    return sql.SQL("{} AS {}, CASE WHEN t.id IS NOT NULL THEN {} END AS {}").format(
        _hash("s", column),
        sql.Identifier(f"source_{column.name}"),
        _hash("t", column),
        sql.Identifier(f"target_{column.name}"),
    )


def _last_written(table: Table, column: Column) -> Fragment:
    """Return the digest of what was last written.

    What a person has given a row that is now adopted is an edit: of what FileMaker has, by all we know. So is
    what they gave a column that an older release of this program did not write, and what they changed in a
    row to be adopted since the plan saw it.
    """
    written, person = _field("v", column.name), adopted_values.persons_value(table, column)
    edits = [seen.is_edited(table, column, _field("h", f"target_{column.name}"))]
    if person is not None:
        edits.append(sql.Composed([person]))
    return sql.SQL("CASE WHEN {} IS NULL AND t.id IS NOT NULL AND ({}) THEN {} ELSE {} END AS {}").format(
        written,
        sql.SQL(" OR ").join(edits),
        _field("h", f"source_{column.name}"),
        written,
        sql.Identifier(column.name),
    )


def _edited_since(column: Column) -> Fragment:
    """Say that the field is not as it was last written: a person has changed it."""
    return sql.SQL("(t.id IS NOT NULL AND {written} IS NOT NULL AND {written} <> {target})").format(
        written=_field("w", column.name), target=_field("h", f"target_{column.name}")
    )


def _takes_source(column: Column, wins: Fragment) -> Fragment:
    return sql.SQL("({} OR NOT {})").format(wins, _edited_since(column))


def _merged(column: Column, wins: Fragment) -> Fragment:
    value = sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(
        _takes_source(column, wins), _field("s", column.name), _field("t", column.name)
    )
    return sql.SQL("{} AS {}").format(
        entries.or_merged(column, entries.merged, value), sql.Identifier(column.name)
    )


def _new_digest(column: Column, wins: Fragment) -> Fragment:
    source = _field("h", f"source_{column.name}")
    digest = sql.SQL("CASE WHEN {takes} OR {source} = {target} THEN {source} ELSE {old} END").format(
        takes=_takes_source(column, wins),
        source=source,
        target=_field("h", f"target_{column.name}"),
        old=_field("w", column.name),
    )
    name = sql.Identifier(f"digest_{column.name}")
    return sql.SQL("{} AS {}").format(entries.or_merged(column, lambda _: source, digest), name)


def _changes(column: Column) -> Fragment:
    return sql.SQL("t.id IS NOT NULL AND {} IS DISTINCT FROM {}").format(
        _compared("m", column), _compared("t", column)
    )


def _edited(column: Column) -> Fragment:
    """Say that a person changed the field since it was written, to something else than FileMaker has."""
    edited = sql.SQL("({} AND {} <> {})").format(
        _edited_since(column), _field("h", f"source_{column.name}"), _field("h", f"target_{column.name}")
    )
    return entries.or_merged(column, entries.differs_from_source, edited)


def _moved(column: Column) -> Fragment:
    """Say that FileMaker has changed the field since it was written too; of entries, the very same one."""
    moved = sql.SQL("{} <> {}").format(_field("w", column.name), _field("h", f"source_{column.name}"))
    return entries.or_merged(column, entries.is_clash, moved)


def _conflicts(column: Column) -> Fragment:
    return sql.SQL("{} AND {}").format(_edited(column), _moved(column))


def _edited_only(column: Column) -> Fragment:
    return sql.SQL("{} AND NOT {}").format(_edited(column), _moved(column))


def _is_mended(column: str, value: Fragment) -> Fragment:
    """Say that Nexus's own column of the row holds what an older import left in it."""
    return sql.SQL("t.id IS NOT NULL AND {} IS DISTINCT FROM {}").format(value, _field("t", column))


def _mended_names(table: Table) -> Fragment:
    cases = (
        sql.SQL("CASE WHEN {} THEN {} END").format(_is_mended(name, value), sql.Literal(name))
        for name, value in adopted_values.mended(table).items()
    )
    return sql.SQL("array_remove(ARRAY[{}]::text[], NULL)").format(_comma(cases))


def _list_where(columns: tuple[Column, ...], condition: Callable[[Column], Fragment]) -> Fragment:
    cases = (
        sql.SQL("CASE WHEN {} THEN {} END").format(condition(column), sql.Literal(column.name))
        for column in columns
    )
    return sql.SQL("array_remove(ARRAY[{}]::text[], NULL)").format(_comma(cases))
