"""Makes the report of a run that failed: such a run ends before its own, and is asked after most."""

import os

import dagster as dg

from nexus_reimport.orchestration.records.run_report import has_report, make_report, stored_report


@dg.run_failure_sensor(
    name="reports_of_failed_runs",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Leaves a report of each run that failed, and links it from the run.",
)
def reports_of_failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Make the failed run's report, unless a terminal has made it already."""
    location, run_id = os.environ["NEXUS_REIMPORT_STORAGE"], context.dagster_run.run_id
    if not has_report(context.instance, context.dagster_run):
        return
    if stored_report(run_id, location) is None:
        make_report(context.instance, run_id, os.environ["NEXUS_DATABASE_URL"], location)
