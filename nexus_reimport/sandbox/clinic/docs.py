"""API_Docs and the files in S3: documents, rows without a file, and strangers that are nobody's to touch."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.chance import TODAY, Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.dirt import Dirt, DirtLedger, changing, mixed_case, setting, spread
from nexus_reimport.sandbox.clinic.figures import Figures
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.patients import People
from nexus_reimport.sandbox.clinic.pdf import tiny_pdf

DOCUMENTS_FOLDER: Final = "patients/filemaker-import/documents/"
DOC_TYPES: Final = (
    "ERF",
    "File Notes",
    "Purchase order",
    "Quote",
    "Referral",
    "Invoice",
    "Photo Consent",
    "",
    None,
)
_FIRST_DAY: Final = date(2012, 1, 9)


@dataclass(frozen=True)
class Archive:
    """API_Docs' rows and everything in the bucket."""

    rows: list[Row]
    objects: list[ClinicObject]


def archive(figures: Figures, people: People, seed: int, scale: float, ledger: DirtLedger) -> Archive:
    """Return the document rows and their files, with folder markers and strangers among them."""
    chance = Chance(f"{seed}/docs")
    ids = [str(row["id"]).upper() for row in people.patients]
    linked = [_doc(ids[chance.below(len(ids))], chance) for _ in range(figures.documents_linked)]
    spread(linked, DOC_DIRT, Chance(f"{seed}/doc dirt"), scale, ledger)
    unlinked = _of_unknown_patients(figures, people, chance)
    ledger.note("document_of_unknown_patient", [row["id"] for row in unlinked])
    missing = [_doc(ids[chance.below(len(ids))], chance) for _ in range(figures.documents_without_file)]
    for row in missing:
        row["NexusExportDate"] = None
        ledger.reject("documents", row["id"], "no_file")
    filed = [*linked, *unlinked]
    objects = [*_files(filed, seed), *_strangers(seed)]
    rows = [*filed, *missing]
    chance.shuffle(rows)
    return Archive(rows=rows, objects=sorted(objects, key=lambda entry: entry.key))


def _doc(patient: str | None, chance: Chance) -> Row:
    return {
        "id": chance.identifier(),
        "id_Contact": patient,
        "Type": DOC_TYPES[chance.below(len(DOC_TYPES))],
        "Date": None if chance.percent(40) else chance.day(_FIRST_DAY, TODAY).isoformat(),
        "id_Order": chance.identifier() if chance.percent(20) else None,
        "NexusExportDate": chance.day(date(2025, 6, 1), TODAY).isoformat(),
        **record_stamps(chance),
    }


def _of_unknown_patients(figures: Figures, people: People, chance: Chance) -> list[Row]:
    """Return documents of patients who are gone; first nameless contacts'; every ninth is nobody's."""
    rows = [_doc(chance.identifier(), chance) for _ in range(figures.documents_unlinked)]
    for row, nameless in zip(rows, people.nameless, strict=False):
        row["id_Contact"] = nameless["id"]
    for row in rows[8::9]:
        row["id_Contact"] = None if chance.percent(50) else ""
    return rows


def _files(filed: list[Row], seed: int) -> list[ClinicObject]:
    """Return one PDF for each row, under the Nexus id its patient had when it was exported."""
    chance = Chance(f"{seed}/document files")
    former: dict[object, str] = {}
    objects = []
    for row in filed:
        folder = former.setdefault(row["id_Contact"], chance.row_id())
        kind = str(row["Type"] or "other").strip().lower().replace(" ", "-")
        name = str(row["id"]) if chance.percent(50) else str(row["id"]).lower()
        key = f"{DOCUMENTS_FOLDER}{folder}/{kind}/{name}.pdf"
        objects.append(ClinicObject(key, tiny_pdf(name, chance.below(400)), "application/pdf"))
    return objects


def _strangers(seed: int) -> list[ClinicObject]:
    """Return folder markers, people's uploads and backups: nobody may change or import them."""
    chance = Chance(f"{seed}/strangers")
    batch = f"images/{chance.row_id()}/{chance.row_id()}"
    own = f"documents/{chance.row_id()}"
    return [
        ClinicObject("patients/", b"", "application/x-directory"),
        ClinicObject("patients/filemaker-import/", b"", "application/x-directory"),
        ClinicObject(DOCUMENTS_FOLDER, b"", "application/x-directory"),
        ClinicObject(f"{DOCUMENTS_FOLDER}{chance.row_id()}/", b"", "application/x-directory"),
        ClinicObject(f"{batch}/{chance.row_id()}.jpg", b"\xff\xd8\xff\xd9", "image/jpeg"),
        ClinicObject(f"{batch}/{chance.row_id()}.jpg", b"\xff\xd8\xff\xfe\x00\x02\xff\xd9", "image/jpeg"),
        ClinicObject(f"{own}/{chance.row_id()}.pdf", tiny_pdf("scanned at the desk", 12), "application/pdf"),
        ClinicObject(f"{own}/{chance.row_id()}.pdf", tiny_pdf("faxed", 80), "application/pdf"),
        ClinicObject("backup/reimport_20260101T000000/patients.json", b"[]\n", "application/json"),
        ClinicObject("backup/database/nexus_20260101.sql.gz", b"\x1f\x8b\x08\x00", "application/gzip"),
    ]


DOC_DIRT: Final = (
    Dirt("mixed_case_patient_of_document", 80, changing("id_Contact", mixed_case)),
    Dirt("mixed_case_document_id", 40, changing("id", mixed_case)),
    Dirt("document_without_date", 100, setting("Date", None)),
    Dirt("document_type_with_spaces", 40, setting("Type", " File Notes ", "Purchase  order")),
    Dirt("document_type_like_a_date", 10, setting("Type", "2019-03-04")),
    Dirt("document_never_exported", 30, setting("NexusExportDate", None)),
)
