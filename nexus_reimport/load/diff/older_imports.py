"""The marks by which a row of Nexus is an older import's, and not a person's, table by table.

The clinic's own scripts filled Nexus before this program did, several of them, side by side with people. What
each wrote, and what none ever wrote, is all there is to tell their rows: no time does, for they let Nexus set
`created_at` to the moment of the script. A row without these marks is taken for a person's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import LiteralString

from psycopg import sql

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import NOTES
from nexus_reimport.transform.adoption.notes import IMPORTER
from nexus_reimport.transform.batch_names import DESCRIPTION, NAME_END
from nexus_reimport.transform.imported_keys import DOCUMENTS_PREFIX, IMAGE_PREFIXES

_BATCH_NAME: LiteralString = "right({t}.name, length({name_end})) = {name_end} AND {t}.uploaded_by_id IS NULL"
_IMAGE_KEY: LiteralString = "{t}.s3_key ^@ ANY ({image_prefixes})"

# Which FileMaker id a patient's {row} says it has; NULL where it says none.
SAYS_IT_IS: LiteralString = """
    lower(btrim(coalesce({row}.filemaker_metadata->>'filemaker_id',
        substring({row}.notes FROM '"filemaker_id"\\s*:\\s*"([^"]*)"'))))
"""

_AS_REIMPORTED: LiteralString = """
    {t}.filemaker_event_id IS NULL AND {t}.patient_id IS NOT NULL
        AND {t}.notes IS NOT NULL AND {t}.end_time IS NOT NULL AND NOT {t}.is_recurring
        AND {t}.parent_appointment_id IS NULL AND {t}.recurrence_group_id IS NULL
"""

# Of the row {t}. {matched} says that a row of ours answers it; see `imported`.
_MARKS: Mapping[str, LiteralString] = MappingProxyType(
    {
        # Every script wrote the key, blank or `None` where FileMaker had no id; a migration moved it out of
        # `notes`. Nexus itself writes neither.
        "patients": """
            (jsonb_typeof({t}.filemaker_metadata) = 'object' AND {t}.filemaker_metadata ? 'filemaker_id'
                OR coalesce({t}.notes, '') ~ '^\\s*[{{].*"filemaker_id"\\s*:')
        """,
        # The first script set the event's id. The others set none, nor a reason, but always an end and at
        # least empty notes, and a type only where an event has one: a type without an event is a person's.
        # Events of the clinic itself, and series, are only made in Nexus.
        "appointments": """
            ({t}.filemaker_event_id IS NOT NULL OR {as_reimported} AND {t}.reason IS NULL
                AND ({t}.appointment_type_id IS NULL OR {matched}))
        """.replace("{as_reimported}", _AS_REIMPORTED),
        # Of two scripts all notes are by the importer. The first kept FileMaker's account, who may have the
        # same name in Nexus, but wrote FileMaker's own type, which Nexus lets nobody choose.
        "notes": "({t}.created_by = {importer} OR {t}.note_type <> ALL ({note_types}))",
        # No script ever wrote one.
        "sms_messages": "false",
        "documents": "({t}.filemaker_id IS NOT NULL OR starts_with({t}.s3_key, {documents_prefix}))",
        # A person may have renamed one or put their own images in, which makes it theirs.
        "image_batches": "("
        + _BATCH_NAME
        + """
                AND NOT EXISTS (SELECT FROM images_image m WHERE m.batch_id = {t}.id
                    AND NOT m.s3_key ^@ ANY ({image_prefixes})))
        """,
        "images": "({t}.filemaker_id IS NOT NULL OR " + _IMAGE_KEY + ")",
    }
)

# The patient may be another row of the same one, since older imports have written patients twice. What ends a
# day at midnight was read as its beginning.
_MATCHED: LiteralString = """
    ({t}.patient_id, {t}.appointment_type_id, ({t}.start_time AT TIME ZONE 'Australia/Sydney')::date) IN (
        SELECT who.id, o.appointment_type_id, (o.start_time AT TIME ZONE 'Australia/Sydney' - day.back)::date
        FROM {ours} o CROSS JOIN (VALUES (interval '0'), (interval '1 s')) AS day (back)
        JOIN (SELECT p.id AS patient, p.id FROM patients p UNION ALL
            SELECT one.id, twin.id FROM patients one JOIN patients twin ON twin.id <> one.id
                AND {says_one} = {says_twin}) who ON who.patient = o.patient_id)
