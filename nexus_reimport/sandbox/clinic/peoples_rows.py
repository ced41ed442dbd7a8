"""Rows that people made in Nexus, beside the imported ones in every table: no import may touch them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.nexus_rows import (
    DEFAULT_BUCKET,
    PATIENT_CONTENT_TYPE,
    Relations,
    appointment_row,
    document_row,
    note_row,
    patient_row,
    sms_row,
)
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.unknown_links import unknown_links
from nexus_reimport.sandbox.clinic.words import first_name, last_name, paragraph, sentence

_PATIENTS: Final = 24
_BEGUN = datetime(2026, 1, 12, 22, 5, tzinfo=UTC)


@dataclass
class _Desk:
    """The front desk at work: what it has written so far, each row a minute after the one before."""

    clinic: SyntheticClinic
    chance: Chance
    content_type: int
    bucket: str
    rows: Relations = field(default_factory=dict)
    minutes: int = 0

    def write(self, relation: str, row: Row) -> Row:
        """Add a row to a relation and return it."""
        self.rows.setdefault(relation, []).append(row)
        return row

    def now(self) -> datetime:
        """Return the next minute."""
        self.minutes += 1
        return _BEGUN + timedelta(minutes=self.minutes)

    def stamps(self) -> Row:
        """Return created_at and updated_at of a new row."""
        now = self.now()
        return {"created_at": now, "updated_at": now}


def peoples_rows(
    clinic: SyntheticClinic,
    *,
    imported: Sequence[Row] = (),
    content_type: int = PATIENT_CONTENT_TYPE,
    bucket: str = DEFAULT_BUCKET,
) -> Relations:
    """Return people's rows by relation; insert `clinic.nexus` before them.

    `imported` are rows of `patients` that are there too: people have written about the first ten of them.
    """
    desk = _Desk(clinic, Chance(f"{clinic.seed}/people"), content_type, bucket)
    for place in range(_PATIENTS):
        patient = desk.write("patients", _patient(place, desk))
        _write_about(patient["id"], place, desk)
    for place, row in enumerate(imported[:10]):
        _write_about(row["id"], place, desk)
    owners = [row["id"] for row in desk.rows["patients"]]
    _documents(owners, desk)
    _images(owners, desk)
    return desk.rows


def _patient(place: int, desk: _Desk) -> Row:
    """Return a patient with no FileMaker id; the first is the namesake of an imported one."""
    chance = desk.chance
    namesake = desk.clinic.entities["API_Contacts"][0]
    names = (namesake["nameFirst"] or "Ildwick", namesake["nameLast"] or "Lampgate")
    first, last = names if place == 0 else (first_name(chance), last_name(chance))
    return patient_row(
        id=chance.row_id(),
        mrn=f"P-{place + 1:05d}",
        first_name=str(first).strip()[:100],
        last_name=str(last).strip()[:100],
        dob=date(1950, 1, 1) + timedelta(days=chance.below(20000)),
        sex="FMOU"[place % 4],
        contact_json={"phones": [{"type": "Mobile", "number": "0491 570 006", "label": ""}], "emails": []},
        clinic_id=desk.clinic.nexus["clinics"][place % len(desk.clinic.nexus["clinics"])]["id"],
        emergency_json={"name": "Bexenna", "phone": "02 7010 0000"} if place % 5 == 0 else {},
        notes="Came in from the street.",
        archived=place % 8 == 7,
        archived_at=_BEGUN + timedelta(days=90) if place % 8 == 7 else None,
        archived_by="Saffron" if place % 8 == 7 else None,
        filemaker_metadata={} if place % 3 == 0 else None,
        **desk.stamps(),
    )


def _write_about(patient: object, place: int, desk: _Desk) -> None:
    """Write what a front desk writes about one patient, in every table that has a place for it."""
    appointment = desk.write("appointments", _appointment(patient, place, desk))
    desk.write("notes", _note(patient, desk))
    desk.write("sms_messages", _sms(patient, appointment["id"], desk))
    desk.write("encounters", _encounter(patient, appointment, desk))
    desk.write("reminders", _reminder(patient, appointment["id"] if place % 2 else None, desk))
    desk.write(
        "letters_patientletter",
        {
            "id": desk.chance.row_id(),
            "patient_id": patient,
            "subject": "Your new insoles",
            "body": paragraph(desk.chance),
            **desk.stamps(),
        },
    )
    for relation, row in unknown_links(
        patient, appointment["id"], desk.rows["patients"][0]["id"], desk.content_type, desk.chance, desk.now()
    ):
        desk.write(relation, row)


def _appointment(patient: object, place: int, desk: _Desk) -> Row:
    start = _BEGUN + timedelta(days=20 + place, hours=place % 7)
    clinicians, clinics = desk.clinic.nexus["clinicians"], desk.clinic.nexus["clinics"]
    types = desk.clinic.nexus["appointment_types"]
    return appointment_row(
        id=desk.chance.row_id(),
        start_time=start,
        end_time=start + timedelta(minutes=45),
        status=("scheduled", "checked_in", "completed", "cancelled", "no_show")[place % 5],
        reason=sentence(desk.chance),
        notes=None if place % 3 else "Booked at the desk.",
        clinic_id=clinics[place % len(clinics)]["id"],
        clinician_id=clinicians[place % len(clinicians)]["id"],
        patient_id=patient,
        appointment_type_id=types[place % len(types)]["id"],
        sms_confirmed=place % 4 == 0,
        sms_confirmed_at=start - timedelta(days=1) if place % 4 == 0 else None,
        **desk.stamps(),
    )


def _note(patient: object, desk: _Desk) -> Row:
    return note_row(
        id=desk.chance.row_id(),
        note_type="admin_notes",
        content=paragraph(desk.chance),
        created_by="Juniper",
        patient_id=patient,
        **desk.stamps(),
    )


def _sms(patient: object, appointment: object, desk: _Desk) -> Row:
    sent = desk.now()
    return sms_row(
        id=desk.chance.row_id(),
        phone_number="+61491570006",
        message=f"Typed by hand. {sentence(desk.chance)}",
        status="delivered",
        external_message_id=f"DESK{desk.chance.getrandbits(48):012x}",
        created_at=sent,
        sent_at=sent,
        delivered_at=sent + timedelta(seconds=9),
        appointment_id=appointment,
        patient_id=patient,
    )


def _encounter(patient: object, appointment: Row, desk: _Desk) -> Row:
    return {
        "id": desk.chance.row_id(),
        "patient_id": patient,
        "clinician_id": appointment["clinician_id"],
        "appointment_id": appointment["id"],
        "started_at": appointment["start_time"],
        "summary": sentence(desk.chance),
        **desk.stamps(),
    }


def _reminder(patient: object, appointment: object, desk: _Desk) -> Row:
    return {
        "id": desk.chance.row_id(),
        "patient_id": patient,
        "appointment_id": appointment,
        "title": "Ring about the boots",
        "due_date": date(2026, 8, 3),
        "completed": False,
        **desk.stamps(),
    }


def _uploads(prefix: str, desk: _Desk) -> list[ClinicObject]:
    return [entry for entry in desk.clinic.objects if entry.key.startswith(prefix)]


def _documents(owners: list[object], desk: _Desk) -> None:
    """Write the rows of people's own uploads; the files are among the clinic's objects."""
    for place, upload in enumerate(_uploads("documents/", desk)):
        now = desk.now()
        row = document_row(
            id=desk.chance.row_id(),
            object_id=owners[place],
            file_name=upload.key.rpartition("/")[2],
            original_name=f"scan {place + 1}.pdf",
            file_size=len(upload.body),
            s3_bucket=desk.bucket,
            s3_key=upload.key,
            category="letters",
            tags=["signed"],
            uploaded_by="Saffron",
            uploaded_at=now,
            updated_at=now,
            content_type_id=desk.content_type,
        )
        desk.write("documents_document", row)


def _images(owners: list[object], desk: _Desk) -> None:
    """Write one batch of people's own pictures and its images."""
    uploads = _uploads("images/", desk)
    batch = {
        "id": uploads[0].key.split("/")[2],
        "object_id": owners[0],
        "name": "Desk camera",
        "description": "",
        "uploaded_at": desk.now(),
        "image_count": len(uploads),
        "content_type_id": desk.content_type,
        "uploaded_by_id": None,
    }
    desk.write("images_batch", batch)
    for place, upload in enumerate(uploads):
        desk.write("images_image", _image(place, upload, batch["id"], desk))


def _image(place: int, upload: ClinicObject, batch: object, desk: _Desk) -> Row:
    return {
        "id": desk.chance.row_id(),
        "s3_key": upload.key,
        "s3_thumbnail_key": "",
        "original_name": f"camera {place + 1}.jpg",
        "file_size": len(upload.body),
        "mime_type": upload.content_type,
        "width": None,
        "height": None,
        "category": "",
        "caption": "",
        "date_taken": None,
        "uploaded_at": desk.now(),
        "order": place,
        "batch_id": batch,
        "uploaded_by_id": None,
        "thumbnail_size": None,
        "filemaker_id": None,
    }
