"""The merge in SQL against a model of it in a little Python, over random histories of a few patients."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import BY_NAME, IMAGE_BATCHES, IMAGES, NOTES, PATIENTS
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

NAMES = ("ann", "ben")
# A few values each, so that both sides often come to the same, and nulls stand beside what is like them.
VALUES: dict[str, list[object]] = {
    "first_name": ["", "Bo\\.\n"],
    "middle_names": [None, "", "Ann"],
    "filemaker_metadata": [{"a": 1}, {"a": 1, "imported_at": "x"}, {"a": 2}],
}
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Model:
    """Nexus as it must be: rows, what was last written of each field, and who has ever had an identity."""

    rows: dict[str, dict[str, object]] = field(default_factory=dict)
    written: dict[str, dict[str, object]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def publish(self, source: dict[str, dict[str, object]], as_of: datetime) -> dict[str, int]:
        counts = dict.fromkeys(("inserted", "updated", "conflicts", "edits_kept", "restored"), 0)
        for name, values in source.items():
            if name not in self.rows:
                counts["inserted"] += 1
                counts["restored"] += name in self.known
                self.rows[name] = {**values, "updated_at": as_of, "notes": "first"}
                self.written[name] = {key: compared(value) for key, value in values.items()}
            else:
                self._merge(name, values, as_of, counts)
            self.known.add(name)
        counts["unchanged"] = len(source) - counts["inserted"] - counts["updated"]
        counts["missing"] = len([name for name in self.known if name in self.rows and name not in source])
        return counts

    def _merge(self, name: str, values: dict[str, object], as_of: datetime, counts: dict[str, int]) -> None:
        row, written = self.rows[name], self.written[name]
        merged, kept, conflicts = {}, 0, 0
        for column, value in values.items():
            ours, theirs, last = compared(value), compared(row[column]), written[column]
            edited = last != theirs
            if not edited:
                merged[column] = value
            elif ours != theirs:
                kept, conflicts = kept + (last == ours), conflicts + (last != ours)
            if not edited or ours == theirs:
                written[column] = ours
        if any(compared(value) != compared(row[column]) for column, value in merged.items()):
            row.update(merged, updated_at=as_of)
            counts["updated"] += 1
        counts["edits_kept"] += kept > 0
        counts["conflicts"] += conflicts > 0


def compared(value: object) -> str:
    """A value as it counts: the time of import alone makes no object different."""
    if isinstance(value, dict):
        value = {key: one for key, one in value.items() if key != "imported_at"}
    return json.dumps(value, sort_keys=True, default=str)


names = st.sampled_from(NAMES)
columns = st.sampled_from(sorted(VALUES))
values = st.fixed_dictionaries({column: st.sampled_from(choices) for column, choices in VALUES.items()})
changes = columns.flatmap(lambda column: st.tuples(st.just(column), st.sampled_from(VALUES[column])))
steps = st.one_of(
    st.tuples(st.just("source"), names, changes),
    st.tuples(st.just("edit"), names, changes),
    st.tuples(st.just("gone"), names, st.none()),
    st.tuples(st.just("edit"), names, changes),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("publish"), st.none(), st.none()),
    st.tuples(st.just("publish"), st.none(), st.none()),
)


@pytest.fixture(scope="module")
def database(postgres: Cluster) -> Iterator[str]:
    """A Nexus with our own schema in it: making that anew each time would take longer than the test."""
    with ephemeral_database(postgres) as url:
        publish(url, "first", EPOCH, {"patients": _staged({"ann": {}}, EPOCH)})
        yield url


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, values)), st.lists(steps, min_size=3, max_size=10))
@example(
    {name: {column: choices[0] for column, choices in VALUES.items()} for name in NAMES},
    [
        ("edit", "ann", ("middle_names", "Ann")),
        ("source", "ann", ("middle_names", "Ann")),
        ("publish", "", None),
        ("source", "ann", ("middle_names", "")),
    ],
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_ends_as_the_model_says(
    database: str,
    source: dict[str, dict[str, object]],
    history: list[tuple[str, str, tuple[str, object] | None]],
) -> None:
    model = Model()
    _forget(database)
    source = {name: dict(row) for name, row in source.items()}
    gone: set[str] = set()
    for number, (what, name, change) in enumerate([("publish", "", None), *history, ("publish", "", None)]):
        if what == "source":
            gone.discard(name)
            source[name][change[0]] = change[1]  # type: ignore[index]  # a change comes with its column
        elif what == "gone":
            gone.add(name)
        elif what == "publish":
            given_now = {key: row for key, row in source.items() if key not in gone}
            _publish_as_modelled(database, model, given_now, EPOCH + timedelta(days=number))
        elif name in model.rows and what == "edit":
            _edit(database, name, *change)  # type: ignore[misc]  # as above
            model.rows[name][change[0]] = change[1]  # type: ignore[index]  # as above
        elif name in model.rows:
            _tell(database, "DELETE FROM patients WHERE id = %s", uid(f"patients {name}"))
            del model.rows[name]


def _publish_as_modelled(
    url: str, model: Model, source: dict[str, dict[str, object]], as_of: datetime
) -> None:
    expected = model.publish(source, as_of)
    outcome = publish(url, "run", as_of, {"patients": _staged(source, as_of)})
    counts = outcome.tables["patients"]
    assert {name: getattr(counts, name) for name in expected} == expected
    assert _rows(url) == model.rows
    before = _versions(url)
    again = publish(url, "again", as_of, {"patients": _staged(source, as_of + timedelta(hours=1))})
    repeated = again.tables["patients"]
    assert (again.number, repeated.written, repeated.unchanged) == (None, 0, len(source))
    assert (repeated.conflicts, repeated.edits_kept) == (expected["conflicts"], expected["edits_kept"])
    assert _versions(url) == before


def _staged(source: dict[str, dict[str, object]], as_of: datetime) -> StagedTable:
    rows = [
        {
            "name": name,
            "created_at": EPOCH,
            "updated_at": as_of,
            "notes": "first",
            **{key: _staged_value(key, value) for key, value in row.items()},
        }
        for name, row in source.items()
    ]
    return staged_table(PATIENTS, *rows)


def _staged_value(column: str, value: object) -> object:
    return json.dumps(value) if value is not None and column.endswith(("json", "metadata")) else value


def _rows(url: str) -> dict[str, dict[str, object]]:
    wanted = [*VALUES, "updated_at", "notes"]
    columns = sql.SQL(", ").join(map(sql.Identifier, wanted))
    statement = sql.SQL("SELECT id::text, {} FROM patients").format(columns)
    by_id = {uid(f"patients {name}"): name for name in NAMES}
    with psycopg.connect(url) as connection:
        return {
            by_id[row_id]: dict(zip(wanted, row, strict=True))
            for row_id, *row in connection.execute(statement).fetchall()
        }


def _versions(url: str) -> list[tuple[object, ...]]:
    """What PostgreSQL itself says of who wrote which row, of the target and of our own tables."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT 'p', id::text, xmin::text FROM patients"
            " UNION ALL SELECT 'w', id::text, xmin::text FROM nexus_reimport.written_patients"
            " UNION ALL SELECT 'i', id::text, xmin::text FROM nexus_reimport.identities"
            " UNION ALL SELECT 'n', id::text, xmin::text FROM nexus_reimport.publications ORDER BY 1, 2"
        ).fetchall()