""".replace("{says_one}", SAYS_IT_IS.replace("{row}", "one")).replace(
    "{says_twin}", SAYS_IT_IS.replace("{row}", "twin")
)

# Scripts let Nexus set both stamps at once, and saved no appointment and no note again.
WORKED_ON: LiteralString = "({t}.updated_at >= {t}.created_at + interval '1 minute')"

# What no script wrote, so that it shows that somebody, or Nexus itself, has worked on the row {t} since.
_UNTOUCHED: Mapping[str, LiteralString] = MappingProxyType(
    {
        "patients": """
            NOT {t}.archived AND {t}.archived_at IS NULL AND {t}.mrn IS NULL AND {t}.funding_source IS NULL
            AND coalesce({t}.coordinator_name, '') = '' AND {t}.coordinator_date IS NULL
            AND {t}.plan_start_date IS NULL AND {t}.plan_end_date IS NULL
            AND coalesce({t}.plan_dates_json, '[]') IN ('[]', '{{}}')
            AND coalesce({t}.emergency_json, '{{}}') = '{{}}' AND coalesce({t}.flags_json, '{{}}') = '{{}}'
            AND (coalesce({t}.notes, '') = '' OR {t}.notes ~ '^\\s*[{{].*"filemaker_id"\\s*:')
        """,
        "appointments": """
            NOT {worked_on} AND {t}.status <> 'checked_in'
            AND {t}.billing_company_id IS NULL AND {t}.billing_notes = ''
            AND {t}.invoice_contact_type = 'patient' AND NOT {t}.followup_scheduled
            AND NOT {t}.needs_followup_reminder AND NOT {t}.sms_confirmed AND NOT {t}.sms_cancelled
            AND {t}.sms_reminder_sent_at IS NULL
        """.replace("{worked_on}", WORKED_ON),
        "notes": f"NOT {WORKED_ON}",
        "sms_messages": "false",
        # Nexus deletes a document by setting it inactive.
        "documents": "{t}.is_active AND {t}.description = '' AND {t}.tags = '[]'",
        "image_batches": "{t}.description ^@ {description}",
        "images": """
            {t}.uploaded_by_id IS NULL AND {t}."order" = 0
            AND ({t}.caption = '' OR {t}.caption ^@ 'FileMaker: ')
        """,
    }
)


def imported(table: Table, alias: str = "t", ours: sql.Composable | None = None) -> sql.Composed:
    """Say of the row `alias` of a table that an older import made it, or this program did.

    `ours`: a relation with the appointments that come from FileMaker; an older row with a type is known by
    one of the same patient, day and type. Without it such a row is taken for a person's.
    """
    row = sql.Identifier(alias)
    matched = sql.SQL(_MATCHED).format(ours=ours, t=row) if ours else sql.SQL("false")
    return _formatted(_MARKS[table.name], row, matched=matched)


def named_by_import(alias: str = "t") -> sql.Composed:
    """Say of a batch that an older import, or this program, gave it its name, whoever's images are in it."""
    return _formatted(_BATCH_NAME, sql.Identifier(alias))


def reimported_but_for_edits(alias: str) -> sql.Composed:
    """Say of an appointment that a reimport may have made it; its reason and type are not asked."""
    return _formatted(_AS_REIMPORTED, sql.Identifier(alias))


def worked_on(alias: str) -> sql.Composed:
    """Say of a row that Nexus has saved it again since it was made."""
    return _formatted(WORKED_ON, sql.Identifier(alias))


def untouched(table: Table, alias: str = "t") -> sql.Composed:
    """Say of an older import's row that nobody has worked on it since, as far as the row itself tells."""
    return _formatted(_UNTOUCHED[table.name], sql.Identifier(alias))


def _formatted(condition: LiteralString, row: sql.Identifier, **more: sql.Composable) -> sql.Composed:
    return sql.SQL(condition).format(
        t=row,
        importer=sql.Literal(IMPORTER),
        note_types=sql.Literal(list(NOTES.column("note_type").choices)),
        documents_prefix=sql.Literal(DOCUMENTS_PREFIX),
        image_prefixes=sql.Literal(list(IMAGE_PREFIXES)),
        name_end=sql.Literal(NAME_END),
        description=sql.Literal(DESCRIPTION),
        **more,
    )
