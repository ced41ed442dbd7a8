"""Small frames to stage from: FileMaker records, a Nexus state, a listing."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson
import pandas as pd
import pyarrow as pa

from nexus_reimport.model import filemaker
from nexus_reimport.model.filemaker import EntitySet
from nexus_reimport.model.frames import NEXUS_STATE
from nexus_reimport.transform.adoption.rows_in_nexus import LivingRow
from nexus_reimport.transform.appointments import stage_appointments
from nexus_reimport.transform.documents import stage_documents
from nexus_reimport.transform.mappings import NOTHING_SAID, Mappings
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.notes import stage_notes
from nexus_reimport.transform.patients import stage_patients
from nexus_reimport.transform.sms_messages import stage_sms_messages
from nexus_reimport.transform.staged import Staged

AS_OF = datetime(2026, 7, 1, 2, 30, tzinfo=UTC)
TEXT = pd.ArrowDtype(pa.string())
STAMP = "2016-10-14T10:02:28+10:00"
PREFIX = "patients/filemaker-import/documents/"
Record = Mapping[str, str | None]
StateRow = tuple[str, str, str] | tuple[str, str, str, str | None]

PATIENT_TYPE: StateRow = ("content_type", "patients.patient", "17")


def uid(number: int) -> str:
    """A lower-case UUID, in the numbers' order."""
    return str(uuid.UUID(int=number))


def fm(number: int) -> str:
    """The same id as FileMaker writes it."""
    return uid(0xABC_000 + number).upper()


def key(number: int) -> str:
    return fm(number).lower()


def extract(entity: EntitySet, *records: Record) -> pd.DataFrame:
    filled = [{"creationTimestamp": STAMP, **record} for record in records]
    return pd.DataFrame(
        {
            name: pd.Series([one.get(name) for one in filled], dtype=TEXT)
            for name in (*entity.names, filemaker.UNREADABLE_COLUMN)
        }
    )


def state_of(*rows: StateRow) -> NexusState:
    full = [(*row, None)[:4] for row in rows]
    return NexusState(
        pd.DataFrame(
            {
                name: pd.Series([row[i] for row in full], dtype=TEXT)
                for i, name in enumerate(NEXUS_STATE.names)
            }
        )
    )


def line(living: LivingRow) -> StateRow:
    """What the state says of a living row."""
    kind, patient, row_id, detail = map(str, living.line())
    return kind, patient, row_id, detail


def listing(*objects: tuple[str, int] | tuple[str, int, datetime]) -> pd.DataFrame:
    stamps = [one[2] if len(one) == 3 else AS_OF for one in objects]
    return pd.DataFrame(
        {
            "key": pd.Series([one[0] for one in objects], dtype=TEXT),
            "size": pd.Series([one[1] for one in objects], dtype=pd.ArrowDtype(pa.int64())),
            "etag": pd.Series([f"tag{place}" for place in range(len(objects))], dtype=TEXT),
            "modified": pd.Series(stamps, dtype=pd.ArrowDtype(pa.timestamp("us", tz="UTC"))),
        }
    )


def contact(number: int, **fields: str | None) -> Record:
    return {"id": fm(number), "nameFirst": "Ada", "nameLast": "Byron", **fields}


def patients_of(
    *contacts: Record,
    details: Sequence[Record] = (),
    clinics: Sequence[Record] = (),
    state: NexusState | None = None,
    limit: int | None = None,
    mappings: Mappings = NOTHING_SAID,
) -> Staged:
    return stage_patients(
        extract(filemaker.CONTACTS, *contacts),
        extract(filemaker.CONTACT_DETAILS, *details),
        extract(filemaker.CLINICS, *clinics),
        state or state_of(),
        AS_OF,
        limit,
        mappings,
    )


def appointments_of(
    *events: Record,
    patients: Staged | None = None,
    clinics: Sequence[Record] = (),
    state: NexusState | None = None,
    as_of: datetime = AS_OF,
    mappings: Mappings = NOTHING_SAID,
    hold_without_clinic: bool = False,
) -> Staged:
    return stage_appointments(
        extract(filemaker.EVENTS, *events),
        extract(filemaker.CLINICS, *clinics),
        patients or patients_of(contact(1)),
        state or state_of(),
        as_of,
        mappings,
        hold_without_clinic=hold_without_clinic,
    )


def notes_of(*notes: Record, patients: Staged | None = None, state: NexusState | None = None) -> Staged:
    return stage_notes(
        extract(filemaker.CLINICAL_NOTES, *notes),
        patients or patients_of(contact(1)),
        state or state_of(),
        AS_OF,
    )


def messages_of(
    *messages: Record,
    patients: Staged | None = None,
    appointments: Staged | None = None,
    state: NexusState | None = None,
) -> Staged:
    people = patients or patients_of(contact(1))
    booked = appointments or appointments_of(patients=people)
    return stage_sms_messages(
        extract(filemaker.MESSAGES, *messages), people, booked, state or state_of(), AS_OF
    )


def documents_of(
    *docs: Record,
    files: pd.DataFrame | None = None,
    patients: Staged | None = None,
    state: NexusState | None = None,
) -> Staged:
    if files is None:
        files = listing(*((f"{PREFIX}{uid(1)}/quote/{str(one['id']).lower()}.pdf", 10) for one in docs))
    return stage_documents(
        extract(filemaker.DOCS, *docs),
        files,
        patients or patients_of(contact(1)),
        state or state_of(PATIENT_TYPE),
        "clinic-bucket",
        AS_OF,
    )


def cells(staged: Staged, column: str) -> list[object]:
    """One column of the staged rows, None for null."""
    values: list[object] = pa.array(staged.rows[column]).to_pylist()
    return values


def cell(staged: Staged, column: str) -> object:
    """The only row's value."""
    (value,) = cells(staged, column)
    return value


def parsed(staged: Staged, column: str) -> dict[str, object]:
    """The only row's JSON."""
    value: dict[str, object] = orjson.loads(str(cell(staged, column)))
    return value


def reasons(frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Key, field and reason of rejects or warnings."""
    return list(zip(frame["key"].tolist(), frame["field"].tolist(), frame["reason"].tolist(), strict=True))


def instants(staged: Staged, column: str) -> list[str]:
    """One timestamp column as ISO text in UTC."""
    return [value.isoformat() for value in cells(staged, column) if isinstance(value, datetime)]


def seconds(staged: Staged, column: str) -> list[str]:
    """One timestamp column as ISO text in UTC, to the second: what is shown of when a row was made."""
    return [text[:19] + "+00:00" for text in instants(staged, column)]
