"""The resources: how a run reaches FileMaker, and the one instant that it goes by."""

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest

from nexus_reimport.extract.filemaker import BasicAuth, FmidAuth
from nexus_reimport.orchestration.resources import FileMakerResource, RunOptions
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import DATABASE, PASSWORD, USERNAME, Line, QuickFileMaker, served_filemaker


def instant_of(instance: dg.DagsterInstance, options: RunOptions) -> tuple[datetime, str]:
    """Run a job of one asset and return the instant that it went by, and its run's id."""
    seen = []

    @dg.asset
    def something(context: dg.AssetExecutionContext, options: RunOptions) -> None:
        seen.append(options.instant(context))

    result = dg.materialize([something], instance=instance, resources={"options": options})
    return seen[0], result.run_id


def test_a_runs_instant_is_when_it_was_created() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instant, run_id = instant_of(instance, RunOptions())
        record = instance.get_run_record_by_id(run_id)
        assert record is not None
        assert instant == record.create_timestamp
        assert instant.tzinfo == UTC


def test_an_instant_of_its_own_is_taken_in_utc() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instant, _ = instant_of(instance, RunOptions(as_of="2026-07-01T12:00:00+10:00"))
    assert (instant, instant.tzinfo) == (datetime(2026, 7, 1, 2, tzinfo=UTC), UTC)


def test_a_run_that_goes_on_from_another_keeps_its_instant() -> None:
    @dg.job
    def anything() -> None:
        """Do nothing."""

    with dg.DagsterInstance.ephemeral() as instance:
        first, run_id = instant_of(instance, RunOptions())
        later = instance.create_run_for_job(anything, root_run_id=run_id, parent_run_id=run_id)
        context = SimpleNamespace(instance=instance, run=later)
        assert RunOptions().instant(cast("dg.AssetExecutionContext", context)) == first


def test_a_run_that_dagster_does_not_know_has_no_instant() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        context = SimpleNamespace(instance=instance, run=SimpleNamespace(root_run_id=None, run_id="unknown"))
        with pytest.raises(dg.DagsterInvariantViolationError, match="instant is not known"):
            RunOptions().instant(cast("dg.AssetExecutionContext", context))


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        RunOptions(limit=0)


def reached(**credentials: str) -> FileMakerResource:
    return FileMakerResource(host="https://fms.example.org", database="Clinic", **credentials)  # type: ignore[arg-type]  # each is text


def test_a_token_takes_the_place_of_an_account() -> None:
    account = {"username": "a", "password": "b"}
    assert isinstance(reached(**account)._auth(), BasicAuth)
    assert isinstance(reached(**account, fmid_token="c")._auth(), FmidAuth)  # noqa: S106 - no real one


def test_a_client_is_of_the_host_and_database_given() -> None:
    resource = FileMakerResource(host="https://fms.example.org", database="Clinic", fmid_token="a")  # noqa: S106 - no real one
    with resource.client(lambda *_: None) as client:
        assert "https://fms.example.org/fmi/odata/v4/Clinic" in repr(client)


def test_a_wrong_password_ends_a_run_before_anything_is_read_after_two_tries(
    line: Line, clinic: SyntheticClinic
) -> None:
    seen: list[str] = []
    with served_filemaker(clinic.entities, seen=seen) as host:
        line.replaced["filemaker"] = QuickFileMaker(
            host=host,
            database=DATABASE,
            username=USERNAME,
            password="not the right one",  # noqa: S106 - as it says
        )
        outcome = line.run()
    assert len(seen) == 2
    [failure] = outcome.failures
    assert failure.startswith("AuthenticationFailed: 127.0.0.1: HTTP 401 (code 212: Invalid user account")
    assert "not the right one" not in failure
    started = line.instance.all_logs(outcome.run_id, of_type=dg.DagsterEventType.STEP_START)
    assert started == []


def test_a_host_that_is_not_there_ends_a_run_in_one_line(line: Line) -> None:
    began = time.monotonic()
    line.replaced["filemaker"] = FileMakerResource(
        host="http://127.0.0.1:1", database=DATABASE, username=USERNAME, password=PASSWORD
    )
    [failure] = line.run().failures
    assert failure.startswith("ConnectionFailed: 127.0.0.1: port 1 refuses the connection. Tried 3 times.")
    assert time.monotonic() - began < 12


def test_a_run_that_reads_nothing_from_filemaker_does_not_ask_it(line: Line) -> None:
    line.replaced["filemaker"] = FileMakerResource(
        host="http://127.0.0.1:1", database=DATABASE, username=USERNAME, password=PASSWORD
    )
    assert line.run("files/s3_listing").right
