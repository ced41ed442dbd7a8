"""Filling a new sandbox: one synthetic clinic, written where each service will look for it."""

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import orjson

import nexus_reimport
from nexus_reimport.sandbox.clinic import CSV_NAME, ClinicObject
from nexus_reimport.sandbox.clinic.objects import Photograph
from nexus_reimport.sandbox.clinic.photographs import base_picture
from nexus_reimport.sandbox.object_journal import Composed, ObjectJournal, StoredObject
from nexus_reimport.sandbox.settings import Layout
from nexus_reimport.sandbox.starting_states import StartingState

UPLOADED = datetime(2025, 6, 30, 3, 0, tzinfo=UTC)
"""When the synthetic clinic's files were put into S3; the same in every sandbox."""

DEFAULT_DAGSTER_YAML = """\
storage:
  postgres:
    postgres_url:
      env: DAGSTER_PG_URL
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config:
    dequeue_interval_seconds: 1
"""


def write_contents(layout: Layout, state: StartingState) -> None:
    """Write the clinic's files, FileMaker's rows and its image export where they are looked for.

    An old backup of patients, where the state has one, lies beside them as `patients.json`.
    """
    clinic = state.clinic
    _write_private(layout.entities, orjson.dumps(clinic.entities))
    _write_private(layout.images / CSV_NAME, clinic.image_csv)
    if state.patients_backup is not None:
        _write_private(layout.patients_backup, state.patients_backup)
    _draw_pictures(clinic.objects)
    journal = ObjectJournal(layout.journal)
    journal.fill(StoredObject(item.key, _kept(item), UPLOADED, item.content_type) for item in clinic.objects)
    journal.close()


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _draw_pictures(objects: Iterable[ClinicObject]) -> None:
    """Make every base picture that will be needed; drawing and encoding keep several processors busy."""
    names = {item.content.base for item in objects if isinstance(item.content, Photograph)}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # The largest first, so that none is left for one processor at the end.
        list(pool.map(base_picture, sorted(names)))


def _kept(item: ClinicObject) -> bytes | Composed:
    """Return the object's bytes, or how they are composed where it is a photograph."""
    if not isinstance(item.content, Photograph):
        return item.content
    base, splice = item.content.base, item.content.splice
    return Composed(base_picture(base), base, splice.at, splice.skip, splice.inserted)


def make_folders(layout: Layout) -> None:
    """Make the folders the environment points at; Dagster's gets the project's own dagster.yaml."""
    for folder in (layout.images, layout.storage, layout.dagster_home):
        folder.mkdir(mode=0o700, exist_ok=True)
    copy_dagster_yaml(layout.dagster_home)


def copy_dagster_yaml(home: Path) -> None:
    """Put the project's dagster.yaml into a DAGSTER_HOME, or a small one where there is no project around."""
    project = Path(nexus_reimport.__file__).parents[1] / "dagster.yaml"
    if project.is_file():
        shutil.copyfile(project, home / "dagster.yaml")
    else:
        (home / "dagster.yaml").write_text(DEFAULT_DAGSTER_YAML)
