"""A Nexus that the old scripts have imported into: random UUIDs, missing ids, double claims, stale links.

About four fifths of the clinic. Only rows whose text the old scripts wrote as it stands in FileMaker are
among those without a FileMaker id, so that who must be adopted is known for sure.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from nexus_reimport.sandbox.clinic.chance import CLINIC_ZONE, Chance, Row
from nexus_reimport.sandbox.clinic.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.docs import DOCUMENTS_FOLDER
from nexus_reimport.sandbox.clinic.figures import share
from nexus_reimport.sandbox.clinic.nexus_rows import (
    DEFAULT_BUCKET,
    PATIENT_CONTENT_TYPE,
    Relations,
    appointment_row,
    day_or_none,
    document_row,
    note_row,
    patient_row,
    sms_row,
)

IMPORTED_AT: Final = datetime(2025, 9, 14, 3, 12, 45, tzinfo=UTC)
COVERED: Final = {"patients": 86, "appointments": 95, "notes": 95, "sms_messages": 85, "documents": 82}
"""Per cent of the rows that the old scripts brought over; of linked rows, where the patient came too."""


@dataclass(frozen=True)
class OlderImport:
    """The rows by relation, and which UUID a source row must keep: by table and lower-case FileMaker id.

    `adopted` lists rows whose adoption is beyond doubt. `claimed_twice`: FileMaker ids of patients that two
    rows claim; the older of the two is the one in `adopted`. `stale_documents`: document ids that point at a
    patient who no longer exists.
    """

    rows: Relations
    adopted: dict[str, dict[str, str]]
    claimed_twice: tuple[str, ...]
    stale_documents: tuple[str, ...]


@dataclass
class _Scripts:
    """The old scripts at work: what they read, what they have written so far."""

    clinic: SyntheticClinic
    chance: Chance
    content_type: int
    bucket: str
    rows: Relations = field(default_factory=dict)
    adopted: dict[str, dict[str, str]] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    claimed_twice: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    dirty: frozenset[str] = frozenset()

    def covers(self, table: str, key: str) -> bool:
        """Return whether the old scripts brought this source row over."""
        return key not in self.clinic.rejected.get(table, {}) and self.chance.percent(COVERED[table])

    def adopts(self, table: str, key: str, row: Row) -> None:
        """Remember that the source row must keep this row's UUID."""
        self.adopted.setdefault(table, {})[key] = str(row["id"])

    def knows(self, patient: object) -> bool:
        """Return whether the patient's row says which FileMaker contact it is."""
        return str(patient).lower() in self.adopted["patients"]


def older_import(
    clinic: SyntheticClinic, *, content_type: int = PATIENT_CONTENT_TYPE, bucket: str = DEFAULT_BUCKET
) -> Relations:
    """Return the older import's rows by relation; insert `clinic.nexus` before them."""
    return older_import_known(clinic, content_type=content_type, bucket=bucket).rows


def older_import_known(
    clinic: SyntheticClinic, *, content_type: int = PATIENT_CONTENT_TYPE, bucket: str = DEFAULT_BUCKET
) -> OlderImport:
    """Return the older import with what is known of it: whom to adopt, double claims, stale links."""
    chance = Chance(f"{clinic.seed}/older import")
    scripts = _Scripts(clinic, chance, content_type, bucket, dirty=_unlike_source(clinic))
    _import_patients(scripts)
    appointments = _import_events(scripts)
    _import_notes(scripts)
    _import_messages(scripts, appointments)
    _import_documents(scripts)
    return OlderImport(scripts.rows, scripts.adopted, tuple(scripts.claimed_twice), tuple(scripts.stale))


def _unlike_source(clinic: SyntheticClinic) -> frozenset[str]:
    """Return the keys of all rows with dirt in what they say, rather than in their ids and stamps."""
    plain = ("creation_stamp_of_a_bulk_import", "mixed_case", "message_by", "message_to", "detail_of")
    return frozenset(key for name, keys in clinic.dirt.items() if not name.startswith(plain) for key in keys)


def _stamps(stamp: datetime = IMPORTED_AT) -> Row:
    return {"created_at": stamp, "updated_at": stamp}


def _text(value: object, length: int) -> str:
    return str(value or "").replace("\u0000", "").strip()[:length]


