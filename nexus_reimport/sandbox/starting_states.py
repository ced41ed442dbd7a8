"""What a sandbox's Nexus holds when it starts, and how the rows get there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from nexus_reimport.sandbox.clinic import (
    Damage,
    SyntheticClinic,
    damaged_a,
    damaged_b,
    older_import,
    peoples_rows,
    with_odd_images,
)
from nexus_reimport.sandbox.clinic.older import PREFIX, Book, older_state, runs_of
from nexus_reimport.sandbox.exceptions import SandboxError, UnknownStartingStateError

_Row = dict[str, object]
_Rows = Mapping[str, Sequence[_Row]]

NUMBERED = ("django_content_type", "auth_user")
"""Relations whose ids PostgreSQL numbers itself."""


@dataclass(frozen=True)
class StartingState:
    """Where a sandbox begins: the clinic as its services have it, and Nexus's rows besides its configuration.

    `patients_backup` is an old `patients.json` with former UUIDs, None where there is none. `book` says of
    each row of an older import where it came from.
    """

    clinic: SyntheticClinic
    rows: _Rows
    patients_backup: bytes | None = None
    book: Book = field(default_factory=Book)


def _damaged(clinic: SyntheticClinic, damage: Damage) -> StartingState:
    objects = sorted([*clinic.objects, *damage.objects], key=lambda entry: entry.key)
    return StartingState(replace(clinic, objects=objects), damage.rows, damage.backup)


def _older(name: str, clinic: SyntheticClinic) -> StartingState:
    older = older_state(name, clinic)
    return StartingState(replace(clinic, objects=older.objects), older.rows, book=older.book)


STATES: dict[str, Callable[[SyntheticClinic], StartingState]] = {
    "empty": lambda clinic: StartingState(clinic, {}),
    "people": lambda clinic: StartingState(clinic, peoples_rows(clinic)),
    "older-import": lambda clinic: StartingState(clinic, older_import(clinic)),
    "damaged-a": lambda clinic: _damaged(clinic, damaged_a(clinic)),
    "damaged-b": lambda clinic: _damaged(clinic, damaged_b(clinic)),
    "odd-images": lambda clinic: StartingState(with_odd_images(clinic), {}),
}
"""By name: what a Nexus holds at first, and what S3 and FileMaker have more for it."""


KNOWN_STATES = f"{', '.join(STATES)}, {PREFIX}A2+N3 and the like"
"""The names of all starting states, for people."""


def known_state(name: str) -> str:
    """Return the name again. Raise UnknownStartingStateError where no starting state has it."""
    if name.startswith(PREFIX):
        runs_of(name)
    elif name not in STATES:
        message = f"there is no starting state {name!r}; choose one of {KNOWN_STATES}"
        raise UnknownStartingStateError(message)
    return name


def starting_state(name: str, clinic: SyntheticClinic) -> StartingState:
    """Return the state of that name. Raise UnknownStartingStateError where there is none."""
    name = known_state(name)
    return _older(name, clinic) if name.startswith(PREFIX) else STATES[name](clinic)


def starting_rows(name: str, clinic: SyntheticClinic) -> list[_Rows]:
    """Return what to load, in order: Nexus's configuration, then the state's own rows.

    Raise UnknownStartingStateError where there is none of that name.
    """
    return [clinic.nexus, starting_state(name, clinic).rows]


def fill_tables(url: str, rows: _Rows) -> None:
    """Write rows by relation in one transaction; each row names the same columns. Lists become jsonb too.

    Content types given here take the place of those the schema came with.
    """
    with psycopg.connect(url) as connection:
        if rows.get("django_content_type"):
            connection.execute("DELETE FROM django_content_type")
        for relation, given in rows.items():
            if given:
                _copy(connection, relation, given)
        for relation in NUMBERED:
            _continue_numbering(connection, relation)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _copy(connection: psycopg.Connection, relation: str, rows: Sequence[_Row]) -> None:
    columns = list(rows[0])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(relation), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            if row.keys() != set(columns):
                message = (
                    f"the rows for {relation} do not all have the same columns; give every column in each"
                )
                raise SandboxError(message)
            copy.write_row([_adapted(row[column]) for column in columns])


def _adapted(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _continue_numbering(connection: psycopg.Connection, relation: str) -> None:
    statement = sql.SQL(
        "SELECT setval(pg_get_serial_sequence({name}, 'id'), max(id)) FROM {relation}"
        " HAVING max(id) IS NOT NULL"
    )
    connection.execute(statement.format(name=sql.Literal(relation), relation=sql.Identifier(relation)))
