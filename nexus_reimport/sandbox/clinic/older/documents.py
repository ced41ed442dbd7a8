"""Documents as D1 made them, with their files, and as D2 and D3 linked them again."""

from dataclasses import replace
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.clinic.docs import DOCUMENTS_FOLDER
from nexus_reimport.sandbox.clinic.nexus_rows import day_or_none, document_row
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.older.nexus import IMPORT_ACCOUNT, OlderNexus

UUID_ENDED_PERCENT: Final = 50
"""How many of the keys end in a random uuid, with FileMaker's id in the folder before it."""
FAILED_AFTER_UPLOAD: Final = 150
"""One row in so many failed when its file was in S3 already."""
PATIENT_PART: Final = 3
"""The place of the patient among a key's parts."""


def run_d1(nexus: OlderNexus) -> None:
    """Write a row and a file for each document that FileMaker has a file of.

    The sandbox's files move from where the clinic has them to where D1 put them. A second run uploads each
    file again, and its row fails: FileMaker's id is there already.
    """
    records = {str(doc["id"]).lower(): doc for doc in nexus.clinic.entities["API_Docs"]}
    for place, entry in enumerate(_files(nexus)):
        key = _id_in(entry.key)
        record = records[key]
        patient = nexus.patient(record["id_Contact"])
        file = replace(entry, key=_key(record, patient, nexus))
        is_first = entry.key in nexus.objects
        nexus.objects.pop(entry.key, None)
        nexus.objects[file.key] = file
        if not is_first or place % FAILED_AFTER_UPLOAD == FAILED_AFTER_UPLOAD - 1:
            nexus.book.strays.append(file.key)
            continue
        nexus.add("documents_document", _row(record, file, patient, nexus), key)


def _files(nexus: OlderNexus) -> list[ClinicObject]:
    """Return the files of documents as the clinic's own bucket had them; folder markers are none."""
    return [
        entry
        for entry in nexus.clinic.objects
        if entry.key.startswith(DOCUMENTS_FOLDER) and entry.key.endswith(".pdf")
    ]


def _id_in(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".pdf").lower()


def _kind(record: Row) -> str:
    return str(record["Type"] or "").lower().replace(" ", "-")


def _key(record: Row, patient: Row | None, nexus: OlderNexus) -> str:
    folder = patient["id"] if patient else "unlinked"
    key = f"{DOCUMENTS_FOLDER}{folder}/{_kind(record) or 'other'}/{record['id']}.pdf"
    return f"{key}/{nexus.chance.row_id()}.pdf" if nexus.chance.percent(UUID_ENDED_PERCENT) else key


def _row(record: Row, file: ClinicObject, patient: Row | None, nexus: OlderNexus) -> Row:
    now = nexus.now()
    name = f"{nexus.chance.getrandbits(128):032X}.pdf" if nexus.chance.percent(60) else f"{record['id']}.pdf"
    return document_row(
        id=nexus.chance.row_id(),
        object_id=patient["id"] if patient else None,
        content_type_id=nexus.content_type if patient else None,
        file_name=name,
        original_name=name,
        file_size=len(file.body),
        mime_type=file.content_type,
        s3_bucket=nexus.bucket,
        s3_key=file.key,
        category=_kind(record),
        document_date=day_or_none(record["Date"]),
        uploaded_by=record["creationAccountName"] or IMPORT_ACCOUNT,
        uploaded_at=now,
        updated_at=now,
        filemaker_id=str(record["id"]).lower(),
    )


def run_d2(nexus: OlderNexus) -> None:
    """Link each document to the patient there is now; move its file into that patient's folder."""
    for row, patient in _linked(nexus):
        parts = str(row["s3_key"]).split("/")
        parts[PATIENT_PART] = str(patient["id"])
        moved = replace(nexus.objects.pop(str(row["s3_key"])), key="/".join(parts))
        nexus.objects[moved.key] = moved
        link = {"object_id": patient["id"], "content_type_id": nexus.content_type}
        changes = {**link, "s3_key": moved.key, "updated_at": nexus.now()}
        nexus.change("documents_document", str(row["id"]), changes)


def run_d3(nexus: OlderNexus) -> None:
    """Link each document to the patient there is now; neither its key nor updated_at moves."""
    for row, patient in _linked(nexus):
        link = {"object_id": patient["id"], "content_type_id": nexus.content_type}
        nexus.change("documents_document", str(row["id"]), link)


def _linked(nexus: OlderNexus) -> list[tuple[Row, Row]]:
    """Return the documents whose patient is there now, with that patient."""
    records = {str(doc["id"]).lower(): doc for doc in nexus.clinic.entities["API_Docs"]}
    found = [
        (row, nexus.patient(records[str(row["filemaker_id"])]["id_Contact"]))
        for row in nexus.rows.get("documents_document", {}).values()
    ]
    return [(row, patient) for row, patient in found if patient is not None]
