"""Plans and dry runs beside a run: each has frames of its own, so neither changes what the other does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import dagster as dg
import pytest

from nexus_reimport.definitions import GATE
from nexus_reimport.launching.launch import launch
from nexus_reimport.launching.resume import resumption
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.io_manager import FrameIOManager, Value
from nexus_reimport.orchestration.sensors.image_csv_sensor import FOLLOWS
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.line import Line, query
from nexus_reimport_tests.line_fixtures import MakeLine, ServeFileMaker
from nexus_reimport_tests.orchestration.assets.test_edits_survive import moved

AS_OF = "2026-07-01T02:00:00+00:00"
# What a plan is made with: as the run, and on other terms, which reject most rows.
TERMS: tuple[dict[str, Any], ...] = ({}, {"limit": 3, "conflicts": {"patients": "filemaker"}})


class SomethingBeside(FrameIOManager):
    """Has something else happen right after one asset is stored."""

    asset: str
    happens: ClassVar[Callable[[], None]]

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        super().handle_output(context, obj)
        if context.asset_key.to_user_string() == self.asset:
            SomethingBeside.happens()


class DiesAt(FrameIOManager):
    """Dies before one asset is stored."""

    asset: str

    def handle_output(self, context: dg.OutputContext, obj: Value) -> None:
        if context.asset_key.to_user_string() == self.asset:
            message = "killed"
            raise OSError(message)
        super().handle_output(context, obj)


@dataclass
class Planner:
    """Somebody who plans on the same Nexus and storage, while FileMaker says something else."""

    line: Line

    def plan(self, terms: dict[str, Any]) -> RunOutcome:
        outcome = self.line.run(dry_run=True, as_of=AS_OF, **terms)
        assert outcome.plan, outcome.failures
        return outcome

    def plans(self) -> list[tuple[str | None, dict[str, Any]]]:
        made = [self.plan(terms) for terms in TERMS]
        return [(one.plan, one.tables) for one in made]


@pytest.fixture
def planner(line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker) -> Planner:
    return Planner(replace(line, filemaker=filemaker_with(**moved(clinic)), replaced={}))


def values(line: Line, table: str, column: str) -> set[str]:
    found = query(line.url, f"SELECT {column} FROM {BY_NAME[table].relation}")  # noqa: S608 - ours
    return {value for (value,) in found}


def is_of_the_run(line: Line) -> bool:
    """Say whether what is in Nexus is what the run read, and nothing of what FileMaker told the planner."""
    told = {
        table: {value for value in values(line, table, column) if str(value).endswith("moved")}
        for table, column in (("patients", "last_name"), ("notes", "content"))
    }
    return not any(told.values())


@pytest.mark.parametrize("stage", ["filemaker/contacts", "staged/images", "plan"])
def test_plans_made_at_any_stage_of_a_run_neither_disturb_it_nor_are_disturbed(
    make_line: MakeLine, clinic: SyntheticClinic, filemaker_with: ServeFileMaker, stage: str
) -> None:
    line = make_line("older-import")
    planner = Planner(replace(line, filemaker=filemaker_with(**moved(clinic)), replaced={}))
    alone, beside = planner.plans(), list[Any]()
    SomethingBeside.happens = lambda: beside.extend(planner.plans())
    line.replaced["frames"] = SomethingBeside(location=str(line.storage), asset=stage)
    outcome = line.run()
    assert outcome.right, (outcome.failures, line.failed_checks(outcome))
    assert beside == alone
    assert is_of_the_run(line)
    assert {name: one["rejected"] for name, one in outcome.tables.items()} == {
        name: one["rejected"] for name, one in clinic.expected.items()
    }


def test_a_run_that_died_is_gone_on_with_from_its_own_frames_whatever_was_planned_since(
    line: Line, planner: Planner
) -> None:
    line.replaced["frames"] = DiesAt(location=str(line.storage), asset="staged/notes")
    assert not line.run().success
    line.replaced.clear()
    planner.plans()
    found = resumption(line.definitions(), line.instance, GATE, line.frames)
    left = {key.to_user_string() for key in found.assets}
    assert not {key for key in left if key.startswith(("filemaker/", "files/", "staged/patients"))}
    resumed = launch(line.definitions(), line.instance, found.request)
    assert resumed.right, (resumed.failures, line.failed_checks(resumed))
    assert is_of_the_run(line)


def test_what_a_run_has_published_is_what_later_runs_read_and_not_what_was_planned_since(
    line: Line, planner: Planner, clinic: SyntheticClinic
) -> None:
    assert line.run().right
    planner.plans()
    # Both come without the sources: a person's "Materialize nexus only", and what a new image export starts.
    chosen = (dg.AssetSelection.groups("nexus"), FOLLOWS)
    for selection in chosen:
        outcome = line.run(selection=selection)
        assert outcome.right, (outcome.failures, line.failed_checks(outcome))
        for name, counts in outcome.tables.items():
            assert counts["unchanged"] == clinic.expected[name]["published"]
    assert is_of_the_run(line)
