"""Rows that people made beside the older imports' own, made to look as much like them as people's rows do.

None of them may ever be taken for an import's row, and none may change.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from nexus_reimport.sandbox.clinic.chance import CLINIC_ZONE, Row
from nexus_reimport.sandbox.clinic.figures import share
from nexus_reimport.sandbox.clinic.nexus_rows import (
    appointment_row,
    document_row,
    image_row,
    note_row,
    sms_row,
)
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.older.images import SUFFIX, picture_of_ones_own
from nexus_reimport.sandbox.clinic.older.look_alikes import CREATED_BY, add_look_alikes
from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus
from nexus_reimport.sandbox.clinic.pdf import tiny_pdf
from nexus_reimport.sandbox.clinic.peoples_rows import peoples_rows
from nexus_reimport.sandbox.clinic.words import sentence

_EACH: Final = 40
"""How many of each kind there are at scale 1, where there are rows to make them beside."""
_LEAST: Final = 6
RENAMED_BATCHES: Final = 15
BATCHES_WITH_OWN: Final = 15
_WORKED_ON: Final = 30
"""How many imported appointments the desk has gone on with."""


def add_people(nexus: OlderNexus) -> None:
    """Write what people made after the last import: a front desk's ordinary rows, then each trap."""
    patients = list(nexus.rows.get("patients", {}).values())
    ordinary = peoples_rows(
        nexus.clinic, imported=patients, content_type=nexus.content_type, bucket=nexus.bucket
    )
    for relation, rows in ordinary.items():
        for row in rows:
            _write(relation, row, nexus)
    _work_on_appointments(nexus)
    _appointments(nexus)
    _notes(nexus)
    _messages(nexus)
    _documents(nexus)
    _images(nexus)
    add_look_alikes(nexus)


def _write(relation: str, row: Row, nexus: OlderNexus) -> Row:
    nexus.rows.setdefault(relation, {})[str(row["id"])] = row
    nexus.book.is_peoples(relation, row["id"])
    return row


