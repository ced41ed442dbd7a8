"""What of an adopted row stays, though FileMaker has something else: what a person has given it.

A row that is adopted has no digests yet, so nothing tells who changed a field. It takes what FileMaker has,
but for a value that no older import can have written, or that stands where FileMaker has nothing. Values
that are made of entries are in `entries.adoption`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import LiteralString

from psycopg import sql

from nexus_reimport.load.diff.older_imports import WORKED_ON, imported
from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.nexus import IMAGE_BATCHES
from nexus_reimport.transform.batch_names import DESCRIPTION, NAME_END

# A text without white space and control characters, for the scripts kept it raw.
_SQUEEZED: LiteralString = (
    "regexp_replace(coalesce({}, ''), '[[:space:][:cntrl:]' || chr(160) || ']+', '', 'g')"
)
# Letters and digits alone.
_WORDS: LiteralString = "regexp_replace(lower({}), '[^[:alnum:]]+', '', 'g')"
_SAVED_SINCE: LiteralString = "{t}.updated_at >= {t}.uploaded_at + interval '1 minute'"
_SCRIPTED_CAPTION = r"^FileMaker: .*\(RecordID: [^)]*\)$"
_NO_TEXT: LiteralString = "coalesce({s}.{c}, '') = '' AND coalesce({t}.{c}, '') <> ''"
_NO_LINK: LiteralString = "{s}.{c} IS NULL AND {t}.{c} IS NOT NULL"
_NO_CHOICE: LiteralString = "{s}.{c} IS NULL AND {t}.{c} = ANY ({choices})"

FUNDING_SOURCE = ("patients", "funding_source")

_PERSONS: Mapping[tuple[str, str], LiteralString] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                ("patients", "first_name"),
                ("patients", "last_name"),
                ("patients", "middle_names"),
                ("patients", "health_number"),
                ("sms_messages", "external_message_id"),
            ),
            _NO_TEXT,
        ),
        **dict.fromkeys(
            (
                ("patients", "clinic_id"),
                ("patients", "funding_type_id"),
                ("patients", "ndis_plan_start_date"),
                ("patients", "ndis_plan_end_date"),
                ("appointments", "clinic_id"),
                ("appointments", "clinician_id"),
                ("sms_messages", "appointment_id"),
                ("sms_messages", "sent_at"),
            ),
            _NO_LINK,
        ),
        **dict.fromkeys((("patients", "title"), ("patients", "sex")), _NO_CHOICE),
        # No script ever wrote one, nor did this program's first releases
        FUNDING_SOURCE: "coalesce({t}.funding_source, '') <> ''",
        # No script wrote one.
        ("patients", "coordinator_name"): "{t}.coordinator_name <> ''",
        ("patients", "dob"): "{s}.dob IS NULL AND {t}.dob BETWEEN '1850-01-01' AND current_date",
        # No script wrote either of two; `cancelled` and `completed` some did, by FileMaker or by the day.
        ("appointments", "status"): f"""
            ({{t}}.status IN ('checked_in', 'no_show') OR {WORKED_ON} AND ({{t}}.status = 'cancelled'
                OR {{t}}.status = 'completed' AND {{s}}.status = 'scheduled'))
        """,
        # The first export's is the beginning of its raw note, the others gave none.
        ("appointments", "reason"): f"""
            (coalesce({{t}}.reason, '') <> '' AND ({{t}}.filemaker_event_id IS NULL OR {{s}}.reason IS NULL
                OR {WORKED_ON} AND NOT starts_with(coalesce({{t}}.notes, ''), {{t}}.reason)
                    AND NOT starts_with(coalesce({{s}}.notes, ''), btrim({{t}}.reason))))
        """,
        # FileMaker's own may have more: Consult Notes, which no script read.
        ("appointments", "notes"): f"""
            ({_SQUEEZED.format("{t}.notes")} <> '' AND ({{s}}.notes IS NULL OR {WORKED_ON}
                AND strpos({_SQUEEZED.format("{s}.notes")}, {_SQUEEZED.format("{t}.notes")}) = 0))
        """,
        # What was given a reason was made or changed by a person.
        ("appointments", "appointment_type_id"): """
            ({t}.appointment_type_id IS NOT NULL AND ({s}.appointment_type_id IS NULL
                OR {t}.filemaker_event_id IS NULL AND coalesce({t}.reason, '') <> ''))
        """,
        # The scripts wrote `other`, or FileMaker's own type, which is seldom one of these.
        ("notes", "note_type"): "{t}.note_type <> 'other' AND {t}.note_type = ANY ({choices})",
        # Nexus was told by its gateway; FileMaker's unknown status is `sent`.
        (
            "sms_messages",
            "status",
        ): "{s}.status = 'sent' AND {t}.status IN ('delivered', 'failed', 'cancelled')",
        # The other of the app's two rows for one message shows in the patient's conversation.
        ("sms_messages", "patient_id"): """
            ({s}.patient_id IS NULL AND {t}.patient_id IS NOT NULL OR {t}.patient_id IS NULL AND EXISTS (
                SELECT FROM sms_messages o WHERE o.patient_id = {s}.patient_id AND o.message = {t}.message
                    AND o.created_at BETWEEN {t}.created_at - interval '1 minute'
                        AND {t}.created_at + interval '1 minute'))
        """,
        # The scripts wrote FileMaker's type with hyphens; people choose codes with underscores. A row that
        # Nexus has not saved again is as a script left it; the script that moved files saved it again, with
        # the words of FileMaker's type.
        ("documents", "category"): f"""
            ({{t}}.category ~ '[[:alnum:]]' AND {{t}}.category <> {{s}}.category
                AND ({{s}}.category = '' OR strpos({{t}}.category, '_') > 0
                    OR {_SAVED_SINCE} AND {_WORDS.format("{t}.category")} <> {_WORDS.format("{s}.category")}))
        """,
        ("documents", "document_date"): """
            ({t}.document_date IS NOT NULL AND ({s}.document_date IS NULL
                OR {t}.document_date <> {s}.document_date AND {saved_since}))
        """.replace("{saved_since}", _SAVED_SINCE),
        # The scripts wrote FileMaker's type, or a code for a part of it; `other` where they knew none.
        ("images", "category"): f"""
            ({{t}}.category NOT IN ('', 'other')
                AND strpos({_WORDS.format("{s}.category")}, {_WORDS.format("{t}.category")}) = 0)
        """,
        ("images", "caption"): "({t}.caption <> '' AND {t}.caption !~ {caption})",
        # Day and month may have been taken for each other, and a year for one of the first century.
        ("images", "date_taken"): """
            ({t}.date_taken BETWEEN '1990-01-01' AND current_date AND ({s}.date_taken IS NULL
                OR {t}.date_taken <> {s}.date_taken
                    AND to_char({t}.date_taken, 'YYYY-MM-DD') <> to_char({s}.date_taken, 'YYYY-DD-MM')))
        """,
        ("image_batches", "name"): "right({t}.name, length({name_end})) <> {name_end}",
        ("image_batches", "description"): "NOT {t}.description ^@ {description}",
        # Moved into a batch of the same patient's that is no import's
        ("images", "batch_id"): """
            EXISTS (SELECT FROM images_batch b WHERE b.id = {t}.batch_id AND NOT {imported_batch}
                AND b.object_id IN (SELECT n.object_id FROM staged_image_batches n WHERE n.id = {s}.batch_id
                    UNION ALL SELECT n.object_id FROM images_batch n WHERE n.id = {s}.batch_id))
        """,
    }
)
# A row that this program wrote has FileMaker's creation time, which no script and no person could give it.
_NOT_OURS: LiteralString = "({condition} AND {t}.created_at <> {s}.created_at)"


def persons_value(table: Table, column: Column) -> sql.Composable | None:
    """Say of a row `t` that is to be adopted, staged as `s`, that a person has given it this column's value.

    None where no value of the column tells. What else is in an adopted row is taken from FileMaker, once.
    """
    condition = _PERSONS.get((table.name, column.name))
    if condition is None:
        return None
    if (table.name, column.name) != FUNDING_SOURCE and any(one.name == "created_at" for one in table.columns):
        condition = _NOT_OURS.replace("{condition}", condition)
    return sql.SQL(condition).format(
        t=sql.Identifier("t"),
        s=sql.Identifier("s"),
        c=sql.Identifier(column.name),
        choices=sql.Literal(list(column.choices)),
        name_end=sql.Literal(NAME_END),
        description=sql.Literal(DESCRIPTION),
        caption=sql.Literal(_SCRIPTED_CAPTION),
        imported_batch=imported(IMAGE_BATCHES, "b"),
    )


# The first export put its JSON into the general note; Nexus's migration, where it has run, took it out again.
# What somebody has written behind it stays.
_MENDED: Mapping[tuple[str, str], LiteralString] = MappingProxyType(
    {
        (
            "patients",
            "notes",
        ): """regexp_replace(t.notes, '^\\s*[{][^{}]*"filemaker_id"\\s*:[^{}]*[}]\\s*', '')"""
    }
)


def mended(table: Table) -> dict[str, sql.Composable]:
    """Return those of Nexus's own columns in which older imports left something of theirs, of a row `t`.

    Each with what the column holds without it.
    """
    return {column: sql.SQL(value) for (name, column), value in _MENDED.items() if name == table.name}
