"""Whose frames stay, and whose are forgotten once nobody reads them any more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.orchestration.frame_retention import forget_unread
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.records.run_kinds import KIND_TAG, LOOKS_AHEAD
from nexus_reimport.orchestration.resources import RunOptions
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.storage.frame_versions import FrameVersions

STAGED, PLAN, NEXUS = dg.AssetKey(["staged", "a"]), dg.AssetKey("plan"), dg.AssetKey(["nexus", "a"])


def frame(value: str) -> pd.DataFrame:
    return pd.DataFrame({"id": pd.array([value], dtype=pd.ArrowDtype(pa.string()))})


@dataclass
class Clinic:
    """What is staged, a plan of it and what is published, in runs of this process."""

    instance: dg.DagsterInstance
    frames: FrameIOManager
    dies: bool = False
    read: list[str] = field(default_factory=list)

    def definitions(self, value: str) -> dg.Definitions:
        @dg.asset(key=STAGED)
        def staged() -> pd.DataFrame:
            return frame(value)

        @dg.asset(key=PLAN, deps=[STAGED])
        def plan() -> pd.DataFrame:
            if self.dies:
                raise OSError
            return frame(value)

        @dg.asset(key=NEXUS, deps=[PLAN])
        def published(frames: dg.ResourceParam[FrameIOManager]) -> None:
            found = frames.read(STAGED)
            assert isinstance(found, pd.DataFrame)
            self.read += found["id"].to_list()

        resources = {"io_manager": self.frames, "frames": self.frames, "options": RunOptions()}
        return dg.Definitions([staged, plan, published], resources=resources)

    def run(
        self,
        value: str,
        *keys: dg.AssetKey,
        options: dict[str, object] | None = None,
        by_hand: bool = False,
    ) -> str:
        """Materialize these; without the table a dry run, unless they were selected `by_hand`."""
        looks_ahead = PLAN in keys and NEXUS not in keys and not by_hand
        job = self.definitions(value).resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance,
            asset_selection=list(keys),
            raise_on_error=False,
            tags={KIND_TAG: LOOKS_AHEAD} if looks_ahead else None,
            run_config={"resources": {"options": {"config": options or {}}}},
        )
        assert result.success != self.dies
        return result.run_id

    def versions(self, key: str = "staged/a") -> set[str]:
        return set(self.store.versions(f"frames/{key}"))

    @property
    def store(self) -> FrameVersions:
        return FrameVersions(open_store(self.frames.location))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Clinic(instance, FrameIOManager(location=str(tmp_path)))


def test_of_ended_runs_the_published_frames_and_the_last_ones_stay(clinic: Clinic) -> None:
    clinic.run("first", STAGED, PLAN, NEXUS)
    second = clinic.run("second", STAGED, PLAN, NEXUS)
    for _ in range(4):
        planned = clinic.run("planned", STAGED, PLAN)
    # Each run forgets when it begins to store, so what the one before it stored is there still.
    assert {second, planned} <= clinic.versions()
    assert len(clinic.versions()) <= 3
    forget_unread(clinic.store, clinic.instance)
    assert clinic.versions() == clinic.versions("plan") == {second, planned}
    clinic.run("again", NEXUS)
    assert clinic.read == ["first", "second", "second"]


def test_a_run_that_died_keeps_its_frames_until_another_has_published(clinic: Clinic) -> None:
    clinic.dies = True
    died = clinic.run("died", STAGED, PLAN, NEXUS)
    clinic.dies = False
    for _ in range(3):
        clinic.run("planned", STAGED, PLAN)
    assert died in clinic.versions()
    clinic.run("published", STAGED, PLAN, NEXUS)
    clinic.run("planned", STAGED, PLAN)
    assert died not in clinic.versions()


def test_runs_that_died_one_after_another_leave_no_more_than_one(clinic: Clinic) -> None:
    clinic.dies = True
    died = [clinic.run("died", STAGED, PLAN, NEXUS) for _ in range(5)]
    forget_unread(clinic.store, clinic.instance)
    assert clinic.versions() == {died[-1]}


def test_frames_of_a_run_that_goes_on_are_nobodys_to_forget(clinic: Clinic) -> None:
    job = clinic.definitions("").resolve_implicit_global_asset_job_def()
    going = clinic.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED).run_id
    clinic.store.save("frames/staged/a", going, {"rows": frame("its own")})
    clinic.store.save("frames/progress/plan", going, {"rows": frame("what it saw")})
    for _ in range(3):
        clinic.run("published", STAGED, PLAN, NEXUS)
        clinic.frames.save_progress(PLAN, clinic.run("planned", STAGED, PLAN), frame("seen"))
    forget_unread(clinic.store, clinic.instance)
    assert going in clinic.versions()
    assert clinic.store.load("frames/staged/a", going)["rows"]["id"][0] == "its own"
    assert going in clinic.versions("progress/plan")
    assert len(clinic.versions("progress/plan")) == 2


def test_a_plan_on_other_terms_is_read_by_nobody_even_where_nothing_else_is_there(clinic: Clinic) -> None:
    clinic.run("of three patients", STAGED, PLAN, options={"limit": 3})
    clinic.dies = True
    clinic.run("", NEXUS)
    clinic.dies = False
    assert clinic.read == []
    clinic.run("", NEXUS, options={"limit": 3})
    assert clinic.read == ["of three patients"]


def test_what_an_older_release_kept_for_all_runs_is_read_until_it_is_superseded(clinic: Clinic) -> None:
    first = clinic.run("first", STAGED, PLAN, NEXUS)
    # As an older release stored it: one set of the name itself.
    (only,) = clinic.store.stored("frames/staged/a")
    clinic.store.forget(only)
    FrameStore(open_store(clinic.frames.location)).save("frames/staged/a", first, {"rows": frame("older")})
    clinic.run("", NEXUS)
    assert clinic.read == ["first", "older"]
    second = clinic.run("second", STAGED, PLAN, NEXUS)
    forget_unread(clinic.store, clinic.instance)
    assert clinic.versions() == {second}
    assert clinic.store.load("frames/staged/a", second)["rows"]["id"][0] == "second"


def test_where_dagsters_records_are_new_the_last_frames_stay_and_are_read(clinic: Clinic) -> None:
    for value in ("first", "second"):
        clinic.run(value, STAGED, PLAN, NEXUS)
    with dg.DagsterInstance.ephemeral() as anew:
        forget_unread(clinic.store, anew)
        assert len(clinic.versions()) == 1
        Clinic(anew, clinic.frames, read=clinic.read).run("", NEXUS)
    assert clinic.read == ["first", "second", "second"]


def test_what_a_person_staged_by_hand_with_its_plan_is_what_is_published_next(clinic: Clinic) -> None:
    clinic.run("first", STAGED, PLAN, NEXUS)
    clinic.run("looked at", STAGED, PLAN, by_hand=True)
    clinic.run("planned", STAGED, PLAN)
    clinic.run("", NEXUS)
    assert clinic.read == ["first", "looked at"]


def test_what_is_left_of_a_set_that_was_never_whole_is_forgotten_unless_its_run_goes_on(
    clinic: Clinic, tmp_path: Path
) -> None:
    job = clinic.definitions("").resolve_implicit_global_asset_job_def()
    going = clinic.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED).run_id
    clinic.dies = True
    died = clinic.run("died", STAGED, PLAN, NEXUS)
    clinic.dies = False
    left = [tmp_path / "frames" / "staged" / "a" / run / "rows.parquet" for run in (died, going)]
    for part in left:
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(b"half")
    (left[0].parent / "manifest.json").unlink()
    clinic.run("published", STAGED, PLAN, NEXUS)
    forget_unread(clinic.store, clinic.instance)
    assert [part.exists() for part in left] == [False, True]


def test_a_job_that_makes_no_assets_and_fails_hides_no_run_that_can_be_gone_on_with(clinic: Clinic) -> None:
    clinic.run("published", STAGED, PLAN, NEXUS)
    clinic.dies = True
    died = clinic.run("died", STAGED, PLAN)

    @dg.op
    def dump() -> None:
        raise OSError

    @dg.job
    def dump_all() -> None:
        dump()

    dump_all.execute_in_process(instance=clinic.instance, raise_on_error=False)
    clinic.dies = False
    clinic.run("planned", STAGED, PLAN)
    forget_unread(clinic.store, clinic.instance)
    assert died in clinic.versions()