def _some(rows: list[Row], nexus: OlderNexus, count: int = _EACH) -> list[Row]:
    """Return a few rows, spread over all, the same ones each time."""
    wanted = max(_LEAST, share(count, nexus.clinic.scale))
    step = max(1, len(rows) // wanted)
    return rows[step // 2 :: step][:wanted]


def _work_on_appointments(nexus: OlderNexus) -> None:
    """Go on with a few imported appointments: a reason typed in, a patient who has come."""
    for row in _some(list(nexus.rows.get("appointments", {}).values()), nexus, _WORKED_ON):
        if row["id"] in nexus.book.sources.get("appointments", {}):
            row |= {"reason": sentence(nexus.chance), "status": "checked_in", "updated_at": nexus.now()}
            nexus.book.worked_on.add(str(row["id"]))
            for column in ("reason", "status"):
                nexus.book.is_edited("appointments", row["id"], column, row[column])


def _timed_events(nexus: OlderNexus) -> Iterator[tuple[Row, Row, datetime]]:
    """Yield FileMaker's ordinary events with their patient here and the instant of their start."""
    ordinary = [
        event
        for event in nexus.clinic.entities["API_event"]
        if event["startDate"]
        and "\u0000" not in str(event["note"])
        and len(str(event["startTime"])) == len("09:00:00")
        and nexus.patient(event["id_Contact"])
    ]
    for event in _some(ordinary, nexus, 3 * _EACH):
        try:
            clock = time.fromisoformat(str(event["startTime"]))
        except ValueError:
            continue
        day = date.fromisoformat(str(event["startDate"]))
        patient = nexus.patient(event["id_Contact"])
        if patient is not None:
            yield event, patient, datetime.combine(day, clock, CLINIC_ZONE)


def _appointments(nexus: OlderNexus) -> None:
    """Write bookings on days of FileMaker's events.

    By turns: a series and one of its appointments at the very start of an event; a booking of the desk, with
    reason and type, at noon of the day of an event that has a time; the same at midnight.
    """
    for place, (event, patient, start) in enumerate(_timed_events(nexus)):
        if place % 3 == 0:
            series = _booking(patient, start, event, nexus, is_recurring=True, recurrence_pattern="weekly")
            next_start = start + timedelta(days=7)
            _booking(patient, next_start, event, nexus, parent_appointment_id=series["id"])
        else:
            clock = time(12) if place % 3 == 1 else time(0)
            if start.timetz().replace(tzinfo=None) != clock:
                _booking(patient, datetime.combine(start.date(), clock, CLINIC_ZONE), event, nexus)


def _booking(patient: Row, start: datetime, event: Row, nexus: OlderNexus, **more: object) -> Row:
    types = nexus.clinic.nexus["appointment_types"]
    row = appointment_row(
        id=nexus.chance.row_id(),
        start_time=start.astimezone(UTC),
        end_time=start.astimezone(UTC) + timedelta(minutes=30),
        reason=sentence(nexus.chance),
        notes=event["note"] or "",
        clinic_id=nexus.clinic.nexus["clinics"][0]["id"],
        patient_id=patient["id"],
        appointment_type_id=types[nexus.chance.below(len(types))]["id"],
        **more,
        **nexus.stamps(),
    )
    return _write("appointments", row, nexus)


def _notes(nexus: OlderNexus) -> None:
    """Write notes with the very text of one of FileMaker's, typed again by a person."""
    copied = [
        note
        for note in nexus.clinic.entities["API_Notes"]
        if str(note["Note"] or "").replace("\u0000", "").strip() == note["Note"]
        and nexus.patient(note["id_Key"])
    ]
    for note in _some(copied, nexus):
        patient = nexus.patient(note["id_Key"])
        if patient is not None:
            row = note_row(
                id=nexus.chance.row_id(),
                note_type="other",
                content=note["Note"],
                created_by=CREATED_BY,
                patient_id=patient["id"],
                **nexus.stamps(),
            )
            _write("notes", row, nexus)


def _messages(nexus: OlderNexus) -> None:
    """Write SMS with the words of one of FileMaker's, sent from the app two days later.

    From a patient's page: two rows for one SMS, one of them without the patient.
    """
    messages = [
        message
        for message in nexus.clinic.entities["API_Messages"]
        if message["SentTimestamp"] and message["MessageBody"] and nexus.patient(message["_kf_ContactID"])
    ]
    for message in _some(messages, nexus):
        patient = nexus.patient(message["_kf_ContactID"])
        body = str(message["MessageBody"])
        if patient is None or "\u0000" in body:
            continue
        sent = datetime.fromisoformat(str(message["SentTimestamp"])).astimezone(UTC) + timedelta(days=2)
        for owner in (patient["id"], None):
            row = sms_row(
                id=nexus.chance.row_id(),
                phone_number="0491 570 006" if owner else "61491570006",
                message=body,
                external_message_id="" if owner else f"DESK{nexus.chance.getrandbits(48):012x}",
                created_at=sent,
                sent_at=sent,
                patient_id=owner,
            )
            _write("sms_messages", row, nexus)


def _documents(nexus: OlderNexus) -> None:
    """Write uploads of files that a person took out of FileMaker: its id is their name, not in the key."""
    docs = [doc for doc in nexus.clinic.entities["API_Docs"] if nexus.patient(doc["id_Contact"])]
    for doc in _some(docs, nexus):
        patient = nexus.patient(doc["id_Contact"])
        if patient is None:
            continue
        file = ClinicObject(
            f"documents/{patient['id']}/{nexus.chance.row_id()}.pdf",
            tiny_pdf("taken out and scanned", nexus.chance.below(200)),
            "application/pdf",
        )
        nexus.objects[file.key] = file
        now = nexus.now()
        row = document_row(
            id=nexus.chance.row_id(),
            object_id=patient["id"],
            content_type_id=nexus.content_type,
            file_name=f"{doc['id']}.pdf",
            original_name=f"{doc['id']}.pdf",
            file_size=len(file.body),
            s3_bucket=nexus.bucket,
            s3_key=file.key,
            category="letters",
            uploaded_by=CREATED_BY,
            uploaded_at=now,
            updated_at=now,
        )
        _write("documents_document", row, nexus)


def _images(nexus: OlderNexus) -> None:
    """Rename a few imported batches, and add a picture of a person's own to a few others.

    A batch with a name of a person's is where a person wants its images to be.
    """
    batches = [
        row for row in nexus.rows.get("images_batch", {}).values() if str(row["name"]).endswith(SUFFIX)
    ]
    filled = [row for row in batches if row["image_count"]]
    for row in _some(filled[::2], nexus, RENAMED_BATCHES):
        row["name"] = f"Both feet, {sentence(nexus.chance)}"[:200]
        nexus.book.is_edited("images_batch", row["id"], "name", row["name"])
        for image in nexus.rows["images_image"].values():
            if image["batch_id"] == row["id"]:
                nexus.book.is_edited("images_image", image["id"], "batch_id", row["id"])
    for row in _some(filled[1::2], nexus, BATCHES_WITH_OWN):
        _add_own(row, nexus)


def _add_own(batch: Row, nexus: OlderNexus) -> None:
    picture = picture_of_ones_own(batch, "own", nexus)
    _write("images_image", image_row(**picture, uploaded_at=nexus.now(), order=1), nexus)
    batch["image_count"] = int(str(batch["image_count"])) + 1
    nexus.book.shared.add(str(batch["id"]))
