"""Rows that older imports left in Nexus without a partner, and which of them double a row of ours.

Asked of Nexus as it is after a publication, of every row. Reads only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, LiteralString

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.older_imports import SAYS_IT_IS, imported
from nexus_reimport.load.our_tables.ledger import has_published
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import SMS_MESSAGES, TABLES
from nexus_reimport.transform.adoption.texts import bare
from nexus_reimport.transform.batch_names import NAME_END, day_key
from nexus_reimport.transform.dates import SYDNEY
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX, filemaker_id_in, stem_of

# No script ever wrote a message.
WRITTEN_BY_SCRIPTS = tuple(table for table in TABLES if table is not SMS_MESSAGES)

_Handle = tuple[object, ...]
_Row = tuple[Any, ...]

# Whose a row is, whichever of a patient's rows it hangs on: older imports have written patients twice.
_OWNER: LiteralString = """
    coalesce((SELECT p.source_key FROM identities p
            WHERE p.table_name = 'patients' AND p.id = t.{column}),
        (SELECT {says} FROM patients p WHERE p.id = t.{column}), t.{column}::text)
"""
_PATIENT = _OWNER.replace("{column}", "patient_id").replace("{says}", SAYS_IT_IS.replace("{row}", "p"))
_OBJECT = _OWNER.replace("{column}", "object_id").replace("{says}", SAYS_IT_IS.replace("{row}", "p"))

# What tells of a row which record of FileMaker it is.
_TOLD: Mapping[str, LiteralString] = MappingProxyType(
    {
        "patients": SAYS_IT_IS.replace("{row}", "t"),
        "appointments": f"{_PATIENT}, t.start_time, t.filemaker_event_id::text",
        "notes": f"{_PATIENT}, t.content",
        "documents": "t.filemaker_id::text, t.s3_key",
        "image_batches": f"{_OBJECT}, t.name",
        "images": "t.filemaker_id::text, t.s3_key",
    }
)
_LEFT_OVER = """
    SELECT t.id::text, {told} FROM {relation} t
    WHERE {imported} AND NOT EXISTS (
        SELECT FROM identities i WHERE i.table_name = {name} AND i.id = t.id)
    ORDER BY t.id
"""
# Notes of other patients are not asked for: they are long, and there may be many.
_OURS = """
    SELECT i.source_key, {told} FROM {relation} t
    JOIN identities i ON i.table_name = {name} AND i.id = t.id {of_patients}
"""
_OF_OWNERS: LiteralString = """
    WHERE t.patient_id IN (SELECT p.id FROM identities p
            WHERE p.table_name = 'patients' AND p.source_key = ANY (%(owners)s))
        OR t.patient_id::text = ANY (%(owners)s)
"""
_OUR_APPOINTMENTS = sql.SQL(
    "(SELECT a.* FROM appointments a JOIN identities i ON i.table_name = 'appointments' AND i.id = a.id)"
)


@dataclass(frozen=True)
class LeftOver:
    """A row of an older import without a partner. `doubled`: a row of ours says the same."""

    table: str
    id: str
    doubled: bool


def read_left_over(url: str, table: Table) -> list[LeftOver]:
    """Return what older imports left of a table, in order of id; nothing before the first publication."""
    with reading(url, "looking for doubled rows") as connection:
        if table not in WRITTEN_BY_SCRIPTS or not has_published(connection):
            return []
        rows = _left_over(connection, table)
        if not rows:
            return []
        handles_of = _HANDLES[table.name]
        ours = {
            handle
            for key, *told in _ours(connection, table, rows)
            for handle in handles_of.ours(str(key), told)
        }
    return [
        LeftOver(table.name, str(row_id), any(handle in ours for handle in handles_of.theirs(told)))
        for row_id, *told in rows
    ]


def _left_over(connection: Connection, table: Table) -> list[_Row]:
    statement = sql.SQL(_LEFT_OVER).format(
        told=sql.SQL(_TOLD[table.name]),
        relation=sql.Identifier(table.relation),
        imported=imported(table, ours=_OUR_APPOINTMENTS),
        name=sql.Literal(table.name),
    )
    return connection.execute(statement).fetchall()


def _ours(connection: Connection, table: Table, left_over: list[_Row]) -> Iterable[_Row]:
    by_patient = any(link.column == "patient_id" for link in table.links)
    owners = sorted({str(row[1]) for row in left_over}) if by_patient else []
    statement = sql.SQL(_OURS).format(
        told=sql.SQL(_TOLD[table.name]),
        relation=sql.Identifier(table.relation),
        name=sql.Literal(table.name),
        of_patients=sql.SQL(_OF_OWNERS if by_patient else ""),
    )
    return connection.execute(statement, {"owners": owners} if by_patient else None)


@dataclass(frozen=True)
class _Handles:
    """By what a row is compared: of ours, its source key and what it tells; of the others, what they tell."""

    ours: Callable[[str, list[Any]], Iterator[_Handle]]
    theirs: Callable[[list[Any]], Iterator[_Handle]]


def _patient(told: list[Any]) -> Iterator[_Handle]:
    if told[0]:
        yield (told[0],)


def _starts(told: list[Any]) -> Iterator[_Handle]:
    """Yield patient and each start (on Sydney's wall) that an older import may have given the same event.

    No time, or one that it could not read, became midnight; the midnight at the end of a day became that
    day's last second, or its beginning. The hour that occurs twice a year is the same by the clock.
    """
    patient, start, _ = told
    wall = start.astimezone(SYDNEY).replace(tzinfo=None)
    midnight = datetime.combine(wall.date(), datetime.min.time())
    readings = {wall, midnight}
    if wall == midnight:
        readings |= {midnight - timedelta(days=1), midnight - timedelta(seconds=1)}
    yield from ((patient, reading) for reading in readings)


def _start(told: list[Any]) -> Iterator[_Handle]:
    patient, start, event = told
    yield patient, start.astimezone(SYDNEY).replace(tzinfo=None)
    if event:
        yield "event", event


def _text(told: list[Any]) -> Iterator[_Handle]:
    """Yield patient and text: no script kept the day of a note."""
    yield told[0], bare(told[1])


def _file(told: list[Any]) -> Iterator[_Handle]:
    filemaker_id, s3_key = told
    yield "file", s3_key
    if found := filemaker_id or filemaker_id_in(s3_key):
        yield "id", found
    if s3_key.startswith(IMAGES_PREFIX):
        yield "recid", stem_of(s3_key).lower()


def _day(told: list[Any]) -> Iterator[_Handle]:
    owner, name = told
    yield owner, day_key(name.removesuffix(NAME_END))


_HANDLES: Mapping[str, _Handles] = MappingProxyType(
    {
        "patients": _Handles(lambda key, _: iter([(key,)]), _patient),
        "appointments": _Handles(lambda key, told: iter([("event", key), *_starts(told)]), _start),
        "notes": _Handles(lambda _, told: _text(told), _text),
        "documents": _Handles(lambda key, told: iter([("id", key), *_file(told)]), _file),
        "images": _Handles(lambda key, told: iter([("id", key), *_file(told)]), _file),
        # Of ours the key says the day, whatever a person has called it.
        "image_batches": _Handles(lambda key, told: iter([(told[0], key.partition("/")[2])]), _day),
    }
)
