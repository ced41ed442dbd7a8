"""A publication killed at any moment: Nexus is as before or as after, and the next run finishes."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from nexus_reimport.extract.filemaker.collection import Collection
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.pictures.thumbnail_record import facts_frame
from nexus_reimport.pictures.thumbnailing import ThumbnailFact
from nexus_reimport.sandbox.clinic import SyntheticClinic, synthetic_clinic
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.sandbox.starting_states import fill_tables, starting_rows
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.transform.appointments import stage_appointments
from nexus_reimport.transform.documents import stage_documents
from nexus_reimport.transform.image_csv import parse_image_csv
from nexus_reimport.transform.images import stage_image_batches, stage_images
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.notes import stage_notes
from nexus_reimport.transform.patients import stage_patients
from nexus_reimport.transform.sms_messages import stage_sms_messages
from nexus_reimport.transform.staged import Staged

DIGEST = "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {} t"
SCALE, SEED, KILLS = 0.05, 20, 20
AS_OF = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Prepared:
    """A Nexus with an older import to copy (`template`), what is staged for it, and where that is stored."""

    cluster: Cluster
    template: str
    storage: Path


@pytest.fixture(scope="module")
def prepared(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    clinic = synthetic_clinic(SCALE)
    storage = tmp_path_factory.mktemp("staged")
    with ephemeral_database(postgres) as url:
        for rows in starting_rows("older-import", clinic):
            fill_tables(url, rows)
        store = FrameStore(open_store(str(storage)))
        for name, staged in staged_tables(clinic, read_state(url)).items():
            store.save(name, "run", {"rows": staged.rows, "rejects": staged.rejects})
        yield Prepared(postgres, url.rpartition("/")[2], storage)


def staged_tables(clinic: SyntheticClinic, state_frame: pd.DataFrame) -> dict[str, Staged]:
    """Stage the whole clinic for that state of Nexus, without Dagster."""
    sources = {}
    for entity_set in ENTITY_SETS:
        collection = Collection(entity_set)
        collection.add(clinic.entities[entity_set.entity])
        sources[entity_set.asset] = collection.frame()
    uploaded = pd.Timestamp(AS_OF)
    prefixes = ("patients/filemaker-import/", IMAGES_PREFIX)
    objects = [item for item in clinic.objects if item.key.startswith(prefixes) and "_thumb" not in item.key]
    listing = pd.DataFrame(
        {
            "key": [item.key for item in objects if not item.key.endswith("/")],
            "size": [len(item.body) for item in objects if not item.key.endswith("/")],
        }
    ).convert_dtypes(dtype_backend="pyarrow")
    listing["etag"], listing["modified"] = "etag", uploaded
    state, clinics = NexusState(state_frame), sources["clinics"]
    patients = stage_patients(sources["contacts"], sources["contact_details"], clinics, state, AS_OF)
    appointments = stage_appointments(sources["events"], clinics, patients, state, AS_OF)
    pictures = [
        ThumbnailFact(item.key, "etag", 4, 3, "image/jpeg", f"{item.key}_thumb", 9)
        for item in objects
        if item.key.startswith(IMAGES_PREFIX)
    ]
    export = parse_image_csv(clinic.image_csv, "Image_dataV9.csv")
    known = (listing, facts_frame(pictures), patients)
    batches = stage_image_batches(export.rows, *known, state, AS_OF)
    return {
        "image_batches": batches,
        "images": stage_images(export.rows, export.rejects, *known, batches, state, AS_OF),
        "patients": patients,
        "appointments": appointments,
        "notes": stage_notes(sources["notes"], patients, state, AS_OF),
        "sms_messages": stage_sms_messages(sources["messages"], patients, appointments, state, AS_OF),
        "documents": stage_documents(sources["docs"], listing, patients, state, "bucket", AS_OF),
    }


def stored_tables(storage: str) -> dict[str, StagedTable]:
    """What is stored, as the asset gives it to a publication."""
    store = FrameStore(open_store(storage))
    frames = {name: store.load(name) for name in BY_NAME}
    return {name: StagedTable(one["rows"], one["rejects"]["key"].to_list()) for name, one in frames.items()}


def publish_when_told(url: str, storage: str, told: Connection) -> None:
    """Be the process that is killed: say when ready, then publish, then say so."""
    tables = stored_tables(storage)
    told.send("ready")
    publish(url, "run", AS_OF, tables)
    told.send("done")
    time.sleep(60)


def content(url: str) -> str:
    """A digest of every row of every table, Nexus's and our own; what a publication notes of itself aside."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
            " WHERE table_schema IN ('public', 'nexus_reimport')"
            " AND table_name NOT IN ('publications', 'schema_versions') ORDER BY 1"
        ).fetchall()
        digests = [connection.execute(DIGEST.format(name).encode()).fetchone() for (name,) in tables]
    return repr(list(zip(tables, digests, strict=True)))


def test_twenty_kills_at_random_moments_leave_nexus_as_before_or_as_after(prepared: Prepared) -> None:
    storage = str(prepared.storage)
    tables = stored_tables(storage)
    with ephemeral_database(prepared.cluster, template=prepared.template) as url:
        before = content(url)
        started = time.perf_counter()
        outcome = publish(url, "run", AS_OF, tables)
        duration = time.perf_counter() - started
        after = content(url)
    assert outcome.tables["patients"].updated > 0
    assert outcome.tables["notes"].inserted > 0
    assert before != after

    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    seen = []
    for number in range(KILLS):
        # One kill in each twentieth of the publication, and a little beyond its end.
        moment = duration * 1.1 * (number + moments.random()) / KILLS
        with ephemeral_database(prepared.cluster, template=prepared.template) as url:
            finished = kill_after(publish_when_told, url, storage, moment)
            found = content(url)
            assert found in {before, after}, f"killed after {moment:.3f} s of {duration:.3f} s"
            assert found == after or not finished
            seen.append(finished)
            publish(url, "next", AS_OF, tables)
            assert content(url) == after
    assert not all(seen)


def kill_after(work: Callable[[str, str, Connection], None], url: str, storage: str, moment: float) -> bool:
    """Start work in a process, kill it so many seconds into it, and say whether it had come to its end.

    The work says "ready" before it begins and "done" when it has ended, then waits.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    mine, theirs = context.Pipe()
    process = context.Process(target=work, args=(url, storage, theirs), daemon=True)
    process.start()
    assert mine.recv() == "ready"
    time.sleep(moment)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    assert process.exitcode == -signal.SIGKILL
    finished = mine.poll() and mine.recv() == "done"
    mine.close()
    theirs.close()
    return bool(finished)
