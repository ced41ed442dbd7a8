"""The lock under which runs are created: between processes, in Dagster's database or in its folder."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from nexus_reimport.launching import one_at_a_time as starting_module
from nexus_reimport.launching.exceptions import AnotherRunActive
from nexus_reimport.launching.one_at_a_time import starting

HOLD = """
import sys, time
import dagster as dg
from nexus_reimport.launching.one_at_a_time import starting
with dg.DagsterInstance.from_config(sys.argv[1]) as instance, starting(instance):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(params=["database", "folder"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "folder":
        (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        return str(tmp_path)
    environment: Mapping[str, str] = request.getfixturevalue("environment")
    monkeypatch.setenv("DAGSTER_PG_URL", environment["DAGSTER_PG_URL"])
    return environment["DAGSTER_HOME"]


@contextmanager
def held(home: str, seconds: float) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", HOLD, home, str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - words of ours
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_who_comes_second_waits_until_the_first_is_through(home: str) -> None:
    with dg.DagsterInstance.from_config(home) as instance, held(home, 1.0) as first, starting(instance):
        assert first.wait(timeout=5) == 0


def test_a_killed_process_leaves_no_lock_behind(home: str) -> None:
    with dg.DagsterInstance.from_config(home) as instance, held(home, 600) as first:
        first.send_signal(signal.SIGKILL)
        began = time.monotonic()
        with starting(instance):
            assert time.monotonic() - began < 5


def test_one_that_is_stopped_while_it_starts_is_not_waited_for_without_end(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting_module, "WAIT_SECONDS", 0.5)
    with (
        dg.DagsterInstance.from_config(home) as instance,
        held(home, 600),
        pytest.raises(AnotherRunActive, match="has been starting a run"),
        starting(instance),
    ):
        pass
