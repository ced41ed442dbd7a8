"""The job that dumps all of Nexus: what it tells the browser, and that nothing starts it unasked."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from nexus_reimport.definitions import build_definitions
from nexus_reimport.launching.op_jobs import dump_definitions, launch_dump
from nexus_reimport.load.backup import verify_dump
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.jobs.dump_job import DUMP, NEXUS_DUMP
from nexus_reimport.orchestration.resources import NexusResource
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport.storage.frame_store import open_store


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def definitions(url: str, storage: Path) -> dg.Definitions:
    resources = {"nexus": NexusResource(database_url=url), "frames": FrameIOManager(location=str(storage))}
    return dump_definitions(resources)


def test_a_dump_is_a_materialization_that_says_whether_it_was_proved(
    nexus_database: str,
    postgres: Cluster,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PG_DUMP", str(program("pg_dump")))
    as_superuser = postgres.url(nexus_database.rpartition("/")[2], "postgres")
    proved = launch_dump(definitions(as_superuser, tmp_path), instance)
    assert proved.right, proved.failures
    assert (proved.counts["proved"], proved.job) == (True, DUMP)
    tables = verify_dump(open_store(str(tmp_path)), proved.counts["dump"])
    assert proved.counts["tables"] == len(tables)
    event = instance.get_latest_materialization_event(NEXUS_DUMP)
    assert event is not None
    assert event.run_id == proved.run_id
    unproved = launch_dump(definitions(nexus_database, tmp_path), instance)
    assert unproved.right
    assert "may not CREATE DATABASE" in unproved.counts["why_not_proved"]


def test_a_dump_that_fails_says_why(
    nexus_database: str, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(tmp_path / "nowhere"))
    failed = launch_dump(definitions(nexus_database, tmp_path), instance)
    assert not failed.right
    assert failed.counts == {}
    assert failed.failures[0].startswith("dump_database: pg_dump is not there.")


def test_no_reimport_dumps_unasked_and_the_schedule_is_off() -> None:
    whole = build_definitions()
    assert NEXUS_DUMP not in dg.AssetSelection.all().resolve(whole.resolve_asset_graph())
    [schedule] = [one for one in whole.schedules or [] if isinstance(one, dg.ScheduleDefinition)]
    assert (schedule.name, schedule.job_name) == ("weekly_dump", DUMP)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert schedule.execution_timezone == "Australia/Sydney"
