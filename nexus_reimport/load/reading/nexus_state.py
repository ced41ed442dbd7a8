"""What is already in Nexus, as far as staging needs it: configuration, kept identities, rows to adopt.

The frame has the text columns `kind`, `key`, `id`, `detail`; no note, name or number of a patient is in it:
rows without a FileMaker id are known by a digest of what identifies them.
"""

import pandas as pd
import psycopg
from psycopg import errors, sql

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.database.target_schema import refuse_unexpected
from nexus_reimport.load.exceptions import TargetNotAsExpected
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.load.reading.adoptable import adoptable_rows, claimed_patients
from nexus_reimport.load.reading.file_state import read_file_state
from nexus_reimport.model.frames import NEXUS_STATE
from nexus_reimport.model.nexus import TABLES

_CONFIGURATION = """
SELECT 'clinic_filemaker_id', filemaker_id::text, id::text, NULL FROM clinics WHERE filemaker_id IS NOT NULL
UNION ALL
(SELECT 'clinic_name', lower(btrim(name)), id::text, NULL FROM clinics ORDER BY created_at, id)
UNION ALL
SELECT 'clinician_id', id::text, id::text, NULL FROM clinicians
UNION ALL
(SELECT 'clinician_name', lower(btrim(full_name)), id::text, NULL FROM clinicians ORDER BY created_at, id)
UNION ALL
SELECT 'appointment_type_id', id::text, id::text, NULL FROM appointment_types
UNION ALL
SELECT 'appointment_type_name', lower(btrim(name)), id::text, NULL FROM appointment_types
UNION ALL
(SELECT 'funding_source_name', lower(btrim(name)), id::text, NULL FROM funding_sources
    ORDER BY active DESC, created_at, id)
UNION ALL
(SELECT 'custom_funding_source_name', lower(btrim(name)), id::text, name FROM custom_funding_sources
    WHERE is_active ORDER BY created_at, id)
UNION ALL
SELECT 'content_type', app_label || '.' || model, id::text, NULL FROM django_content_type
    WHERE app_label = 'patients' AND model = 'patient'
"""

_CLAIMED_APPOINTMENTS = """
SELECT 'claim:appointments', filemaker_event_id::text, id::text, NULL FROM appointments
WHERE filemaker_event_id IS NOT NULL
"""

_IDENTITIES = """
SELECT 'identity:' || table_name, source_key, id::text, NULL FROM identities
UNION ALL
{gone}
UNION ALL
SELECT 'live:patients', i.source_key, p.id::text, p.clinic_id::text
    FROM identities i JOIN patients p ON p.id = i.id WHERE i.table_name = 'patients'
UNION ALL
SELECT 'published:' || t.key, n.count, t.value->>n.count, NULL FROM (
    SELECT DISTINCT ON (e.key) e.key, e.value
    FROM publications p, jsonb_each(p.tables) e
    WHERE p.kind = 'publication' AND p.undone_by IS NULL
    ORDER BY e.key, p.id DESC) t
    CROSS JOIN (VALUES ('read'), ('rows')) n (count)
"""

_GONE = """
SELECT {kind}, i.source_key, i.id::text, NULL FROM identities i
WHERE i.table_name = {name} AND NOT EXISTS (SELECT FROM {relation} t WHERE t.id = i.id) AND {by_people}
"""
# A row that the last publication to touch it took out itself was not deleted by anybody.
_BY_PEOPLE = """
i.id <> ALL (ARRAY(
    SELECT c.id FROM changes c JOIN publications p ON p.id = c.publication
    WHERE c.table_name = {name} AND p.kind = 'publication' AND p.undone_by IS NULL AND EXISTS (
        SELECT FROM changes d
        WHERE d.table_name = {name} AND d.id = c.id AND d.action = 'delete')
    GROUP BY c.id HAVING (array_agg(c.after ORDER BY c.publication DESC))[1] IS NULL))
"""

_FORMER = "SELECT 'former:patients', id::text, source_key, NULL FROM former_identities"


def read_state(url: str) -> pd.DataFrame:
    """Return the state of Nexus at one instant, columns `kind`, `key`, `id`, `detail`, all text.

    Reads under a transaction that PostgreSQL keeps from writing. Raises TargetNotAsExpected where Nexus's
    schema is not the one that is read and written, all differences at once, or where it lacks the content
    type; and PublicationError where it can't be reached.
    """
    try:
        with reading(url, "reading state") as connection:
            refuse_unexpected(connection)
            rows = _rows(connection)
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        message = error.diag.message_primary
        raise TargetNotAsExpected(f"Nexus's schema is not the one expected: {message}.") from None
    except psycopg.Error as error:
        raise explained(error) from None
    _require_content_type(rows)
    return NEXUS_STATE.of(rows)


def _rows(connection: Connection) -> list[tuple[str | None, ...]]:
    claims = claimed_patients(connection)
    rows = connection.execute(_CONFIGURATION).fetchall() + claims
    rows += connection.execute(_CLAIMED_APPOINTMENTS).fetchall()
    rows += adoptable_rows(connection)
    rows += read_file_state(connection)
    rows += connection.execute(_FORMER).fetchall()
    kept = connection.execute(_identities()).fetchall()
    return rows + kept + _adoptable_patients(claims, kept)


def _identities() -> sql.Composed:
    """Return the query of kept identities, those whose row people have deleted from Nexus told apart."""
    gone = (
        sql.SQL(_GONE).format(
            kind=sql.Literal(f"gone:{table.name}"),
            name=sql.Literal(table.name),
            relation=sql.Identifier(table.relation),
            by_people=sql.SQL(_BY_PEOPLE).format(name=sql.Literal(table.name)),
        )
        for table in TABLES
    )
    return sql.SQL(_IDENTITIES).format(gone=sql.SQL(" UNION ALL ").join(gone))


def _adoptable_patients(
    claims: list[tuple[str | None, ...]], kept: list[tuple[str | None, ...]]
) -> list[tuple[str | None, ...]]:
    """Patients alive under a FileMaker id by their own claim, where no kept identity says so already."""
    alive = {key for kind, key, _, _ in kept if kind == "live:patients"}
    found: list[tuple[str | None, ...]] = []
    for kind, key, row_id, clinic in claims:
        if kind == "claim:patients" and key not in alive:
            alive.add(key)
            found.append(("live:patients", key, row_id, clinic))
    return found


def _require_content_type(rows: list[tuple[str | None, ...]]) -> None:
    if not any(kind == "content_type" for kind, _, _, _ in rows):
        raise TargetNotAsExpected(
            "Nexus has no content type patients.patient, which documents point through. Is this Nexus's "
            "database, and have its migrations run?"
        )
