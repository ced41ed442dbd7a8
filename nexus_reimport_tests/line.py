"""A whole reimport under test: real services, a Nexus database of its own, and a FileMaker to its liking."""

import functools
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import dagster as dg
import psycopg
import uvicorn
from dagster_aws.s3 import S3Resource

from nexus_reimport.definitions import build_definitions
from nexus_reimport.extract.filemaker import FileMakerClient
from nexus_reimport.extract.filemaker.pace import RateCap
from nexus_reimport.launching.launch import RunRequest, launch
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.resources import (
    BucketResource,
    FileMakerResource,
    ImageCsvFolder,
    NexusResource,
)
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.sandbox.filemaker import Fault, FaultPlan, create_app
from nexus_reimport.sandbox.starting_states import fill_tables, starting_rows
from nexus_reimport.transform.staged import Staged

SCALE = 0.02
PAGE_SIZE = 90
DATABASE, USERNAME, PASSWORD = "Clinic", "importer", "only-for-these-tests"

# For a FileMaker that has another value in every record at once.
ALL_MAY_CHANGE = [f"{table.name}.{column.name}" for table in TABLES for column in table.named("source")]

Entities = Mapping[str, Sequence[Row]]


class QuickFileMaker(FileMakerResource):
    """FileMaker asked without pauses: a test's time is not for manners."""

    def client(self, on_progress: Any) -> FileMakerClient:
        client = super().client(on_progress)
        client.session.rate_cap = RateCap(1e9)
        client.session.sleep = lambda _: None
        return client


class OneS3Client(S3Resource):
    """S3 reached by a client that is made once: making one takes boto3 half a second."""

    def get_client(self) -> Any:
        return _s3_client(self.endpoint_url, self.aws_access_key_id, self.aws_secret_access_key)


@functools.cache
def _s3_client(endpoint: str, key: str, secret: str) -> Any:
    return S3Resource(
        region_name="ap-southeast-2",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    ).get_client()


@contextmanager
def served_filemaker(
    entities: Entities,
    faults: Sequence[Fault] = (),
    seen: list[str] | None = None,
    page_size: int = PAGE_SIZE,
) -> Iterator[str]:
    """Give the address of a stand-in that serves these rows, in small pages, with these faults.

    The path of each request is added to `seen`.
    """
    app = create_app(
        entities,
        database=DATABASE,
        username=USERNAME,
        password=PASSWORD,
        page_size=page_size,
        plan=FaultPlan(faults, slow_seconds=0.02, retry_after=1),
    )

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if seen is not None and scope["type"] == "http":
            seen.append(scope["path"])
        await app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(noting, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@dataclass
class Line:
    """What one test runs: definitions over services of its own, and what it asks them afterwards."""

    url: str
    storage: Path
    filemaker: str
    environment: Mapping[str, str]
    instance: dg.DagsterInstance
    frames_type: type[FrameIOManager] = FrameIOManager
    replaced: dict[str, Any] = field(default_factory=dict)

    @property
    def frames(self) -> FrameIOManager:
        """The stored frames."""
        return self.frames_type(location=str(self.storage))

    def definitions(self) -> dg.Definitions:
        """The whole project on this line's services."""
        resources: dict[str, Any] = {
            "filemaker": QuickFileMaker(
                host=self.filemaker, database=DATABASE, username=USERNAME, password=PASSWORD
            ),
            "s3": OneS3Client(
                region_name=self.environment["AWS_REGION"],
                endpoint_url=self.environment["AWS_ENDPOINT_URL_S3"],
                aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            ),
            "bucket": BucketResource(name=self.environment["AWS_S3_BUCKET_NAME"]),
            "image_csv_folder": ImageCsvFolder(folder=self.environment["IMAGE_CSV_DIR"]),
            "nexus": NexusResource(database_url=self.url),
            "frames": self.frames,
        }
        return build_definitions({**resources, **self.replaced})

    def run(
        self, *keys: str, selection: dg.AssetSelection | None = None, dry_run: bool = False, **options: Any
    ) -> RunOutcome:
        """Run the named assets ("nexus/notes"), a selection or everything; options are the run's."""
        if keys:
            selection = dg.AssetSelection.assets(*(dg.AssetKey(key.split("/")) for key in keys))
        request = RunRequest(selection, dry_run=dry_run, options=options)
        return launch(self.definitions(), self.instance, request)

    def run_with_sources(self, *keys: str, **options: Any) -> RunOutcome:
        """Run the named assets and everything that they are made from."""
        named = dg.AssetSelection.assets(*(dg.AssetKey(key.split("/")) for key in keys))
        return self.run(selection=named.upstream(), **options)

    def post_validation(self) -> RunOutcome:
        """Run only the checks of Nexus as it is."""
        return launch(self.definitions(), self.instance, RunRequest(job="validation_post"))

    def staged(self, table: str) -> Staged:
        """A staged table as stored."""
        return cast("Staged", self.frames.read(dg.AssetKey(["staged", table])))

    def failed_checks(self, outcome: RunOutcome) -> set[tuple[str, str]]:
        """Asset and name of every check of severity ERROR that failed in a run."""
        wrong = [one for one in outcome.checks if not one["passed"] and one["severity"] == "ERROR"]
        return {(one["asset"], one["check"]) for one in wrong}


def load_state(url: str, state: str, clinic: SyntheticClinic) -> None:
    """Bring a fresh Nexus into a starting state, configuration included."""
    for rows in starting_rows(state, clinic):
        fill_tables(url, rows)


def query(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask a database, or tell it to change something."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def relations(url: str, schema: str = "public") -> list[str]:
    """The tables of a schema, in order of name."""
    found = query(
        url,
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY 1",
        schema,
    )
    return [name for (name,) in found]


def contents(url: str) -> dict[str, set[str]]:
    """Every row of every table of Nexus, all columns as text, by table."""
    names = relations(url)
    with psycopg.connect(url) as connection:
        return {
            name: {row for (row,) in connection.execute(f'SELECT t::text FROM "{name}" t'.encode())}  # noqa: S608 - its own names
            for name in names
        }


def break_notes(url: str) -> None:
    """Have PostgreSQL refuse every note, by what nobody looks at before: an index of a failing expression."""
    query(
        url,
        "CREATE FUNCTION refuse(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'refused'; END $$; CREATE INDEX refusing ON notes (refuse(content))",
    )
