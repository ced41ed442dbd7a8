"""Rows of Nexus that have no identity yet and may be a record of FileMaker, as staging compares them.

Read in one pass each, and told by digests: text is cleaned by the function that cleans FileMaker's. Once all
is published, what is left are rows that people made and left-overs of older imports.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff import references
from nexus_reimport.load.diff.older_imports import imported, reimported_but_for_edits, worked_on
from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import APPOINTMENTS, NOTES, PATIENTS, SMS_MESSAGES, TABLES
from nexus_reimport.transform.adoption.rows_in_nexus import (
    LivingAppointment,
    LivingMessage,
    LivingNote,
    StateLine,
)
from nexus_reimport.transform.adoption.texts import bare, bare_digest, compared, digest
from nexus_reimport.transform.phones import comparable_number
from nexus_reimport.transform.text import clean, uuid_text

_APPOINTMENTS = """
    SELECT a.id::text, a.patient_id::text, (extract(epoch FROM a.start_time) * 1000000)::bigint,
        CASE WHEN isfinite(a.end_time) THEN (extract(epoch FROM a.end_time) * 1000000)::bigint END,
        a.notes, a.appointment_type_id::text, {reimported} AND {before_us}, coalesce(a.reason, '') <> '',
        {worked_on}
    FROM appointments a
    WHERE a.patient_id IS NOT NULL AND a.filemaker_event_id IS NULL AND isfinite(a.start_time)
        AND NOT a.is_recurring AND a.parent_appointment_id IS NULL AND a.recurrence_group_id IS NULL
        AND NOT {known}
    ORDER BY a.created_at, a.id
"""
# A person may bear the name of FileMaker's account.
_NOTES = """
    SELECT a.id::text, a.patient_id::text, a.content, a.created_by, a.note_type, {imported}
    FROM notes a
    WHERE a.created_by <> '' AND NOT {known} AND ({imported} OR {before_us})
    ORDER BY a.created_at, a.id
"""
# What has been made since the first publication bears an older import's marks by chance: the scripts came
# before it, and one that is run again finds all of FileMaker published.
_BEFORE_US = """
    a.created_at < coalesce((SELECT min(p.published_at) FROM publications p
        WHERE p.kind = 'publication' AND p.undone_by IS NULL), 'infinity')
"""
_MESSAGES = """
    SELECT a.id::text, coalesce(a.patient_id::text, ''), a.message, a.phone_number, a.external_message_id,
        (extract(epoch FROM coalesce(a.sent_at, a.created_at)) * 1000000)::bigint
    FROM sms_messages a WHERE NOT {known} AND isfinite(coalesce(a.sent_at, a.created_at))
    ORDER BY a.created_at, a.id
"""
# FileMaker's id is in `notes` where Nexus's migration that moved it has never run.
_PATIENTS = """
    SELECT a.id::text, a.clinic_id::text,
        CASE jsonb_typeof(a.filemaker_metadata) WHEN 'object' THEN a.filemaker_metadata->>'filemaker_id' END,
        substring(a.notes FROM '^\\s*\\{{[^{{}}]*"filemaker_id"\\s*:\\s*"([^"]*)"'), {former}
    FROM patients a
    WHERE a.filemaker_metadata IS NOT NULL OR a.notes ~ '"filemaker_id"' OR {is_former}
    ORDER BY a.created_at, a.id
"""
_FORMER: LiteralString = "(SELECT f.source_key FROM former_identities f WHERE f.id = a.id)"
_IS_FORMER: LiteralString = "EXISTS (SELECT FROM former_identities f WHERE f.id = a.id)"
_LINKS = """
    SELECT lower(c.{column}::text), count(*) FROM {child} c
    WHERE lower(c.{column}::text) = ANY (%s) GROUP BY 1
