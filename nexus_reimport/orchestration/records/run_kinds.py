"""What a run is for, as Dagster planned it: assets and checks, or to take Nexus back."""

import dagster as dg

# What a run that takes Nexus back is tagged with, and a dry run of a terminal's.
KIND_TAG, ROLLBACK, LOOKS_AHEAD = "nexus_reimport/kind", "rollback", "dry run"

PlannedKeys = frozenset[dg.AssetKey | dg.AssetCheckKey]


def planned_keys(instance: dg.DagsterInstance, run: dg.DagsterRun) -> PlannedKeys:
    """Return the assets and checks that a run was to make, as Dagster planned it when it was created."""
    if not run.execution_plan_snapshot_id:
        return frozenset()
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    steps = [step for step in plan.steps if step.key in plan.step_keys_to_execute]
    return frozenset(key for step in steps for key in step.entity_keys)


def makes_assets(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Say whether a run materializes anything; one of checks alone does not."""
    return any(isinstance(key, dg.AssetKey) for key in planned_keys(instance, run))


def is_published(key: dg.AssetKey | dg.AssetCheckKey) -> bool:
    """Say whether something planned is a table of Nexus, which only a publication makes."""
    return isinstance(key, dg.AssetKey) and key.path[0] == "nexus"


def takes_back(run: dg.DagsterRun) -> bool:
    """Say whether a run is a rollback: Dagster plans no assets for it."""
    return run.tags.get(KIND_TAG) == ROLLBACK
