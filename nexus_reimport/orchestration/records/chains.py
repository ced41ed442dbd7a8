"""A run, and the runs that it goes on from: how Dagster and this program mark one that continues another."""

import dagster as dg

PARENT, ROOT = "dagster/parent_run_id", "dagster/root_run_id"
RESUMES = "nexus_reimport/resumes"
# What the browser sets on a run that goes on from another's failure, by step or by asset.
CONTINUES = ("dagster/is_resume_retry", "dagster/is_asset_resume_retry", RESUMES)


def chain_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterRun]:
    """Return a run, then the one that it goes on with, and so on back to the first."""
    chain = [run]
    while any(chain[-1].tags.get(tag) for tag in CONTINUES):
        before = instance.get_run_by_id(chain[-1].tags.get(PARENT, ""))
        if before is None or before in chain:
            break
        chain.append(before)
    return chain