"""


def adoptable_rows(connection: Connection) -> Iterator[StateLine]:
    """Yield lines of the state about appointments, notes and messages."""
    yield from (row.line() for row in _appointments(connection))
    yield from (row.line() for row in _notes(connection))
    yield from (row.line() for row in _messages(connection))


def _known(table: Table) -> sql.Composable:
    return sql.SQL("EXISTS (SELECT FROM identities i WHERE i.table_name = {} AND i.id = a.id)").format(
        sql.Literal(table.name)
    )


def _appointments(connection: Connection) -> Iterator[LivingAppointment]:
    statement = sql.SQL(_APPOINTMENTS).format(
        reimported=reimported_but_for_edits("a"),
        before_us=sql.SQL(_BEFORE_US),
        worked_on=worked_on("a"),
        known=_known(APPOINTMENTS),
    )
    for row_id, patient, start, end, notes, *rest in connection.execute(statement):
        yield LivingAppointment(row_id, patient, start, end, bare_digest(notes), *rest)


def _notes(connection: Connection) -> Iterator[LivingNote]:
    statement = sql.SQL(_NOTES).format(
        imported=imported(NOTES, "a"),
        known=_known(NOTES),
        before_us=sql.SQL(_BEFORE_US),
    )
    for row_id, patient, content, author, note_type, by_import in connection.execute(statement):
        texts = (digest(compared(content)), digest(bare(content)))
        told = (digest(clean(author)), digest(clean(note_type)))
        yield LivingNote(row_id, patient, *texts, *told, by_import)


def _messages(connection: Connection) -> Iterator[LivingMessage]:
    statement = sql.SQL(_MESSAGES).format(known=_known(SMS_MESSAGES))
    for row_id, patient, message, number, gateway, sent in connection.execute(statement):
        told = (bare_digest(message), digest(comparable_number(number)), clean(gateway))
        yield LivingMessage(row_id, patient, *told, sent)


def claimed_patients(connection: Connection) -> list[StateLine]:
    """Return the state's lines about patients who say which FileMaker id they are, preferred first.

    By `filemaker_metadata`, else by the JSON in `notes`; last those who had the UUID once, by a former
    identity. Of two rows of one id that comes first to which people have
    linked more, then that to which more is linked at all, then the older one.
    """
    statement = sql.SQL(_PATIENTS).format(former=sql.SQL(_FORMER), is_former=sql.SQL(_IS_FORMER))
    claims = [
        _Claim(row_id, clinic, *_said(said))
        for row_id, clinic, *said in connection.execute(statement)
        if any(map(uuid_text, said))
    ]
    weights = _weights(connection, _undecided(connection, claims))
    claims.sort(key=lambda claim: (claim.by_former, *weights.get(claim.id, (0, 0))))
    return [("claim:patients", claim.key, claim.id, claim.clinic) for claim in claims]


@dataclass(frozen=True)
class _Claim:
    """A patient's row and the FileMaker id it says, `by_former`: only by a former identity."""

    id: str
    clinic: str | None
    key: str
    by_former: bool


def _said(said: Sequence[str | None]) -> tuple[str, bool]:
    """Return the first of the ids said that is one, and whether it is the last, the former identity's."""
    return next((key, place == len(said) - 1) for place, text in enumerate(said) if (key := uuid_text(text)))


def _undecided(connection: Connection, claims: Sequence[_Claim]) -> list[str]:
    """Return the rows that share a FileMaker id of which none is published yet."""
    counts = Counter(claim.key for claim in claims)
    keys = {key for key, count in counts.items() if count > 1}
    if keys:
        statement = "SELECT source_key FROM identities WHERE table_name = 'patients'"
        keys.difference_update(key for (key,) in connection.execute(statement))
    return [claim.id for claim in claims if claim.key in keys]


def _weights(connection: Connection, rows: list[str]) -> dict[str, tuple[int, int]]:
    """Return how many links there are to each patient's row, negative: those people made, then all."""
    people: Counter[str] = Counter()
    everything: Counter[str] = Counter()
    ours = {table.relation for table in TABLES}
    for link in references.references_to(connection, PATIENTS) if rows else ():
        statement = sql.SQL(_LINKS).format(
            column=sql.Identifier(link.column), child=sql.Identifier(link.schema, link.relation)
        )
        for row_id, count in connection.execute(statement, [rows]):
            everything[row_id] += count
            people[row_id] += 0 if link.relation in ours else count
    return {row_id: (-people[row_id], -everything[row_id]) for row_id in rows}
