"""Rows as the clinic's older imports and people have written them, for tests: relation and row."""

from datetime import UTC, datetime
from typing import Any

from nexus_reimport.sandbox.clinic.nexus_rows import (
    PATIENT_CONTENT_TYPE,
    appointment_row,
    document_row,
    image_batch_row,
    image_row,
    note_row,
    patient_row,
    sms_row,
)
from nexus_reimport.sandbox.starting_states import fill_tables
from nexus_reimport_tests.load.staged_frames import uid

Written = tuple[str, dict[str, Any]]

IMPORTED_AT = datetime(2025, 11, 9, 3, 12, 45, tzinfo=UTC)
START = datetime(2024, 5, 6, 23, 30, tzinfo=UTC)  # 9:30 on 7 May in Sydney
FETCHED = "patients/filemaker-import/images"
FILED = "patients/filemaker-import/documents"
STAMPS = {"created_at": IMPORTED_AT, "updated_at": IMPORTED_AT}


def load(url: str, *rows: Written) -> None:
    """Put rows into Nexus, all at once."""
    by_relation: dict[str, list[dict[str, Any]]] = {}
    for relation, row in rows:
        by_relation.setdefault(relation, []).append(row)
    fill_tables(url, by_relation)


def patient(name: str, metadata: object = None, /, **given: object) -> Written:
    """A patient; without metadata, one whom a person has made."""
    names = {"first_name": name, "last_name": "Fernwick"}
    row = {"id": uid(f"patient {name}"), "filemaker_metadata": metadata, **names, **STAMPS, **given}
    return "patients", patient_row(**row)


def appointment(name: str, owner: str | None, /, **given: object) -> Written:
    """An appointment as the reimports wrote it: no event id, no reason, always an end and notes."""
    row = {"id": uid(f"appointment {name}"), "patient_id": owner, "start_time": START, "end_time": START}
    return "appointments", appointment_row(**{**row, "notes": "", **STAMPS, **given})


def note(name: str, owner: str, content: str, /, **given: object) -> Written:
    """A note as the reimports wrote it."""
    row = {"id": uid(f"note {name}"), "patient_id": owner, "content": content, "note_type": "other"}
    return "notes", note_row(**{**row, "created_by": "FileMaker Import", **STAMPS, **given})


def sms(name: str, owner: str | None, /, **given: object) -> Written:
    """A message that Nexus has sent."""
    row = {"id": uid(f"sms {name}"), "patient_id": owner, "phone_number": "61491570006", "message": "Hello"}
    return "sms_messages", sms_row(**{**row, "created_at": IMPORTED_AT, **given})


def document(name: str, s3_key: str, /, **given: object) -> Written:
    """A document of nobody's."""
    row = {"id": uid(f"document {name}"), "s3_key": s3_key, "s3_bucket": "clinic-files", "file_size": 5}
    names = dict.fromkeys(("file_name", "original_name"), s3_key.rpartition("/")[2])
    stamps = {"uploaded_at": IMPORTED_AT, "updated_at": IMPORTED_AT}
    return "documents_document", document_row(**{**row, **names, **stamps, **given})


def batch(name: str, owner: str, /, **given: object) -> Written:
    """A batch as the linker made it, of 18 October 2016."""
    row = {"id": uid(f"batch {name}"), "object_id": owner, "content_type_id": PATIENT_CONTENT_TYPE}
    words = {"name": "18 Oct 2016 (FileMaker Import)", "description": "Imported from FileMaker"}
    return "images_batch", image_batch_row(**{**row, **words, "uploaded_at": IMPORTED_AT, **given})


def image(name: str, of: str, s3_key: str, /, **given: object) -> Written:
    """An image in a batch of that name."""
    row = {"id": uid(f"image {name}"), "batch_id": uid(f"batch {of}"), "s3_key": s3_key, "file_size": 5}
    words = {"original_name": s3_key.rpartition("/")[2], "uploaded_at": IMPORTED_AT}
    return "images_image", image_row(**{**row, **words, **given})
