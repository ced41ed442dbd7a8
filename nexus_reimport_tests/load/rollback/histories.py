"""Publications with a backup, what people do between them, and the whole content of Nexus to compare."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from obstore.store import ObjectStore

from nexus_reimport.load.backup import Header, new_name, prove, take
from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.diff import Diff, StagedTable
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.nexus import (
    APPOINTMENTS,
    BY_NAME,
    DOCUMENTS,
    IMAGE_BATCHES,
    IMAGES,
    NOTES,
    PATIENTS,
)
from nexus_reimport.model.options import Options
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid

DUMP = "filemaker-import/images-bulk-dump/"
ANN, BEN, NOBODY, FORMER = (uid(one) for one in ("patients ann", "patients ben", "nobody", "ann, formerly"))
# What publications and rollbacks write about themselves.
OF_THEMSELVES = ("publications", "changes", "schema_versions")
Row = Mapping[str, object]
Content = dict[str, list[str]]


def content(url: str) -> Content:
    """Every row of every table that has any, Nexus's and our own."""
    found = {}
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%%I.%%I', table_schema, table_name) FROM information_schema.tables"
            " WHERE table_schema IN ('public', 'nexus_reimport') AND table_name <> ALL (%s)",
            [list(OF_THEMSELVES)],
        ).fetchall()
        for (name,) in tables:
            rows = connection.execute(f"SELECT t::text FROM {name} t ORDER BY 1".encode()).fetchall()  # noqa: S608 - ours
            found[name] = [row for (row,) in rows]
    return {name: rows for name, rows in found.items() if rows}


def ask(url: str, statement: str, *given: object) -> list[tuple[Any, ...]]:
    """Execute a statement, commit it, and return its rows where it has any."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode(), given or None)
        return cursor.fetchall() if cursor.description else []


def publish_backed_up(
    url: str,
    store: ObjectStore,
    staged: Mapping[str, StagedTable],
    number: int = 1,
    choices: Options | None = None,
) -> Publication:
    """Publish as the product does: what is about to be touched is backed up first, and that proved."""
    now = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=number)

    def back_up(connection: Connection, decision: Diff) -> str:
        header = Header(new_name(store, f"run {number}", now), f"run {number}", None, now)
        assert take(connection, store, header, [BY_NAME[table.name] for table in decision.tables])
        prove(connection, store, header.name)
        return header.name

    as_of = AS_OF + timedelta(days=number)
    return publish(
        url, f"run {number}", as_of, staged, terms=PublicationTerms(choices or Options(), back_up=back_up)
    )


def staged(
    url: str,
    patients: Mapping[str, Row],
    notes: Mapping[str, Row] | None = None,
    documents: Mapping[str, Row] | None = None,
    batches: Mapping[str, Row] | None = None,
    images: Mapping[str, Row] | None = None,
    appointments: Mapping[str, Row] | None = None,
) -> dict[str, StagedTable]:
    """Return these rows as staged: by name; what isn't said to be anybody's is Ben's."""
    [(kind,)] = ask(url, "SELECT id FROM django_content_type WHERE model = 'patient'")
    bens: Row = {"object_id": BEN, "content_type_id": kind}
    given = {
        "patients": (PATIENTS, patients or {}, {}),
        "appointments": (APPOINTMENTS, appointments or {}, {"patient_id": BEN}),
        "notes": (NOTES, notes or {}, {"patient_id": BEN}),
        "documents": (DOCUMENTS, documents or {}, bens),
        "image_batches": (IMAGE_BATCHES, batches or {}, bens),
        "images": (IMAGES, images or {}, {}),
    }
    return {
        name: staged_table(table, *({"name": key, **like, **row} for key, row in rows.items()))
        for name, (table, rows, like) in given.items()
    }