def _import_patients(scripts: _Scripts) -> None:
    """Write the patients; one in fourteen has lost its FileMaker id, a few are there twice."""
    rows = scripts.rows.setdefault("patients", [])
    for contact in scripts.clinic.entities["API_Contacts"]:
        key = str(contact["id"]).lower()
        if not scripts.covers("patients", key):
            continue
        row = _patient(contact, scripts)
        rows.append(row)
        scripts.patients[key] = str(row["id"])
        if len(rows) % 14 == 7:
            row["filemaker_metadata"] = None if scripts.chance.percent(50) else {"import_source": "csv"}
        else:
            scripts.adopts("patients", key, row)
    known = [row for row in rows if _claims(row)]
    for row in known[3 : 3 + share(6, scripts.clinic.scale)]:
        _claim_again(row, rows, scripts)


def _claims(row: Row) -> str | None:
    metadata = row["filemaker_metadata"]
    claim = metadata.get("filemaker_id") if isinstance(metadata, dict) else None
    return str(claim).lower() if claim else None


def _claim_again(row: Row, rows: list[Row], scripts: _Scripts) -> None:
    """Write a second, younger row for the same FileMaker id."""
    second = {**row, "id": scripts.chance.row_id(), **_stamps(IMPORTED_AT + timedelta(days=40)), "mrn": None}
    rows.append(second)
    scripts.claimed_twice.append(str(_claims(row)))


def _patient(contact: Row, scripts: _Scripts) -> Row:
    """Return a patient as the old scripts wrote it: names only, some in capitals, ids in either case."""
    chance = scripts.chance
    key = str(contact["id"])
    last = _text(contact["nameLast"], 100)
    return patient_row(
        id=chance.row_id(),
        first_name=_text(contact["nameFirst"], 100),
        last_name=last.upper() if chance.percent(10) else last,
        dob=_plausible_birthday(contact["DOB"]),
        contact_json={"phones": [], "emails": [], "mobile": "02 5550 0000"} if chance.percent(20) else {},
        health_number=_text(contact["Health Number"], 50) or None,
        flags_json={"vip": True} if chance.percent(3) else {},
        notes="Prefers the early bus." if chance.percent(5) else None,
        filemaker_metadata={
            "filemaker_id": key.lower() if chance.percent(70) else key.upper(),
            "imported_at": IMPORTED_AT.isoformat(),
            "import_source": "filemaker",
        },
        **_stamps(),
    )


def _plausible_birthday(value: object) -> object:
    day = day_or_none(value)
    return day if day and 1900 <= day.year <= 2026 else None


def _import_events(scripts: _Scripts) -> dict[str, str]:
    """Write the appointments and return their UUIDs by event; one plain event in eight has no id."""
    rows = scripts.rows.setdefault("appointments", [])
    written: dict[str, str] = {}
    events = scripts.clinic.entities["API_event"]
    natural = Counter(_natural_event(event) for event in events)
    clinics = {row["filemaker_id"]: row["id"] for row in scripts.clinic.nexus["clinics"]}
    for event in events:
        key, patient = str(event["id"]).lower(), str(event["id_Contact"]).lower()
        if not scripts.covers("appointments", key) or patient not in scripts.patients:
            continue
        row = _appointment(event, clinics.get(str(event["idCal"]).lower()), scripts)
        rows.append(row)
        written[key] = str(row["id"])
        plain = (
            key not in scripts.dirty and not event["Consult Notes"] and natural[_natural_event(event)] == 1
        )
        if not plain or not scripts.knows(patient) or not scripts.chance.percent(13):
            row["filemaker_event_id"] = key
        scripts.adopts("appointments", key, row)
    return written


def _natural_event(event: Row) -> tuple[object, ...]:
    return str(event["id_Contact"]).lower(), event["startDate"], event["startTime"], event["note"]


def _wall(day: object, clock: object) -> datetime:
    """Return a Sydney wall time as an instant; noon where the time is not an ordinary one."""
    text = str(clock) if clock and len(str(clock)) == len("00:00:00") and clock != "24:00:00" else "12:00:00"
    return datetime.fromisoformat(f"{day}T{text}").replace(tzinfo=CLINIC_ZONE).astimezone(UTC)


def _appointment(event: Row, clinic: object, scripts: _Scripts) -> Row:
    """Return an appointment as the old scripts wrote it: no clinician, no type, an older status."""
    start = _wall(event["startDate"], event["startTime"])
    return appointment_row(
        id=scripts.chance.row_id(),
        start_time=start,
        end_time=start + timedelta(minutes=30) if scripts.chance.percent(80) else None,
        status="completed" if start < IMPORTED_AT else "scheduled",
        notes=_text(event["note"], 10**6) or None,
        clinic_id=clinic,
        patient_id=scripts.patients[str(event["id_Contact"]).lower()],
        **_stamps(),
    )


