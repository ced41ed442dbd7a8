"""Rows of people's that are like one import's own row in all that a reader might go by, but for one thing.

Each is made beside a row that is there, minutes apart from any other, as people make rows.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.figures import share
from nexus_reimport.sandbox.clinic.nexus_rows import (
    appointment_row,
    document_row,
    image_batch_row,
    image_row,
    note_row,
    patient_row,
)
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.older.images import SUFFIX, picture_of_ones_own
from nexus_reimport.sandbox.clinic.older.nexus import OlderNexus
from nexus_reimport.sandbox.clinic.pdf import tiny_pdf
from nexus_reimport.sandbox.clinic.words import sentence

_EACH: Final = 30
"""How many of each kind there are at scale 1."""
_LEAST: Final = 3
BETWEEN: Final = timedelta(minutes=7)
CREATED_BY: Final = "Marigold"
"""A person; no account of FileMaker's has this name."""
_OWN: Final[dict[str, Row]] = {
    "appointments": {"reason": None, "filemaker_event_id": None},
    "notes": {"created_by": CREATED_BY, "note_type": "other"},
}
"""What of a namesake's row is not as the other's."""


def add_look_alikes(nexus: OlderNexus) -> None:
    """Write each kind, beside rows spread over all that the imports have left."""
    for place, row in enumerate(_spread(_imported("appointments", nexus), nexus)):
        _book_again(row, place, nexus)
    for row in _spread(_notes_of_their_own(nexus), nexus):
        _note_again(row, nexus)
    for row in _spread(_imported("documents_document", nexus), nexus):
        _upload_again(row, nexus)
    for row in _spread(_imported("patients", nexus), nexus):
        _add_namesake(row, nexus)


def _imported(relation: str, nexus: OlderNexus) -> list[Row]:
    """Return the imports' own rows that nobody has gone on with."""
    sources = nexus.book.sources.get(relation, {})
    rows = nexus.rows.get(relation, {})
    return [row for row_id, row in rows.items() if row_id in sources and row_id not in nexus.book.worked_on]


def _notes_of_their_own(nexus: OlderNexus) -> list[Row]:
    """Return imported notes whose text FileMaker has once: of two, a note of its account may be the other."""
    texts = Counter(
        (str(note["id_Key"]).lower(), str(note["Note"] or "").strip())
        for note in nexus.clinic.entities["API_Notes"]
    )
    once = {
        str(note["id"]).lower()
        for note in nexus.clinic.entities["API_Notes"]
        if texts[str(note["id_Key"]).lower(), str(note["Note"] or "").strip()] == 1
    }
    return [row for row in _imported("notes", nexus) if nexus.book.sources["notes"][str(row["id"])] in once]


