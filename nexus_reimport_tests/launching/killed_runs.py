"""A clinic to kill whole reimports in: real processes, each with a Nexus, a Dagster, a storage of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import obstore
import psycopg
from obstore.store import S3Store

from nexus_reimport.exceptions import ClientError
from nexus_reimport.load import backup as backups
from nexus_reimport.load.backup.exceptions import BackupError, BackupMissing
from nexus_reimport.sandbox import lifecycle
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.contents import DEFAULT_DAGSTER_YAML
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.sandbox.settings import Layout, read_settings
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport_tests.line import DATABASE, PASSWORD, SCALE, USERNAME, query, served_filemaker

AS_OF = "2026-07-01T02:00:00+00:00"
# `run` has no option for the instant; all runs must have one, or no two would write the same.
RUN = f"""
from nexus_reimport.launching.launch import RunRequest
from nexus_reimport.cli.running import run_here
outcome = run_here(RunRequest(options={{"as_of": {AS_OF!r}}}))
raise SystemExit(not outcome.right)
"""
# Rows to adopt and to change, so that there is something to back up.
BEFORE = "older-import"
WHOLE_PAGES = 10_000
# What a publication notes of itself: its number, its time, its run.
OF_THE_PUBLICATION = ("publications", "schema_versions")
CONTENT = (
    "SELECT md5(coalesce(string_agg((to_jsonb(t) - 'publication')::text, E'\\n'"
    " ORDER BY (to_jsonb(t) - 'publication')::text), '')) FROM {} t"
)


@dataclass(frozen=True)
class Resumed:
    """How a resume ended: its exit code, its wall time in seconds, what it printed and its JSON."""

    code: int
    seconds: float
    said: str
    outcome: Mapping[str, Any]


@dataclass(frozen=True)
class Attempt:
    """One reimport's surroundings: what it writes to, and the variables that lead it there."""

    nexus: str
    folder: Path
    environ: Mapping[str, str]

    def start_run(self) -> subprocess.Popen[str]:
        """Start a whole reimport."""
        with (self.folder / "run.log").open("w") as log:
            return subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", RUN],
                env=dict(self.environ),
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def kill_run(self, moment: float) -> bool:
        """Start a run, kill it so many seconds later; return whether it had not ended by then."""
        with self.start_run() as process:
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            return process.wait() == -signal.SIGKILL

    def resume(self) -> Resumed:
        """Go on as a person would."""
        file = self.folder / "resumed.json"
        program = Path(sys.executable).with_name("nexus-reimport")
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own program
            [program, "resume", "--yes", "--json", file],
            env=dict(self.environ),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        outcome = json.loads(file.read_bytes()) if file.exists() else {}
        return Resumed(done.returncode, seconds, done.stdout + done.stderr, outcome)

    @contextmanager
    def dagster(self) -> Iterator[dg.DagsterInstance]:
        """Open this attempt's Dagster."""
        before = os.environ.get("DAGSTER_PG_URL")
        os.environ["DAGSTER_PG_URL"] = self.environ["DAGSTER_PG_URL"]
        try:
            with dg.DagsterInstance.from_config(self.environ["DAGSTER_HOME"]) as instance:
                yield instance
        finally:
            if before is None:
                del os.environ["DAGSTER_PG_URL"]
            else:
                os.environ["DAGSTER_PG_URL"] = before

    def made_assets(self) -> set[str]:
        """Return every asset that has been materialized."""
        with self.dagster() as instance:
            return {
                key.to_user_string()
                for key in instance.all_asset_keys()
                if instance.get_latest_materialization_event(key)
            }

    def content(self) -> dict[str, str]:
        """Return a digest of the rows of each table, Nexus's and our own."""
        with psycopg.connect(self.nexus) as connection:
            tables = connection.execute(
                "SELECT format('%%I.%%I', table_schema, table_name) FROM information_schema.tables"
                " WHERE table_schema IN ('public', 'nexus_reimport') AND table_name <> ALL (%s)",
                [list(OF_THE_PUBLICATION)],
            ).fetchall()
            digests = {}
            for (name,) in tables:
                row = connection.execute(CONTENT.format(name).encode()).fetchone()
                digests[name] = str(row and row[0])
        return digests

    def publications(self) -> int:
        """Return how many publications there have been."""
        there = query(self.nexus, "SELECT to_regclass('nexus_reimport.publications') IS NOT NULL")[0][0]
        return (
            int(query(self.nexus, "SELECT count(*) FROM nexus_reimport.publications")[0][0]) if there else 0
        )

    def damaged_sets(self) -> list[str]:
        """Return every stored set of frames, and every backup that is taken for whole, that is not."""
        store = open_store(str(self.folder / "storage"))
        damaged = []
        for manifest in (self.folder / "storage" / "frames").rglob("manifest.json"):
            name = str(manifest.parent.relative_to(self.folder / "storage"))
            try:
                FrameStore(store).load(name)
            except ClientError:
                damaged.append(name)
        for backup in (self.folder / "storage" / "backups").glob("*"):
            try:
                backups.verify(store, backup.name)
            except BackupMissing:
                # Never finished, and never taken for whole.
                continue
            except BackupError:
                damaged.append(backup.name)
        return damaged

    def backups_of_publications(self) -> list[int]:
        """Return how many rows the backup of each publication holds, verified."""
        store = open_store(str(self.folder / "storage"))
        named = query(self.nexus, "SELECT backup FROM nexus_reimport.publications ORDER BY id")
        return [backups.verify(store, name).rows for (name,) in named]


