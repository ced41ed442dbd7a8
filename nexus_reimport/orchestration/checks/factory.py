"""How checks become Dagster asset checks: one step per asset, each check a row of its own in the UI."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

import dagster as dg
import pandas as pd
from dagster_aws.s3 import S3Resource

from nexus_reimport.load.our_tables.figures import read_last_figures
from nexus_reimport.load.plan.stored_plans import PlanRecord, load_plan
from nexus_reimport.orchestration.asset_keys import PLAN
from nexus_reimport.orchestration.assets.publishing import PLAN_ID
from nexus_reimport.orchestration.io_manager import FrameIOManager, Value
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.resources import BucketResource, NexusResource, RunOptions
from nexus_reimport.pictures.thumbnailing import list_thumbnails
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.transform.source_figures import SourceFigures, figures_of_source
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate.findings import Finding


@dataclass(frozen=True)
class Evidence:
    """What a check may look at: stored frames, what assets told, Nexus, the bucket, the run's options.

    `uploaded` lists the thumbnails that are in the bucket: key and size in bytes. `last_figures`: how much
    each source, by asset, said at its last publication.
    """

    frames: FrameIOManager
    instance: dg.DagsterInstance
    nexus: NexusResource
    options: RunOptions
    uploaded: Callable[[], Mapping[str, tuple[int, str]]] = dict
    last_figures: Callable[[], Mapping[str, SourceFigures]] = dict
    _read: dict[dg.AssetKey, Value] = field(default_factory=dict)

    def frame(self, *key: str) -> pd.DataFrame:
        """Return the stored frame of an asset; read once for all checks of a step."""
        return cast("pd.DataFrame", self._stored(dg.AssetKey(key)))

    def figures(self, *key: str) -> SourceFigures:
        """Return how much the stored frame of a source says."""
        return figures_of_source(self._stored(dg.AssetKey(key)))

    def read_export(self) -> Staged:
        """Return the image export as read: rows and rejects."""
        return cast("Staged", self._stored(dg.AssetKey(["files", "image_csv"])))

    def staged(self, table: str) -> Staged:
        """Return a staged table as stored; read once for all checks of a step."""
        return cast("Staged", self._stored(dg.AssetKey(["staged", table])))

    def plan(self) -> PlanRecord:
        """Return the plan that counts here: the run's own, else the last."""
        made = self.frames.view(self.instance).made(PLAN)
        if made is None:
            raise dg.Failure("There is no plan. Materialize plan first.")
        plan_id = str(made.told[PLAN_ID].value)
        return load_plan(open_store(self.frames.location), plan_id)

    def _stored(self, key: dg.AssetKey) -> Value:
        if key not in self._read:
            self._read[key] = self.frames.read(key)
        return self._read[key]

    def told(self, entry: str, *key: str) -> int:
        """Return a number that an asset told when it was made; -1 where it told none."""
        made = self.frames.view(self.instance).made(dg.AssetKey(key))
        found = made.told.get(entry) if made else None
        return int(cast("int", found.value)) if found is not None else -1


@dataclass(frozen=True)
class Check:
    """One check: its name, what it proves, and how. `blocking`: a failure stops what comes after it."""

    name: str
    description: str
    find: Callable[[Evidence], Finding]
    blocking: bool = True
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


def checks_for(*key: str, checks: list[Check]) -> dg.AssetChecksDefinition:
    """Return the Dagster checks of one asset; any of them can be executed alone."""
    return checks_over("_".join((*key, "checks")), {dg.AssetKey(key): checks})


def checks_over(name: str, checks: Mapping[dg.AssetKey, list[Check]]) -> dg.AssetChecksDefinition:
    """Return the Dagster checks of several assets as one step, each still executable alone."""
    by_key = {dg.AssetCheckKey(asset, one.name): one for asset, ones in checks.items() for one in ones}

    @dg.multi_asset_check(
        name=name,
        specs=[
            dg.AssetCheckSpec(
                key.name, asset=key.asset_key, description=one.description, blocking=one.blocking
            )
            for key, one in by_key.items()
        ],
        can_subset=True,
    )
    def run_checks(
        context: dg.AssetCheckExecutionContext,
        frames: dg.ResourceParam[FrameIOManager],
        nexus: NexusResource,
        options: RunOptions,
        bucket: BucketResource,
        s3: S3Resource,
    ) -> Iterator[dg.AssetCheckResult]:
        def uploaded() -> Mapping[str, tuple[int, str]]:
            return list_thumbnails(bucket.store(s3), IMAGES_PREFIX)

        @functools.cache
        def last_figures() -> Mapping[str, SourceFigures]:
            return read_last_figures(nexus.database_url)

        evidence = Evidence(frames, context.instance, nexus, options, uploaded, last_figures)
        for key in sorted(context.selected_asset_check_keys, key=list(by_key).index):
            yield _result(key, by_key[key], _found(by_key[key], evidence))

    return run_checks


@keeps_values_out_of_errors
def _found(check: Check, evidence: Evidence) -> Finding:
    return check.find(evidence)


def _result(key: dg.AssetCheckKey, check: Check, finding: Finding) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN if finding.accepted else check.severity,
        description=finding.says,
        metadata=dict(finding.facts),
    )
