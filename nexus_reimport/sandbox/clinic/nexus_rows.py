"""Rows of Nexus as its application writes them: every column given, defaults where nothing is said."""

from copy import deepcopy
from datetime import date
from typing import Final

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import (
    APPOINTMENTS,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
    NOTES,
    PATIENTS,
    SMS_MESSAGES,
)
from nexus_reimport.sandbox.clinic.chance import Row

DEFAULT_BUCKET: Final = "clinic-files"
PATIENT_CONTENT_TYPE: Final = 10
"""django_content_type.id of patients.patient in the sandbox's Nexus; it differs between databases."""

Relations = dict[str, list[Row]]

_DEFAULTS: Final[dict[str, Row]] = {
    "patients": {
        "emergency_json": {},
        "flags_json": {},
        "address_json": {},
        "contact_json": {},
        "plan_dates_json": [],
        "archived": False,
    },
    "appointments": {
        "status": "scheduled",
        "billing_notes": "",
        "invoice_contact_type": "patient",
        "followup_scheduled": False,
        "needs_followup_reminder": False,
        "is_recurring": False,
        "sms_confirmed": False,
        "sms_cancelled": False,
    },
    "notes": {"note_type": "clinical_notes"},
    "sms_messages": {
        "status": "sent",
        "external_message_id": "",
        "error_message": "",
        "retry_count": 0,
        "sms_count": 1,
        "notes": "",
    },
    "documents_document": {
        "mime_type": "application/pdf",
        "s3_url": "",
        "category": "",
        "description": "",
        "tags": [],
        "uploaded_by": "",
        "is_active": True,
    },
    "images_batch": {"description": "", "image_count": 0},
    "images_image": {
        "s3_thumbnail_key": "",
        "mime_type": "image/jpeg",
        "category": "",
        "caption": "",
        "order": 0,
    },
}


def patient_row(**values: object) -> Row:
    """Return a row of `patients`; KeyError where a column without a default is not given."""
    return _row(PATIENTS, values)


def appointment_row(**values: object) -> Row:
    """Return a row of `appointments`; KeyError where a column without a default is not given."""
    return _row(APPOINTMENTS, values)


def note_row(**values: object) -> Row:
    """Return a row of `notes`; KeyError where a column without a default is not given."""
    return _row(NOTES, values)


def sms_row(**values: object) -> Row:
    """Return a row of `sms_messages`; KeyError where a column without a default is not given."""
    return _row(SMS_MESSAGES, values)


def document_row(**values: object) -> Row:
    """Return a row of `documents_document`; KeyError where a column without a default is not given."""
    return _row(DOCUMENTS, values)


def image_batch_row(**values: object) -> Row:
    """Return a row of `images_batch`; KeyError where a column without a default is not given."""
    return _row(IMAGE_BATCHES, values)


def image_row(**values: object) -> Row:
    """Return a row of `images_image`; KeyError where a column without a default is not given."""
    return _row(IMAGES, values)


def _row(table: Table, values: Row) -> Row:
    """Return the columns in the table's order: the value given, the app's default, or null where allowed."""
    given = {**_template(table), **values}
    row = {column.name: given[column.name] for column in table.columns}
    if len(given) != len(row):
        raise KeyError(sorted(given.keys() - row.keys()))
    return row


def _template(table: Table) -> Row:
    nullable: Row = {column.name: None for column in table.columns if column.null}
    return {**nullable, **deepcopy(_DEFAULTS[table.relation])}


def day_or_none(value: object) -> date | None:
    """Return the day of a YYYY-MM-DD text, None where it is empty."""
    return date.fromisoformat(str(value)) if value else None