@dataclass
class Ground:
    """The services that all attempts share, and what they are copied from."""

    cluster: Cluster
    environ: Mapping[str, str]
    dagster_template: str
    folder: Path
    seen: list[str]

    def __post_init__(self) -> None:
        self.bucket = S3Store(
            self.environ["AWS_S3_BUCKET_NAME"],
            region=self.environ["AWS_REGION"],
            endpoint=self.environ["AWS_ENDPOINT_URL_S3"],
            access_key_id=self.environ["AWS_ACCESS_KEY_ID"],
            secret_access_key=self.environ["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True},
        )
        self.originals = self.keys()

    def keys(self) -> set[str]:
        """Return the key of every object of a photograph, thumbnails among them."""
        return {entry["path"] for chunk in obstore.list(self.bucket, prefix=IMAGES_PREFIX) for entry in chunk}

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Give a Nexus with an older import, a Dagster without runs, and an empty storage."""
        if made := sorted(self.keys() - self.originals):
            obstore.delete(self.bucket, made)
        with ExitStack() as stack:
            nexus = stack.enter_context(ephemeral_database(self.cluster, template="nexus"))
            runs = stack.enter_context(ephemeral_database(self.cluster, template=self.dagster_template))
            folder = self.folder / nexus.rpartition("/")[2]
            (folder / "dagster").mkdir(parents=True)
            (folder / "dagster" / "dagster.yaml").write_text(DEFAULT_DAGSTER_YAML)
            its_own = {
                "NEXUS_DATABASE_URL": nexus,
                "DAGSTER_PG_URL": runs,
                "DAGSTER_HOME": str(folder / "dagster"),
                "NEXUS_REIMPORT_STORAGE": str(folder / "storage"),
            }
            yield Attempt(nexus, folder, {**os.environ, **self.environ, **its_own})


@contextmanager
def open_ground(clinic: SyntheticClinic, folder: Path) -> Iterator[Ground]:
    """Start a sandbox to copy from, whose FileMaker notes each request."""
    seen: list[str] = []
    lifecycle.start_sandbox(folder / "sandbox", SCALE, nexus=BEFORE)
    try:
        settings = read_settings(Layout(folder / "sandbox"))
        assert settings is not None
        cluster = settings.cluster(Layout(folder / "sandbox"))
        with ExitStack() as stack:
            host = stack.enter_context(served_filemaker(clinic.entities, seen=seen, page_size=WHOLE_PAGES))
            template = stack.enter_context(ephemeral_database(cluster, template="template1"))
            filemaker = {
                "FILEMAKER_HOST": host,
                "FILEMAKER_DATABASE": DATABASE,
                "FILEMAKER_USERNAME": USERNAME,
                "FILEMAKER_PASSWORD": PASSWORD,
            }
            environ = {**lifecycle.environment(folder / "sandbox"), **filemaker}
            ground = Ground(cluster, environ, template.rpartition("/")[2], folder, seen)
            home = folder / "template"
            home.mkdir()
            (home / "dagster.yaml").write_text(DEFAULT_DAGSTER_YAML)
            made = {"DAGSTER_PG_URL": template, "DAGSTER_HOME": str(home)}
            with Attempt("", home, {**environ, **made}).dagster() as instance:
                instance.get_runs(limit=1)
            yield ground
    finally:
        lifecycle.stop_sandbox(folder / "sandbox")