def _edit(url: str, name: str, column: str, value: object) -> None:
    statement = sql.SQL("UPDATE patients SET {} = %s WHERE id = %s").format(sql.Identifier(column))
    with psycopg.connect(url) as connection:
        given = Jsonb(value) if isinstance(value, dict | list) else value
        connection.execute(statement, [given, uid(f"patients {name}")])


def _tell(url: str, statement: str, *given_values: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), given_values or None)


def _forget(url: str) -> None:
    _tell(
        url,
        "TRUNCATE patients, nexus_reimport.identities, nexus_reimport.written_patients,"
        " nexus_reimport.publications CASCADE",
    )


@pytest.mark.parametrize("table", BY_NAME.values(), ids=list(BY_NAME))
def test_every_column_is_compared_as_postgres_holds_it(nexus_database: str, table: Table) -> None:
    publish(nexus_database, "first", AS_OF, {"patients": staged_table(PATIENTS, {"name": "ann"})})
    needed = _needed_links(nexus_database, table)
    staged = staged_table(table, {"name": "one", **needed}, {"name": "two", **_full(table), **needed})
    first = publish(nexus_database, "run", AS_OF, {table.name: staged}).tables[table.name]
    again = publish(nexus_database, "run", AS_OF, {table.name: staged}).tables[table.name]
    assert (first.inserted, again.unchanged, again.written) == (2, 2, 0)


def _needed_links(url: str, table: Table) -> dict[str, object]:
    """Return the links that a row of the table can't be without, to rows that are there."""
    if table is NOTES:
        return {"patient_id": uid("patients ann")}
    if table not in (IMAGE_BATCHES, IMAGES):
        return {}
    state = read_state(url)
    patients = int(state.loc[state["kind"] == "content_type", "id"].iloc[0])
    batch: dict[str, object] = {"object_id": uid("patients ann"), "content_type_id": patients}
    if table is IMAGE_BATCHES:
        return batch
    publish(url, "batch", AS_OF, {"image_batches": staged_table(IMAGE_BATCHES, {"name": "day", **batch})})
    return {"batch_id": uid("image_batches day")}


def _full(table: Table) -> dict[str, object]:
    """A value in every column that may hold one and points nowhere."""
    full: dict[str, object] = {
        "text": "é\\.\n\t",
        "varchar": "é",
        "date": date(2024, 2, 29),
        "timestamptz": AS_OF + timedelta(microseconds=1),
        "integer": 3,
        "boolean": True,
        "jsonb": '{"b": [1, "é"], "a": null}',
    }
    elsewhere = {"content_type_id", *(link.column for link in table.links)}
    return {
        column.name: column.choices[-1] if column.choices else full[column.kind]
        for column in table.named("source")
        if column.kind in full and column.name not in elsewhere
    }
