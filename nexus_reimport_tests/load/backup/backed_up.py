"""A small Nexus with something to back up, and how a test says which rows are about to be touched."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from obstore.store import ObjectStore

from nexus_reimport.load.backup import Backup, Header, new_name, take
from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.publication import publish
from nexus_reimport.model.nexus import BY_NAME, NOTES, PATIENTS
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

MADE_AT = datetime(2026, 7, 1, 3, 4, 5, tzinfo=UTC)
RUN = "0123456789abcdef"
# Whatever COPY has to escape, and what would end it.
ODD = 'Bo\\.\n\t"\\N\r, é {}'
Touched = Mapping[str, Sequence[str]]
ANN, BEN, NEW = uid("patients ann"), uid("patients ben"), uid("patients new")


def small_nexus(url: str) -> None:
    """Publish two patients, one of them with a note."""
    people = staged_table(
        PATIENTS,
        {"name": "ann", "first_name": ODD, "contact_json": '{"phone": "\\\\"}'},
        {"name": "ben", "middle_names": ""},
    )
    notes = staged_table(NOTES, {"name": "one", "patient_id": ANN, "content": ODD})
    publish(url, "first", AS_OF, {"patients": people, "notes": notes})


@contextmanager
def about_to_touch(url: str, touched: Touched, read_only: bool = True) -> Iterator[Connection]:
    """Yield a connection as a backup wants it: one view of Nexus, and the ids about to be touched."""
    with connect(url, "test") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        touch(connection, touched)
        if read_only:
            connection.execute("SET TRANSACTION READ ONLY")
        yield connection


def touch(connection: Connection, touched: Touched) -> None:
    """Say in temporary relations which rows are about to be touched."""
    for name, ids in touched.items():
        made = f"CREATE TEMPORARY TABLE touched_{name} (id uuid PRIMARY KEY, action text) ON COMMIT DROP"
        connection.execute(made.encode())
        with connection.cursor() as cursor:
            statement = f"INSERT INTO touched_{name} VALUES (%s, 'update')".encode()  # noqa: S608 - ours
            cursor.executemany(statement, [(one,) for one in ids])


def take_backup(
    url: str, store: ObjectStore, touched: Touched, made_at: datetime = MADE_AT, run_id: str = RUN
) -> Backup:
    """Back up the rows about to be touched; there must be some."""
    header = Header(new_name(store, run_id, made_at), run_id, "f" * 16, made_at)
    with about_to_touch(url, touched) as connection:
        backup = take(connection, store, header, [BY_NAME[name] for name in touched])
    assert backup is not None
    return backup


def days(number: float) -> timedelta:
    """A length of time."""
    return timedelta(days=number)
