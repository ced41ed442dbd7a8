"""The records line from the shell to its exit, against running services: wall time, steps, memory."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import dagster as dg
import orjson
import psutil

from nexus_reimport.sandbox import lifecycle

EVERY_SECONDS = 0.1
MEGABYTE = 1024 * 1024
RECORDS = ("patients", "appointments", "notes", "documents")


@dataclass(frozen=True)
class Measured:
    """One `run`: wall seconds, the largest resident memory in MB, seconds of each step, rows written."""

    seconds: float
    memory: float
    steps: dict[str, float]
    written: int


def bench_records(scale: float, repeats: int) -> dict[str, object]:
    """Return medians of a first run into an empty Nexus and of one that finds nothing to write."""
    firsts, seconds = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="nexus-reimport-bench-") as folder:
            directory = Path(folder) / "sandbox"
            lifecycle.start_sandbox(directory, scale=scale)
            try:
                environment = {**os.environ, **lifecycle.environment(directory)}
                firsts.append(measure_run(environment, Path(folder)))
                seconds.append(measure_run(environment, Path(folder)))
            finally:
                lifecycle.clean_up(directory)
    return {"first_run": _summary(firsts), "second_run": _summary(seconds)}


def measure_run(environment: Mapping[str, str], folder: Path) -> Measured:
    """Run the command line once, watched from outside."""
    outcome = folder / "outcome.json"
    phases = [word for phase in RECORDS for word in ("--phase", phase)]
    command = [sys.executable, "-m", "nexus_reimport", "run", "--yes", *phases, "--json", str(outcome)]
    started = time.monotonic()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    memory = _watch(process)
    seconds = time.monotonic() - started
    if process.returncode != 0:
        message = "the run that was to be measured failed"
        raise RuntimeError(message)
    result = orjson.loads(outcome.read_bytes())
    written = sum(table["inserted"] + table["updated"] for table in result["tables"].values())
    return Measured(seconds, memory, _steps(environment, result["run_id"]), written)


def _watch(process: "subprocess.Popen[bytes]") -> float:
    """Wait for the process to end; return the most resident memory of it and its children, in MB."""
    largest = 0
    while process.poll() is None:
        try:
            parent = psutil.Process(process.pid)
            everyone = [parent, *parent.children(recursive=True)]
            largest = max(largest, sum(one.memory_info().rss for one in everyone))
        except psutil.NoSuchProcess:
            continue
        time.sleep(EVERY_SECONDS)
    return largest / MEGABYTE


def _steps(environment: Mapping[str, str], run_id: str) -> dict[str, float]:
    os.environ.update(environment)
    with dg.DagsterInstance.get() as instance:
        stats = instance.get_run_step_stats(run_id)
    return {one.step_key: one.end_time - one.start_time for one in stats if one.end_time and one.start_time}


def _summary(runs: list[Measured]) -> dict[str, object]:
    steps = {step: round(median(run.steps[step] for run in runs), 2) for step in runs[0].steps}
    return {
        "seconds": round(median(run.seconds for run in runs), 2),
        "seconds_of_each": [round(run.seconds, 2) for run in runs],
        "publishing_seconds": steps["nexus_publication"],
        "memory_mb": round(max(run.memory for run in runs)),
        "rows_written": runs[0].written,
        "steps": steps,
    }
