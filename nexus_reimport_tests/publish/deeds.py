"""What people, older programs and accidents do to a Nexus between two reimports of a generated world."""

from typing import Any

import psycopg

from nexus_reimport.publish import ledger
from nexus_reimport.publish.former import FormerIdentities, keep_former
from nexus_reimport.schemas.nexus import BY_NAME, TABLES
from nexus_reimport_tests.publish.staged_frames import uid
from nexus_reimport_tests.publish.worlds import DUMP, NAMES, NEXUS_OWN, VALUES, Deed, Record, put, staged_row

# What goes with a row that a person deletes: what PostgreSQL knows to point at it.
CHILDREN = {
    "patients": (("notes", "patient_id"), ("appointments", "patient_id")),
    "image_batches": (("images_image", "batch_id"),),
}


def do(url: str, deed: Deed) -> None:
    """Do one deed; where there is no such row it does nothing."""
    DEEDS[deed.what](url, deed)


def _tell(url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values or None)


def _kind(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT id FROM django_content_type WHERE model = 'patient'").fetchone()
    assert row is not None
    return int(row[0])


def _id(deed: Deed) -> str:
    return uid(f"{deed.table} {NAMES[deed.table][deed.row]}")


def _edit(url: str, deed: Deed) -> None:
    column = list(VALUES[deed.table])[deed.row % len(VALUES[deed.table])]
    relation, value = BY_NAME[deed.table].relation, VALUES[deed.table][column][deed.pick]
    _tell(url, f"UPDATE {relation} SET {column} = %s WHERE id = %s", value, _id(deed))  # noqa: S608 - ours


def _edit_own_column(url: str, deed: Deed) -> None:
    if column := NEXUS_OWN.get(deed.table):
        relation = BY_NAME[deed.table].relation
        _tell(url, f"UPDATE {relation} SET {column} = %s WHERE id = %s", str(deed.pick), _id(deed))  # noqa: S608 - ours


def _delete(url: str, deed: Deed) -> None:
    for child, column in CHILDREN.get(deed.table, ()):
        _tell(url, f"DELETE FROM {child} WHERE {column} = %s", _id(deed))  # noqa: S608 - ours
    _tell(url, f"DELETE FROM {BY_NAME[deed.table].relation} WHERE id = %s", _id(deed))  # noqa: S608 - ours


def _make_own_row(url: str, deed: Deed) -> None:
    row = staged_row(deed.table, f"own {deed.pick}", Record(deed.pick, deed.row), _kind(url))
    put(url, deed.table, {**row, **({"s3_key": "uploads/own.jpg"} if deed.table == "images" else {})})


def _archive(url: str, deed: Deed) -> None:
    statement = "UPDATE patients SET archived = %s, archived_by = 'somebody' WHERE id = %s"
    _tell(url, statement, deed.pick > 0, uid(f"patients {NAMES['patients'][deed.row]}"))


def _miscount(url: str, deed: Deed) -> None:
    batch = uid(f"image_batches {NAMES['image_batches'][deed.row]}")
    _tell(url, "UPDATE images_batch SET image_count = %s WHERE id = %s", deed.pick, batch)


def _upload_to_former(url: str, deed: Deed) -> None:
    """Somebody's document and batch point at what a patient was called once."""
    former = uid(f"former {deed.row}")
    keep_former(url, FormerIdentities({former: uid(f"key {NAMES['patients'][deed.row]}")}, 0))
    link = {"object_id": former, "content_type_id": _kind(url)}
    put(url, "documents", {"name": f"upload {deed.row}", **link})
    put(url, "image_batches", {"name": f"Camera {deed.row}", **link})


def _damage(url: str, deed: Deed) -> None:
    """An older import has left a batch that points at nobody, and its image."""
    name = f"lost {deed.row} (FileMaker Import)"
    nobody = {"object_id": uid("nobody"), "content_type_id": _kind(url)}
    put(url, "image_batches", {"name": name, "description": "Imported from FileMaker", **nobody})
    image = {"s3_key": f"{DUMP}lost{deed.row}.jpg", "batch_id": uid(f"image_batches {name}")}
    if deed.pick:
        put(url, "images", {"name": f"lost {deed.row}", **image})


def _forget(url: str, deed: Deed) -> None:
    """Our own records are lost, or those of an older release."""
    digests = [f"written_{table.name}" for table in TABLES]
    lost = [["changes"], [f"written_{deed.table}"], ["identities", "changes", "publications", *digests]]
    for name in lost[deed.pick]:
        _tell(url, f"DELETE FROM {ledger.SCHEMA}.{name}")  # noqa: S608 - ours


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
