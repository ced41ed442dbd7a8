"""What people, older programs and accidents do to a Nexus between two reimports of a generated world."""

from typing import Any

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.our_tables.migrations import SCHEMA
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport_tests.load.staged_frames import uid
from nexus_reimport_tests.load.worlds import (
    DUMP,
    NAMES,
    NEXUS_OWN,
    VALUES,
    Deed,
    Record,
    patient_type,
    put,
    staged_row,
)

# What goes with a row that a person deletes: what PostgreSQL knows to point at it.
CHILDREN = {
    "patients": (("notes", "patient_id"), ("appointments", "patient_id")),
    "image_batches": (("images_image", "batch_id"),),
}


def do(nexus: Connection, deed: Deed) -> None:
    """Do one deed; where there is no such row it does nothing."""
    DEEDS[deed.what](nexus, deed)


def _tell(nexus: Connection, statement: str, *values: Any) -> None:
    nexus.execute(statement.encode(), values or None)


def _id(deed: Deed) -> str:
    return uid(f"{deed.table} {NAMES[deed.table][deed.row]}")


def _edit(nexus: Connection, deed: Deed) -> None:
    """Edit a row that came from FileMaker, if there is one."""
    column = list(VALUES[deed.table])[(deed.row + deed.pick) % len(VALUES[deed.table])]
    relation, value = BY_NAME[deed.table].relation, VALUES[deed.table][column][deed.pick]
    ours = (
        f"SELECT t.id FROM {relation} t JOIN {SCHEMA}.identities i ON i.id = t.id"  # noqa: S608 - ours
        " ORDER BY t.id DESC LIMIT 1"
    )
    _tell(nexus, f"UPDATE {relation} SET {column} = %s WHERE id = ({ours})", value)  # noqa: S608 - ours


def _edit_own_column(nexus: Connection, deed: Deed) -> None:
    if column := NEXUS_OWN.get(deed.table):
        relation = BY_NAME[deed.table].relation
        _tell(nexus, f"UPDATE {relation} SET {column} = %s WHERE id = %s", str(deed.pick), _id(deed))  # noqa: S608 - ours


def _delete(nexus: Connection, deed: Deed) -> None:
    for child, column in CHILDREN.get(deed.table, ()):
        _tell(nexus, f"DELETE FROM {child} WHERE {column} = %s", _id(deed))  # noqa: S608 - ours
    _tell(nexus, f"DELETE FROM {BY_NAME[deed.table].relation} WHERE id = %s", _id(deed))  # noqa: S608 - ours


def _make_own_row(nexus: Connection, deed: Deed) -> None:
    row = staged_row(deed.table, f"own {deed.pick}", Record(deed.pick, deed.row), patient_type(nexus))
    put(nexus, deed.table, {**row, **({"s3_key": "uploads/own.jpg"} if deed.table == "images" else {})})


def _archive(nexus: Connection, deed: Deed) -> None:
    statement = "UPDATE patients SET archived = %s, archived_by = 'somebody' WHERE id = %s"
    _tell(nexus, statement, deed.pick > 0, uid(f"patients {NAMES['patients'][deed.row]}"))


def _miscount(nexus: Connection, deed: Deed) -> None:
    batch = uid(f"image_batches {NAMES['image_batches'][deed.row]}")
    _tell(nexus, "UPDATE images_batch SET image_count = %s WHERE id = %s", deed.pick, batch)


def _upload_to_former(nexus: Connection, deed: Deed) -> None:
    """Somebody's document and batch point at what a patient was called once."""
    former = uid(f"former {deed.row}")
    statement = f"INSERT INTO {SCHEMA}.former_identities VALUES (%s, %s) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
    _tell(nexus, statement, former, uid(f"key {NAMES['patients'][deed.row]}"))
    link = {"object_id": former, "content_type_id": patient_type(nexus)}
    put(nexus, "documents", {"name": f"upload {deed.row}", **link})
    put(nexus, "image_batches", {"name": f"Camera {deed.row}", **link})


def _damage(nexus: Connection, deed: Deed) -> None:
    """An older import has left a batch that points at nobody, and its image."""
    name = f"lost {deed.row} (FileMaker Import)"
    nobody = {"object_id": uid("nobody"), "content_type_id": patient_type(nexus)}
    put(nexus, "image_batches", {"name": name, "description": "Imported from FileMaker", **nobody})
    image = {"s3_key": f"{DUMP}lost{deed.row}.jpg", "batch_id": uid(f"image_batches {name}")}
    if deed.pick:
        put(nexus, "images", {"name": f"lost {deed.row}", **image})


def _forget(nexus: Connection, deed: Deed) -> None:
    """Our own records are lost, or those of an older release."""
    digests = [f"written_{table.name}" for table in TABLES]
    lost = [["changes"], [f"written_{deed.table}"], ["identities", "changes", "publications", *digests]]
    for name in lost[deed.pick]:
        _tell(nexus, f"DELETE FROM {SCHEMA}.{name}")  # noqa: S608 - ours


DEEDS = {
    "edit": _edit,
    "own column": _edit_own_column,
    "delete": _delete,
    "own row": _make_own_row,
    "archive": _archive,
    "recount": _miscount,
    "former": _upload_to_former,
    "damage": _damage,
    "forget": _forget,
}
