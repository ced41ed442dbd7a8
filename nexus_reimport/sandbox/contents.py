"""Filling a new sandbox: one synthetic clinic, written where each service will look for it."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import orjson

import nexus_reimport
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.object_journal import ObjectJournal, StoredObject
from nexus_reimport.sandbox.settings import Layout

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
"""


def write_contents(layout: Layout, clinic: SyntheticClinic) -> None:
    """Write the clinic's files and FileMaker's rows for the services to read."""
    journal = ObjectJournal(layout.journal)
    journal.fill(StoredObject(item.key, item.body, UPLOADED, item.content_type) for item in clinic.objects)
    journal.close()
    with os.fdopen(os.open(layout.entities, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(clinic.entities))


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
