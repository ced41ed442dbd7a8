"""How far a step is: told at once to who listens, and at most every five seconds to Dagster."""

from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest

from nexus_reimport.orchestration import progress
from nexus_reimport.orchestration.progress import EVERY_SECONDS, StepProgress, listen


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Told:
    """A step's context that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tags: list[dict[str, str]] = []
        self.op_execution_context = SimpleNamespace(op=SimpleNamespace(name="filemaker__events"))
        self.log = SimpleNamespace(info=self.lines.append)
        self.instance = SimpleNamespace(add_run_tags=lambda _, tags: self.tags.append(tags))
        self.run_id = "run"
        self.run = SimpleNamespace(run_id="run")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def step_of(told: Told) -> StepProgress:
    return StepProgress(cast("dg.AssetExecutionContext", cast("Any", told)))


def test_dagster_hears_at_most_every_five_seconds(clock: Clock) -> None:
    told = Told()
    step = step_of(told)
    for second in range(12):
        clock.now = 100.0 + second
        step(second * 1000, 15_149)
    assert EVERY_SECONDS == 5.0
    assert told.lines == ["filemaker__events: 5000/15149", "filemaker__events: 10000/15149"]
    assert told.tags == [{"progress": "5000/15149"}, {"progress": "10000/15149"}]


def test_the_end_of_a_long_step_is_told_whenever_it_comes(clock: Clock) -> None:
    told = Told()
    step = step_of(told)
    for second, done in ((1, 2_000), (6, 6_000), (7, 6_490)):
        clock.now = 100.0 + second
        step(done, 6_490)
    assert told.tags == [{"progress": "6000/6490"}, {"progress": "6490/6490"}]


def test_a_short_step_is_not_worth_a_word(clock: Clock) -> None:
    told = Told()
    step_of(told)(15_149, 15_149)
    assert told.lines == []


def test_a_total_that_nobody_knows_is_left_out(clock: Clock) -> None:
    told = Told()
    step = step_of(told)
    clock.now += 5
    step(700, None)
    assert told.tags == [{"progress": "700"}]


def test_a_listener_hears_every_bit_until_it_is_stopped(clock: Clock) -> None:
    heard: list[tuple[str, int, int | None]] = []
    stop = listen(lambda *bit: heard.append(bit))
    step = step_of(Told())
    step(1, 2)
    step(2, 2)
    stop()
    step(3, 3)
    assert heard == [("filemaker__events", 1, 2), ("filemaker__events", 2, 2)]


def test_in_a_real_run_the_progress_is_a_tag_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)

    @dg.asset
    def slow(context: dg.AssetExecutionContext) -> None:
        step = StepProgress(context)
        for done in range(3):
            step(done, 3)

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([slow], instance=instance)
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        assert run.tags["progress"] == "2/3"
        logged = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert "slow: 2/3" in logged
