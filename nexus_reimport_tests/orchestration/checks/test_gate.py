"""The gate asks for every proof again, and names what to materialize where one is missing."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.definitions import gate_over
from nexus_reimport.orchestration.checks.gate import Gate, InputsNotProved
from nexus_reimport.orchestration.io_manager import FrameIOManager

SOURCE, STAGED = dg.AssetKey(["source", "a"]), dg.AssetKey(["staged", "a"])


@dataclass
class Graph:
    """A source, what is staged from it, and a check of each that passes or not as it is told."""

    instance: dg.DagsterInstance
    frames: FrameIOManager
    broken: bool = False
    passing: dict[str, bool] = field(default_factory=lambda: {"source": True, "staged": True})

    def assets(self) -> list[dg.AssetsDefinition]:
        text = pd.ArrowDtype(pa.string())

        @dg.asset(key=SOURCE)
        def source() -> pd.DataFrame:
            if self.broken:
                raise RuntimeError
            return pd.DataFrame({"id": pd.array(["1"], dtype=text)})

        @dg.asset(key=STAGED, ins={"source": dg.AssetIn(SOURCE)})
        def staged(source: pd.DataFrame) -> pd.DataFrame:
            return source

        return [source, staged]

    def checks(self) -> list[dg.AssetChecksDefinition]:
        def made(key: dg.AssetKey, *, blocking: bool, name: str) -> dg.AssetChecksDefinition:
            @dg.asset_check(asset=key, name=name, blocking=blocking)
            def check() -> dg.AssetCheckResult:
                return dg.AssetCheckResult(
                    passed=self.passing[key.path[0]] and blocking, description="says why"
                )

            return check

        return [
            made(SOURCE, blocking=True, name="complete"),
            made(STAGED, blocking=True, name="shape"),
            made(STAGED, blocking=False, name="curious"),
        ]

    def run(self, selection: str, *, checks: bool = True) -> None:
        chosen = dg.AssetSelection.from_string(selection)
        if not checks:
            chosen = chosen.without_checks()
        self._run(chosen)

    def run_check(self, key: dg.AssetKey, name: str) -> None:
        self._run(dg.AssetSelection.checks(dg.AssetCheckKey(key, name)))

    def _run(self, selection: dg.AssetSelection) -> None:
        job = dg.define_asset_job("job", selection)
        resources = {"io_manager": self.frames}
        definitions = dg.Definitions(
            self.assets(), asset_checks=self.checks(), jobs=[job], resources=resources
        )
        definitions.resolve_job_def("job").execute_in_process(instance=self.instance, raise_on_error=False)

    @property
    def gate(self) -> Gate:
        return gate_over(self.assets(), self.checks())

    def doubts(self) -> list[str]:
        return self.gate.doubts(self.instance, self.frames, [STAGED])


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Graph(instance, FrameIOManager(location=str(tmp_path)))


def test_what_has_passed_as_it_is_now_goes_through(graph: Graph) -> None:
    graph.run("*")
    assert graph.doubts() == []
    graph.gate.refuse_unproved(graph.instance, graph.frames, [STAGED])


def test_a_failed_check_that_does_not_block_does_not_hold_it_up(graph: Graph) -> None:
    graph.run("*")
    record = graph.instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(STAGED, "curious"))
    assert record is not None
    assert record.evaluation is not None
    assert not record.evaluation.passed
    assert graph.doubts() == []


def test_what_was_never_materialized_is_named_all_the_way_up(graph: Graph) -> None:
    assert graph.doubts() == ["source/a: never materialized", "staged/a: never materialized"]
    with pytest.raises(InputsNotProved) as refused:
        graph.gate.refuse_unproved(graph.instance, graph.frames, [STAGED])
    said = str(refused.value)
    assert said.startswith("Nothing was written")
    assert "\n  staged/a: never materialized\n" in said
    assert said.endswith("Materialize what is named, with its checks, then publish.")


def test_a_check_that_was_never_evaluated_is_a_doubt(graph: Graph) -> None:
    graph.run("*", checks=False)
    assert graph.doubts() == [
        "source/a: check complete has not been evaluated",
        "staged/a: check shape has not been evaluated",
    ]


@pytest.mark.parametrize("which", ["source", "staged"])
def test_a_failed_check_anywhere_on_the_way_is_a_doubt(graph: Graph, which: str) -> None:
    graph.run("*")
    graph.passing[which] = False
    key, check = (SOURCE, "complete") if which == "source" else (STAGED, "shape")
    graph.run_check(key, check)
    assert graph.doubts() == [f"{which}/a: check {check} failed: says why"]


def test_only_the_latest_evaluation_counts(graph: Graph) -> None:
    graph.passing["staged"] = False
    graph.run("*")
    assert graph.doubts() != []
    graph.passing["staged"] = True
    graph.run_check(STAGED, "shape")
    assert graph.doubts() == []


def test_an_evaluation_of_an_older_version_is_a_doubt(graph: Graph) -> None:
    graph.run("*")
    graph.run('key:"staged/a"', checks=False)
    assert graph.doubts() == ["staged/a: check shape was evaluated on an older version"]
    graph.run_check(STAGED, "shape")
    assert graph.doubts() == []


def test_a_run_that_failed_before_its_checks_leaves_the_evaluations_before_it_standing(graph: Graph) -> None:
    graph.run("*")
    graph.broken = True
    graph.run("*")
    assert graph.doubts() == []


def test_a_check_that_was_planned_and_never_came_to_a_result_is_a_doubt(graph: Graph) -> None:
    graph.run("*", checks=False)
    graph.broken = True
    graph.run("*")
    assert graph.doubts() == [
        "source/a: check complete has not been evaluated",
        "staged/a: check shape has not been evaluated",
    ]


def test_what_was_made_from_an_older_source_is_a_doubt(graph: Graph) -> None:
    graph.run("*")
    graph.run('key:"source/a"')
    assert graph.doubts() == ["staged/a: made from an older source/a"]
    graph.run('key:"staged/a"')
    assert graph.doubts() == []


def test_frames_of_another_run_than_the_last_materialization_are_a_doubt(graph: Graph) -> None:
    graph.run("*")
    graph.instance.report_runless_asset_event(dg.AssetMaterialization(SOURCE))
    assert "source/a: what is stored is not what was last materialized" in graph.doubts()


def test_frames_that_are_gone_are_a_doubt(graph: Graph, tmp_path: Path) -> None:
    graph.run("*")
    shutil.rmtree(tmp_path / "frames" / "staged" / "a")
    assert graph.doubts() == ["staged/a: what is stored is not what was last materialized"]


def test_lineage_is_everything_something_comes_from_once(graph: Graph) -> None:
    a, b, c, d = (dg.AssetKey(name) for name in "abcd")
    gate = Gate({d: frozenset({b, c}), b: frozenset({a}), c: frozenset({a})}, {})
    assert gate.lineage([d]) == {a, b, c, d}
    assert gate.lineage([b]) == {a, b}