def _spread(rows: list[Row], nexus: OlderNexus) -> Iterator[Row]:
    wanted = max(_LEAST, share(_EACH, nexus.clinic.scale))
    step = max(1, len(rows) // wanted)
    yield from rows[step // 3 :: step][:wanted]


def _write(relation: str, row: Row, nexus: OlderNexus) -> Row:
    nexus.rows.setdefault(relation, {})[str(row["id"])] = row
    nexus.book.is_peoples(relation, row["id"])
    nexus.book.look_alikes.add(str(row["id"]))
    return row


def _stamps(nexus: OlderNexus) -> Row:
    nexus.clock += BETWEEN
    return nexus.stamps()


def _book_again(imported: Row, place: int, nexus: OlderNexus) -> None:
    """Book a second appointment at the very start of an imported one, with its notes: nobody does so idly.

    By turns with a reason, with a reason and a type, and with a type that no event of that moment has.
    """
    types = nexus.clinic.nexus["appointment_types"]
    said = _type_of_its_event(imported, nexus)
    others = [row["id"] for row in types if said not in (str(row["id"]).lower(), str(row["name"]).lower())]
    row = appointment_row(
        id=nexus.chance.row_id(),
        start_time=imported["start_time"],
        end_time=imported["end_time"] or imported["start_time"],
        reason=None if place % 3 == 2 else sentence(nexus.chance),
        appointment_type_id=None if place % 3 == 0 else _one_of(others, nexus.chance),
        notes=imported["notes"],
        clinic_id=imported["clinic_id"],
        patient_id=imported["patient_id"],
        **_stamps(nexus),
    )
    _write("appointments", row, nexus)


def _type_of_its_event(imported: Row, nexus: OlderNexus) -> str:
    """Return what FileMaker says, by id or name, of the type that the import may not have found."""
    source = nexus.book.sources["appointments"][str(imported["id"])]
    event = next(one for one in nexus.clinic.entities["API_event"] if str(one["id"]).lower() == source)
    return str(event["Type"]).strip().lower()


def _one_of(ids: list[object], chance: Chance) -> object:
    return ids[chance.below(len(ids))]


def _note_again(imported: Row, nexus: OlderNexus) -> None:
    """Write an imported note's very text on another day, by turns by anybody and by FileMaker's account."""
    source = nexus.book.sources["notes"][str(imported["id"])]
    record = next(one for one in nexus.clinic.entities["API_Notes"] if str(one["id"]).lower() == source)
    account = record["creationAccountName"] if nexus.chance.percent(50) else None
    row = note_row(
        id=nexus.chance.row_id(),
        note_type=("clinical_notes", "other")[nexus.chance.below(2)] if account is None else "clinical_notes",
        content=imported["content"],
        created_by=account or CREATED_BY,
        patient_id=imported["patient_id"],
        **_stamps(nexus),
    )
    _write("notes", row, nexus)


def _upload_again(imported: Row, nexus: OlderNexus) -> None:
    """Upload a document's file under FileMaker's own name of it, which is in the key then."""
    name = f"{nexus.book.sources['documents_document'][str(imported['id'])].upper()}.pdf"
    owner = imported["object_id"] or next(iter(nexus.rows["patients"]))
    body = tiny_pdf("kept on a desk", nexus.chance.below(200))
    file = ClinicObject(f"documents/{owner}/{name}", body, "application/pdf")
    nexus.objects[file.key] = file
    now = _stamps(nexus)["updated_at"]
    row = document_row(
        id=nexus.chance.row_id(),
        object_id=owner,
        content_type_id=nexus.content_type,
        file_name=name,
        original_name=name,
        file_size=len(body),
        s3_bucket=nexus.bucket,
        s3_key=file.key,
        category=imported["category"],
        document_date=imported["document_date"],
        uploaded_by=imported["uploaded_by"],
        uploaded_at=now,
        updated_at=now,
    )
    _write("documents_document", row, nexus)


def _add_namesake(imported: Row, nexus: OlderNexus) -> None:
    """Add a patient of the same names and day of birth, with the other's first appointment and note.

    The appointment has neither reason nor type, as an import's.
    """
    same = ("first_name", "middle_names", "last_name", "title", "sex", "dob", "clinic_id", "contact_json")
    patient = patient_row(
        id=nexus.chance.row_id(),
        notes="",
        filemaker_metadata={} if nexus.chance.percent(50) else None,
        **{column: imported[column] for column in same},
        **_stamps(nexus),
    )
    _write("patients", patient, nexus)
    for relation in ("appointments", "notes"):
        rows = nexus.rows.get(relation, {}).values()
        theirs = next((row for row in rows if row["patient_id"] == imported["id"]), None)
        if theirs:
            own = {"id": nexus.chance.row_id(), "patient_id": patient["id"], **_OWN[relation]}
            _write(relation, {**theirs, **own, **_stamps(nexus)}, nexus)
    _photograph(patient, nexus)


def _photograph(patient: Row, nexus: OlderNexus) -> None:
    """Add a batch that is called as an import calls it, with a picture of one's own in it."""
    now = _stamps(nexus)["updated_at"]
    batch = image_batch_row(
        id=nexus.chance.row_id(),
        object_id=patient["id"],
        content_type_id=nexus.content_type,
        name=f"18 Oct 2016{SUFFIX}",
        uploaded_at=now,
        image_count=1,
    )
    picture = picture_of_ones_own(batch, "namesake", nexus)
    _write("images_batch", batch, nexus)
    _write("images_image", image_row(**picture, uploaded_at=now), nexus)
