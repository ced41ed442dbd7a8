"""Rows of Nexus's neighbours that point at a patient and an appointment, of which PostgreSQL knows nothing.

By a content type and an id, by an id alone, or by an id as text.
"""

from collections.abc import Iterator
from datetime import datetime

from nexus_reimport.sandbox.clinic.chance import Chance, Row


def unknown_links(
    patient: object, appointment: object, other: object, content_type: int, chance: Chance, now: datetime
) -> Iterator[tuple[str, Row]]:
    """Yield relation and row: who is whose, an email, and what Xero and Nexus's admin have written down.

    `other`: another patient; `content_type`: the number of patients'.
    """
    yield (
        "contact_relationships",
        {
            "id": chance.row_id(),
            "from_content_type_id": content_type,
            "from_object_id": patient,
            "to_content_type_id": content_type,
            "to_object_id": other,
            "relationship_type": "parent",
            "notes": None,
            "is_active": True,
            "created_at": now,
            "updated_at": now,
        },
    )
    yield "sent_emails", _email(patient, appointment, chance, now)
    yield (
        "xero_sync_logs",
        {
            "id": chance.row_id(),
            "operation_type": "contact_create",
            "status": "success",
            "request_data": None,
            "response_data": None,
            "error_message": "",
            "local_entity_type": "patient",
            "local_entity_id": patient,
            "xero_entity_id": "",
            "duration_ms": 120,
            "created_at": now,
        },
    )
    yield (
        "django_admin_log",
        {
            "id": chance.getrandbits(31),
            "action_time": now,
            "object_id": str(appointment),
            "object_repr": "Appointment",
            "action_flag": 2,
            "change_message": "[]",
            "content_type_id": None,
            "user_id": None,
        },
    )


def _email(patient: object, appointment: object, chance: Chance, now: datetime) -> Row:
    texts = ("cc_addresses", "bcc_addresses", "attachment_names", "error_message", "related_report_type")
    return {
        "id": chance.row_id(),
        "connection_id": None,
        "to_addresses": "nobody@example.org",
        **dict.fromkeys(texts, ""),
        "subject": "Your appointment",
        "body_preview": "We look forward to it.",
        "has_attachments": False,
        "template_id": None,
        "status": "sent",
        "gmail_message_id": f"{chance.getrandbits(60):015x}",
        "gmail_thread_id": "",
        "related_patient_id": str(patient).upper() if chance.percent(50) else str(patient),
        "related_appointment_id": str(appointment),
        "sent_at": now,
        "sent_by": "Saffron",
    }