def _import_notes(scripts: _Scripts) -> None:
    """Write the notes whose text is plain; notes never had a FileMaker id."""
    rows = scripts.rows.setdefault("notes", [])
    twice = set(scripts.clinic.dirt.get("same_text_twice", ()))
    for note in scripts.clinic.entities["API_Notes"]:
        key, patient = str(note["id"]).lower(), str(note["id_Key"]).lower()
        dirty = key in scripts.dirty and key not in twice
        if dirty or not scripts.covers("notes", key) or patient not in scripts.patients:
            continue
        row = note_row(
            id=scripts.chance.row_id(),
            note_type="other" if scripts.chance.percent(20) else "clinical_notes",
            content=note["Note"],
            created_by="FileMaker Import",
            patient_id=scripts.patients[patient],
            **_stamps(),
        )
        rows.append(row)
        if scripts.knows(patient) and key not in twice:
            scripts.adopts("notes", key, row)


def _import_messages(scripts: _Scripts, appointments: dict[str, str]) -> None:
    """Write the messages; the old scripts matched none by number."""
    rows = scripts.rows.setdefault("sms_messages", [])
    for message in scripts.clinic.entities["API_Messages"]:
        key, patient = str(message["_kp_MessageID"]).lower(), str(message["_kf_ContactID"]).lower()
        if key in scripts.dirty or not scripts.covers("sms_messages", key):
            continue
        row = _sms(message, scripts.patients.get(patient), appointments)
        row["id"] = scripts.chance.row_id()
        rows.append(row)
        if message["_kf_GatewayMessageID"] or (scripts.knows(patient) and patient in scripts.patients):
            scripts.adopts("sms_messages", key, row)


def _sms(message: Row, patient: str | None, appointments: dict[str, str]) -> Row:
    sent = datetime.fromisoformat(str(message["SentTimestamp"])).astimezone(UTC)
    return sms_row(
        id="",
        phone_number=_text(message["RecipientPhoneMobile"], 20),
        message=message["MessageBody"],
        external_message_id=message["_kf_GatewayMessageID"] or "",
        created_at=IMPORTED_AT,
        sent_at=sent,
        appointment_id=appointments.get(str(message["_kf_EventID"]).lower()),
        patient_id=patient,
    )


def _import_documents(scripts: _Scripts) -> None:
    """Write the documents; a quarter points at patients who are gone, one in twenty has lost its id."""
    rows = scripts.rows.setdefault("documents_document", [])
    sources = {str(doc["id"]).lower(): doc for doc in scripts.clinic.entities["API_Docs"]}
    for entry in scripts.clinic.objects:
        if not entry.key.startswith(DOCUMENTS_FOLDER) or entry.key.endswith("/"):
            continue
        folder, _, name = entry.key.removeprefix(DOCUMENTS_FOLDER).split("/")
        key = name.removesuffix(".pdf").lower()
        if scripts.covers("documents", key):
            row = _document(entry.key, len(entry.body), scripts)
            _point(row, sources[key], folder, scripts)
            row["filemaker_id"] = None if len(rows) % 20 == 11 else key
            rows.append(row)
            scripts.adopts("documents", key, row)


def _point(row: Row, source: Row, folder: str, scripts: _Scripts) -> None:
    """Link the document: to its patient, or to the UUID in its key, whose patient is long gone."""
    patient = scripts.patients.get(str(source["id_Contact"]).lower())
    if patient is None or scripts.chance.percent(15):
        scripts.stale.append(str(row["id"]))
        patient = folder
    row["object_id"], row["content_type_id"] = patient, scripts.content_type


def _document(key: str, size: int, scripts: _Scripts) -> Row:
    return document_row(
        id=scripts.chance.row_id(),
        file_name=key.rpartition("/")[2],
        original_name=key.rpartition("/")[2],
        file_size=size if scripts.chance.percent(90) else 0,
        s3_bucket=scripts.bucket,
        s3_key=key,
        category=key.split("/")[-2],
        uploaded_by="FileMaker Import",
        uploaded_at=IMPORTED_AT,
        updated_at=IMPORTED_AT,
    )
