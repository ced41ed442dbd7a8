"""Databases as earlier releases left them, and our schema of today set back to what one of them knew.

`written/` has a dump for each: what that release's own code made of the same two publications, in an empty
Nexus, and the backups that it took. Ann, Ben and a note of his first; then Ben's name and the note change,
and Cyd comes. From version 2 on there is a photograph of Ben's, too.
"""

import zipfile
from importlib.resources import files
from io import BytesIO

import obstore
import orjson
import psycopg
from obstore.store import MemoryStore
from psycopg import sql

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES, NOTES, PATIENTS
from nexus_reimport_tests.load.staged_frames import staged_table, uid

# By name: its version. Of two of version 3 the later one compares keys as bytes.
WRITTEN = {
    "1_records": 1,
    "2_photographs": 2,
    "3_rollbacks": 3,
    "3_keys_as_bytes": 3,
    "4_who_pays": 4,
    "5_made_of": 5,
    "6_entries": 6,
}
# Those that took backups.
BACKED_UP = tuple(name for name, version in WRITTEN.items() if version >= 3)
BEN = uid("patients ben")

# What each version came with, newest first.
_SET_BACK = {
    6: "ALTER TABLE {written_patients} DROP COLUMN entries_contact_json, DROP COLUMN entries_address_json",
    5: "ALTER TABLE {publications} DROP COLUMN code, DROP COLUMN sources, DROP COLUMN changes",
    4: "ALTER TABLE {written_patients} DROP COLUMN funding_source",
    3: "DROP TABLE {changes}; ALTER TABLE {publications} DROP COLUMN kind, DROP COLUMN plan_id,"
    " DROP COLUMN backup, DROP COLUMN undoes, DROP COLUMN undone_by",
    2: "DROP TABLE {former_identities}, {removed}, {written_image_batches}, {written_images}",
}
_RELATIONS = (
    *("written_patients", "publications", "changes", "former_identities", "removed"),
    *("written_image_batches", "written_images"),
)


def load_written(url: str, name: str) -> None:
    """Make an empty Nexus what that release left."""
    dump = files(__package__).joinpath(f"written/{name}.sql").read_text(encoding="utf-8")
    with psycopg.connect(url) as connection:
        connection.execute(dump.encode())


def backups_of(name: str) -> MemoryStore:
    """Return a store with the backups that it took."""
    store = MemoryStore()
    content = files(__package__).joinpath(f"written/{name}.zip").read_bytes()
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for path in archive.namelist():
            obstore.put(store, path, archive.read(path))
    return store


def set_back(url: str, version: int, *, with_versions: bool = False) -> None:
    """Make our schema what a release of that version would have left of the same publications.

    `with_versions`: what a dump of it leaves that is restored over a schema which knows its version.
    """
    names = {name: sql.Identifier("nexus_reimport", name) for name in _RELATIONS}
    with psycopg.connect(url) as connection:
        if not with_versions:
            connection.execute("DROP TABLE nexus_reimport.schema_versions")
        for later, statement in _SET_BACK.items():
            if later > version:
                connection.execute(sql.SQL(statement).format(**names))


def staged_then(number: int = 2, version: int = 2, **patient: object) -> dict[str, StagedTable]:
    """Return what was staged of the first or second publication, of the third where nothing has moved since.

    `patient`: what is otherwise of Ben's.
    """
    people: list[dict[str, object]] = [
        {"name": "ann", "first_name": "Ann", "contact_json": _contact("0491 570 156")},
        {
            "name": "ben",
            "first_name": "Ben" if number == 1 else "Benno",
            "contact_json": _contact("0491 570 157"),
            **patient,
        },
        {"name": "cyd", "first_name": "Cyd"},
    ]
    note = {"name": "x", "patient_id": BEN, "content": "first" if number == 1 else "second"}
    found = {
        "patients": staged_table(PATIENTS, *people[: 1 + number]),
        "notes": staged_table(NOTES, note),
    }
    if version >= 2:
        day = {"name": "day", "object_id": BEN, "content_type_id": 10}
        found["image_batches"] = staged_table(IMAGE_BATCHES, day)
        picture = {"batch_id": uid("image_batches day"), "s3_key": "images/images-bulk-dump/p.jpg"}
        found["images"] = staged_table(IMAGES, {"name": "picture", **picture})
    return found


def _contact(mobile: str) -> str:
    phones = [
        {"type": "mobile", "label": "Mobile", "number": mobile},
        {"type": "phone", "label": "Home", "number": "02 5550 0001"},
    ]
    return orjson.dumps({"phones": phones, "emails": []}).decode()
