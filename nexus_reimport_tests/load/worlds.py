"""Generated states of FileMaker and of Nexus, and what is staged of the one over the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
from hypothesis import strategies as st

from nexus_reimport.load.database import copying
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.our_tables.migrations import SCHEMA
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.nexus import (
    APPOINTMENTS,
    BY_NAME,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
    NOTES,
    PATIENTS,
    TABLES,
)
from nexus_reimport.model.options import Options
from nexus_reimport.transform.contact_shape import contact_json
from nexus_reimport_tests.load.staged_frames import staged_table, uid

COVERED = (PATIENTS, APPOINTMENTS, NOTES, DOCUMENTS, IMAGE_BATCHES, IMAGES)
DUMP = "filemaker-import/images-bulk-dump/"
MOBILE = {"type": "mobile", "label": "Mobile", "number": "0491 570 156"}
HOME = {"type": "phone", "label": "Home", "number": "02 5550 0001"}
# A few values each, so that both sides often come to the same, and nulls stand beside what is like them.
VALUES: Mapping[str, Mapping[str, list[Any]]] = {
    "patients": {
        "first_name": ["", "Ann", "Bo\\.\n"],
        "middle_names": [None, "", "X"],
        "filemaker_metadata": ['{"a": 1}', '{"a": 1, "imported_at": "x"}', '{"a": 2}'],
        "contact_json": [
            orjson.dumps(contact_json(phones, [])).decode()
            for phones in ([MOBILE], [MOBILE, HOME], [{**HOME, "number": "02 5550 0002"}])
        ],
    },
    "appointments": {"reason": [None, "", "Fitting"], "status": ["scheduled", "completed", "no_show"]},
    "notes": {"content": ["", "one", "two"], "created_by": [None, "", "somebody"]},
    "documents": {"category": ["", "letter", "scan"], "document_date": [None, date(2020, 1, 2), None]},
    "image_batches": {"description": ["Imported from FileMaker", "Left", "Right"]},
    "images": {"caption": ["", "a", "b"], "width": [None, 1, 2]},
}
# Columns that are Nexus's own once the row is made.
NEXUS_OWN = {"patients": "mrn", "appointments": "billing_notes", "documents": "description"}
LINKS = {
    "appointments": "patient_id",
    "notes": "patient_id",
    "documents": "object_id",
    "image_batches": "object_id",
    "images": "batch_id",
}
NAMES = {table.name: [f"{table.name} {number}" for number in range(3)] for table in COVERED}
NAMES["image_batches"] = [f"{number} (FileMaker Import)" for number in range(3)]


@dataclass(frozen=True)
class Record:
    """One FileMaker record: which of the values its fields have, whose it is, and whether it is rejected."""

    pick: int
    owner: int
    rejected: bool = False


Source = Mapping[str, Mapping[str, Record]]


@dataclass(frozen=True)
class Deed:
    """What happened to Nexus beside the reimports: to which row of which table."""

    what: str
    table: str
    row: int
    pick: int


@dataclass(frozen=True)
class Pair:
    """One pair of states: what happens to Nexus first, FileMaker then, and a run's choices."""

    deeds: list[Deed]
    source: Source
    choices: Options
    stays: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """An older import, and reimports one after another: each finds the Nexus that the last one left."""

    older: Source
    pairs: list[Pair]


few = st.integers(0, 2)
names = st.sampled_from([table.name for table in COVERED])
records = st.builds(Record, few, few, st.sampled_from([False] * 5 + [True]))
whats = st.sampled_from(
    ["edit"] * 4
    + ["delete"] * 3
    + ["own row", "own row", "own column", "archive", "recount", "former", "damage", "forget"]
)
deeds = st.builds(Deed, whats, names, few, few)
SOURCES: st.SearchStrategy[Source] = st.fixed_dictionaries(
    {
        name: st.dictionaries(st.sampled_from(keys), records, min_size=1, max_size=3)
        for name, keys in NAMES.items()
    }
)


@st.composite
def worlds(draw: st.DrawFn, pairs: int) -> World:
    """Generate a world; most records of FileMaker are each time what they were before."""
    older = draw(SOURCES) if draw(st.booleans()) else {}
    source = draw(SOURCES)
    found = []
    for _ in range(pairs):
        found.append(Pair(draw(st.lists(deeds, max_size=6)), source, draw(choices()), draw(stays)))
        source = {name: _moved(draw, name, rows) for name, rows in source.items()}
    return World(older, found)


def _moved(draw: st.DrawFn, name: str, rows: Mapping[str, Record]) -> Mapping[str, Record]:
    """Return the records of an entity later: some gone, some changed, one new or back again."""
    kept = {key: row for key, row in rows.items() if draw(st.integers(0, 3))}
    changed = {key: draw(records) for key in kept if not draw(st.integers(0, 2))}
    new = draw(st.dictionaries(st.sampled_from(NAMES[name]), records, max_size=1))
    return {**kept, **changed, **new}


