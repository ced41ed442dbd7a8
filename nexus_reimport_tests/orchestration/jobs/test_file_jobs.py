"""The jobs that copy files: what they tell Dagster, what they refuse, and that no reimport copies files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from nexus_reimport.definitions import build_definitions
from nexus_reimport.launching.op_jobs import OpOutcome, file_definitions, launch_file_job
from nexus_reimport.orchestration import progress
from nexus_reimport.orchestration.jobs.file_jobs import BACK_UP, BACKUP_FILES, RESTORE
from nexus_reimport.orchestration.resources import BucketResource
from nexus_reimport.orchestration.sensors.abandoned import process_tag
from nexus_reimport_tests.file_buckets import DOCUMENT, FILES, UPLOAD, Files, client_at
from nexus_reimport_tests.served_bucket import BUCKET, Relay, served_bucket


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served_bucket(tmp_path_factory.mktemp("bucket")) as port:
        yield port


@pytest.fixture
def files(port: int) -> Files:
    """The bucket with a few files and no backup."""
    found = Files(Relay(port), client_at(f"http://127.0.0.1:{port}"))
    found.delete(*found.keys())
    found.put_all(FILES)
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def definitions(files: Files) -> dg.Definitions:
    s3 = S3Resource(
        region_name="ap-southeast-2",
        endpoint_url=files.relay.url,
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",  # noqa: S106 - the server takes any
    )
    return file_definitions({"s3": s3, "bucket": BucketResource(name=BUCKET), "nexus": None})


def ask(files: Files, instance: dg.DagsterInstance, job: str, **config: Any) -> OpOutcome:
    return launch_file_job(definitions(files), instance, job, config)


def told(instance: dg.DagsterInstance, outcome: OpOutcome, kind: dg.DagsterEventType) -> Mapping[str, Any]:
    """The metadata of the run's one event of a kind about `backup_files`."""
    [record] = instance.get_records_for_run(outcome.run_id, of_type=kind).records
    entry = record.event_log_entry
    event = entry.asset_materialization or entry.asset_observation
    assert event is not None
    assert event.asset_key == BACKUP_FILES
    return event.metadata


def test_a_backup_is_a_materialization_with_plain_counts(files: Files, instance: dg.DagsterInstance) -> None:
    heard: list[tuple[str, int, int | None]] = []
    stop = progress.listen(lambda *far: heard.append(far))
    outcome = ask(files, instance, BACK_UP)
    stop()
    assert outcome.right
    assert outcome.failures == []
    size = sum(map(len, FILES.values()))
    metadata = told(instance, outcome, dg.DagsterEventType.ASSET_MATERIALIZATION)
    plain = ("files", "bytes", "copied", "copied_bytes", "reused", "resumed", "replaced", "gone", "too_long")
    assert all(isinstance(metadata[name], dg.IntMetadataValue) for name in plain)
    assert [metadata[name].value for name in plain] == [len(FILES), size, len(FILES), size, 0, 0, 0, 0, 0]
    assert outcome.counts == {name: value.value for name, value in metadata.items()}
    assert heard[-1] == ("copy_new_files", len(FILES), len(FILES))
    run = instance.get_run_by_id(outcome.run_id)
    assert run is not None
    assert run.job_name == BACK_UP


def test_what_is_put_back_is_an_observation_that_names_its_backup(
    files: Files, instance: dg.DagsterInstance
) -> None:
    name = ask(files, instance, BACK_UP).counts["backup"]
    files.delete(UPLOAD, DOCUMENT)
    would = ask(files, instance, RESTORE, name=name, dry_run=True)
    assert (would.counts["restored"], would.counts["dry_run"]) == (2, True)
    assert UPLOAD not in files.keys()  # noqa: SIM118 - it asks the server
    outcome = ask(files, instance, RESTORE, name=name, prefix="images/")
    metadata = told(instance, outcome, dg.DagsterEventType.ASSET_OBSERVATION)
    assert (metadata["backup"].value, metadata["restored"].value, metadata["same"].value) == (name, 1, 2)
    assert files.content(UPLOAD) == FILES[UPLOAD]
    files.put(UPLOAD, b"changed")
    assert ask(files, instance, RESTORE, name=name, overwrite=True).counts["overwritten"] == 1


def test_a_lost_copy_fails_the_run_after_the_rest_was_put_back(
    files: Files, instance: dg.DagsterInstance
) -> None:
    name = ask(files, instance, BACK_UP).counts["backup"]
    files.delete(UPLOAD, DOCUMENT, f"backup/{name}/{UPLOAD}")
    outcome = ask(files, instance, RESTORE, name=name)
    assert not outcome.right
    assert (outcome.counts["lost"], outcome.counts["first_lost"]) == (1, [UPLOAD])
    assert outcome.failures[0].startswith("put_files_back: 1 files have no right copy any more")
    assert files.content(DOCUMENT) == FILES[DOCUMENT]


def test_a_refusal_is_said_in_its_own_words(files: Files, instance: dg.DagsterInstance) -> None:
    outcome = ask(files, instance, RESTORE, name="reimport_20200101T000000Z")
    assert not outcome.success
    assert outcome.counts == {}
    assert outcome.failures == [
        "put_files_back: NotFound: There is no finished backup «reimport_20200101T000000Z». "
        "See «nexus-reimport files list»."
    ]


def another_run(files: Files, instance: dg.DagsterInstance, tags: dict[str, str]) -> dg.DagsterRun:
    """A run of the other job that has begun."""
    job = definitions(files).resolve_job_def(RESTORE)
    config = {"ops": {"put_files_back": {"config": {"name": "any"}}}}
    started = dg.DagsterRunStatus.STARTED
    return instance.create_run_for_job(job, run_config=config, status=started, tags=tags)


@pytest.mark.parametrize("tags", [process_tag(), {"nexus_reimport/process": "elsewhere 1 2.00"}])
def test_two_at_once_are_refused_with_the_first_ones_name(
    files: Files, instance: dg.DagsterInstance, tags: dict[str, str]
) -> None:
    other = another_run(files, instance, tags)
    outcome = ask(files, instance, BACK_UP)
    [failure] = outcome.failures
    assert f"Run {other.run_id} copies files at the moment." in failure
    assert not [key for key in files.keys() if key.startswith("backup/")]  # noqa: SIM118 - it asks the server


def test_a_run_whose_process_died_is_in_nobodys_way(files: Files, instance: dg.DagsterInstance) -> None:
    [[name, tag]] = process_tag().items()
    dead = {name: tag.rsplit(" ", 1)[0] + " 1.00"}
    another_run(files, instance, dead)
    assert ask(files, instance, BACK_UP).right


def test_plain_http_to_another_machine_is_refused(instance: dg.DagsterInstance) -> None:
    s3 = S3Resource(endpoint_url="http://s3.example.org", region_name="ap-southeast-2")
    found = file_definitions({"s3": s3, "bucket": BucketResource(name=BUCKET)})
    [failure] = launch_file_job(found, instance, BACK_UP, {}).failures
    assert "AWS_ENDPOINT_URL_S3 would send patients' data in clear" in failure


def test_no_run_of_the_whole_line_copies_files(tmp_path: Path) -> None:
    whole = build_definitions()
    job = whole.resolve_job_def("reimport")
    assert BACKUP_FILES not in dg.AssetSelection.all().resolve(whole.resolve_asset_graph())
    assert {"copy_new_files", "put_files_back"} & {node.name for node in job.nodes} == set()
