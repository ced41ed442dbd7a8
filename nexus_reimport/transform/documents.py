"""Documents, from FileMaker's document records and the files that are in S3."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd

from nexus_reimport.model.columns import LARGEST_INTEGER
from nexus_reimport.model.filemaker import DOCS
from nexus_reimport.model.nexus import DOCUMENTS
from nexus_reimport.model.reasons.documents import NO_FILE
from nexus_reimport.model.reasons.every_table import LIMIT
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.model.reasons.several_tables import FILE_TOO_BIG, KEY_TOO_LONG, PATIENT_NOT_FOUND
from nexus_reimport.transform import choices
from nexus_reimport.transform.column_values import cut, days, nullable
from nexus_reimport.transform.dates import iso_utc, microseconds
from nexus_reimport.transform.document_files import DocumentFile, document_files
from nexus_reimport.transform.extract_rows import ExtractRows, creation_instants, read_extract
from nexus_reimport.transform.identity import Adoption, decide_ids, unique_ids
from nexus_reimport.transform.known_patients import KnownPatients, known_patients
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting, Staged
from nexus_reimport.transform.text import canonical_json

PATIENT_TYPE = "patients.patient"
_KEY_LENGTH = DOCUMENTS.column("s3_key").length or 0

_INITIAL: Mapping[str, object] = {
    "s3_url": "",
    "description": "",
    "tags": "[]",
    "uploaded_by": "FileMaker Import",
    "is_active": True,
}


def stage_documents(
    docs: pd.DataFrame,
    listing: pd.DataFrame,
    patients: Staged,
    state: NexusState,
    bucket: str,
    as_of: datetime,
) -> Staged:
    """Return one document per FileMaker record whose file is in S3.

    Takes the extract frame, the listing (key, size, etag, modified), the staged patients, the bucket's
    name and the run's instant (aware). Rejects: bad_id, duplicate_id, limit, no_file, key_too_long,
    file_too_big. A document whose patient is not known is kept, linked to nobody, `patient_not_found`.
    """
    ledger = Accounting(DOCUMENTS)
    everything = read_extract(DOCS, docs, ledger)
    known = known_patients(patients, state)
    uploaded = creation_instants(everything, ledger, "uploaded_at")
    held = state.file_digests(DOCUMENTS.name)
    files = document_files(listing, frozenset(everything.keys), held, ledger)
    kept = _kept(everything, known, files, ledger)
    stored = everything.take(kept)
    in_keys = Adoption(state.key_ids(DOCUMENTS.name), stored.keys)
    ids = decide_ids(stored.keys, state, ledger, (in_keys,))
    columns: dict[str, Sequence[object]] = {
        "id": ids,
        "uploaded_at": [uploaded[place] for place in kept],
        **_link_columns(stored, known, state, ledger),
        **_file_columns(stored.keys, files, ledger),
        "category": cut(
            stored.keys, [choices.category(text) for text in stored.texts("Type")], "category", ledger
        ),
        "document_date": days(stored, "Date", "document_date", ledger),
        "filemaker_id": unique_ids(stored.keys, ids, state.claims(DOCUMENTS.name)),
        "filemaker_metadata": _metadata(stored, as_of),
    }
    constants = {"s3_bucket": bucket, "updated_at": microseconds(as_of), **_INITIAL}
    return ledger.staged(stored.keys, columns, constants)


def _kept(
    docs: ExtractRows, known: KnownPatients, files: Mapping[str, DocumentFile], ledger: Accounting
) -> list[int]:
    kept = []
    for place, (key, patient) in enumerate(zip(docs.keys, docs.ids("id_Contact"), strict=True)):
        fault = LIMIT if known.fault(patient) == LIMIT else _file_fault(files.get(key))
        if fault:
            ledger.reject(key, "id_Contact" if fault == LIMIT else "id", fault)
        else:
            kept.append(place)
    return kept


def _file_fault(file: DocumentFile | None) -> Reason | None:
    """Return why a document cannot have that file, or None. A key cut short would lead nowhere."""
    if file is None:
        return NO_FILE
    if len(file.key) > _KEY_LENGTH:
        return KEY_TOO_LONG
    return FILE_TOO_BIG if file.size > LARGEST_INTEGER else None


def _link_columns(
    stored: ExtractRows, known: KnownPatients, state: NexusState, ledger: Accounting
) -> dict[str, Sequence[object]]:
    """Return what points at the patient: both columns, or neither where the patient is not known."""
    content_type = state.content_type(PATIENT_TYPE)
    owners = [known.find(patient) for patient in stored.ids("id_Contact")]
    for key, owner in zip(stored.keys, owners, strict=True):
        if owner is None:
            ledger.warn(key, "object_id", PATIENT_NOT_FOUND)
    content_types = [None if owner is None else content_type for owner in owners]
    return {"object_id": owners, "content_type_id": content_types}


def _file_columns(
    keys: Sequence[str], files: Mapping[str, DocumentFile], ledger: Accounting
) -> dict[str, Sequence[object]]:
    ours = [files[key] for key in keys]
    names = cut(keys, [file.name for file in ours], "file_name", ledger)
    return {
        "file_name": names,
        "original_name": names,
        "file_size": [file.size for file in ours],
        "mime_type": [file.mime_type for file in ours],
        "s3_key": [file.key for file in ours],
    }


def _metadata(stored: ExtractRows, as_of: datetime) -> list[str]:
    fields = (nullable(stored.texts(field)) for field in ("Type", "id_Order", "NexusExportDate"))
    stamp = {"imported_at": iso_utc(as_of), "import_source": "filemaker"}
    return [
        canonical_json(
            {"filemaker_id": key, "type": kind, "id_order": order, "nexus_export_date": exported, **stamp}
        )
        for key, kind, order, exported in zip(stored.keys, *fields, strict=True)
    ]