@st.composite
def choices(draw: st.DrawFn) -> Options:
    """Generate what a person decides; the limits are generous."""
    conflicts: dict[str, str] = draw(
        st.dictionaries(names, st.sampled_from(("nexus", "filemaker")), max_size=4)
    )
    missing: dict[str, str] = draw(
        st.dictionaries(names, st.sampled_from(("keep", "remove", "remove")), max_size=6)
    )
    if draw(st.booleans()):
        missing["patients"] = "archive"
    older: dict[str, str] = draw(
        st.dictionaries(names, st.sampled_from(("report", "stay", "remove")), max_size=3)
    )
    return Options(
        conflicts=conflicts,
        on_missing=missing,
        older_imports=older,
        missing_percent=100,
        missing_rows=1000,
    )


stays: st.SearchStrategy[list[str]] = st.one_of(st.just([]), st.lists(names, max_size=2, unique=True))


def patient_type(nexus: Connection) -> int:
    """The number of the content type that batches and documents point at patients by."""
    [(kind,)] = nexus.execute("SELECT id FROM django_content_type WHERE model = 'patient'").fetchall()
    return int(kind)


def staged(
    nexus: Connection, url: str, source: Source, staying: list[str] | None = None
) -> dict[str, StagedTable]:
    """Stage a source as the transforms do: only what has somebody to belong to, the rest rejected."""
    kind, state = patient_type(nexus), read_state(url)
    living = set(state.loc[state["kind"] == "live:patients", "id"])
    gone = {table: set(state.loc[state["kind"] == f"gone:{table}", "key"]) for table in staying or []}
    found: dict[str, StagedTable] = {}
    for name in (table.name for table in COVERED if table.name in source):
        parents = living
        if name in LINKS:
            parent = found["image_batches" if name == "images" else "patients"]
            parents = set(parent.rows["id"]) | (set() if name == "images" else living)
        found[name] = _staged(name, source[name], parents, gone.get(name, set()), kind)
    return found


def _staged(
    name: str, rows: Mapping[str, Record], parents: set[str], gone: set[str], kind: int
) -> StagedTable:
    taken, rejected, astray = [], [], []
    for key, record in rows.items():
        row = staged_row(name, key, record, kind)
        lost = name in LINKS and row[LINKS[name]] not in parents
        if lost and name == "documents":
            row |= {"object_id": None, "content_type_id": None}
        if record.rejected or uid(f"key {key}") in gone or (lost and name != "documents"):
            rejected.append(key)
            astray += [key] if lost else []
        else:
            taken.append(row)
    frame = staged_table(BY_NAME[name], *taken).rows
    if name == "images":
        return StagedTable(frame, rejected, named=tuple(rejected), astray=tuple(astray))
    keys = [] if name == "image_batches" else [uid(f"key {key}") for key in rejected]
    return StagedTable(frame, keys)


def staged_row(name: str, key: str, record: Record, kind: int) -> dict[str, object]:
    """Return one row as it is staged: linked to its patient or, an image, to its batch."""
    row: dict[str, object] = {"name": key}
    row |= {column: choices[record.pick] for column, choices in VALUES[name].items()}
    if name in LINKS:
        parent = "image_batches" if name == "images" else "patients"
        row[LINKS[name]] = uid(f"{parent} {NAMES[parent][record.owner]}")
    if name in ("documents", "image_batches"):
        row["content_type_id"] = kind
    if name == "images":
        row["s3_key"] = f"{DUMP}{key}.jpg"
    return row


def put(nexus: Connection, name: str, *rows: Mapping[str, object]) -> None:
    """Put rows into Nexus as somebody else than us, unless they are there or belong to nobody."""
    table = BY_NAME[name]
    frame = staged_table(table, *rows).rows.drop(columns="source_key")
    link = {"appointments": "patients", "notes": "patients", "images": "images_batch"}.get(name)
    lives = f"EXISTS (SELECT FROM {link} p WHERE p.id = t.{LINKS[name]})" if link else "true"
    with nexus.transaction():
        nexus.execute(f"CREATE TEMPORARY TABLE put (LIKE {table.relation}) ON COMMIT DROP".encode())
        copying.copy_frame(nexus, frame, "put")
        nexus.execute(
            f"INSERT INTO {table.relation} SELECT * FROM put t WHERE {lives} ON CONFLICT DO NOTHING".encode()  # noqa: S608 - ours
        )


def import_long_ago(nexus: Connection, source: Source) -> None:
    """Put rows into Nexus that an older import made: they have the ids of those to come, and no record."""
    kind = patient_type(nexus)
    for name in (table.name for table in COVERED if table.name in source):
        put(nexus, name, *(staged_row(name, key, record, kind) for key, record in source[name].items()))


def forget_everything(nexus: Connection) -> None:
    """Empty Nexus and our own schema."""
    relations = [table.relation for table in reversed(TABLES)]
    relations += [f"{SCHEMA}.written_{table.name}" for table in TABLES]
    ours = ("publications", "changes", "identities", "former_identities", "removed")
    relations += [f"{SCHEMA}.{name}" for name in ours]
    with nexus.transaction():
        nexus.execute("; ".join(f"DELETE FROM {name}" for name in relations).encode())  # noqa: S608 - ours
