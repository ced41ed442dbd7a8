"""The table of contents: every asset, check, job and resource of the reimport, gathered in one place."""

import gc
import logging
import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from nexus_reimport.extract.mappings_file import SETTING as MAPPINGS
from nexus_reimport.orchestration.assets.backup import backup
from nexus_reimport.orchestration.assets.filemaker import filemaker_assets
from nexus_reimport.orchestration.assets.files import image_csv, s3_listing
from nexus_reimport.orchestration.assets.nexus import publication_asset
from nexus_reimport.orchestration.assets.nexus_state import nexus_state
from nexus_reimport.orchestration.assets.plan import plan_asset
from nexus_reimport.orchestration.assets.report import report
from nexus_reimport.orchestration.assets.staged import staged_assets
from nexus_reimport.orchestration.assets.thumbnails import thumbnails
from nexus_reimport.orchestration.checks.gate import Gate
from nexus_reimport.orchestration.checks.nexus import nexus_checks
from nexus_reimport.orchestration.checks.plan import plan_checks
from nexus_reimport.orchestration.checks.sources import source_checks
from nexus_reimport.orchestration.checks.staged import staged_checks
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.jobs.dump_job import dump_job, nexus_dump, weekly_dump
from nexus_reimport.orchestration.jobs.file_jobs import backup_files, file_jobs
from nexus_reimport.orchestration.jobs.jobs import jobs
from nexus_reimport.orchestration.jobs.rollback_job import rollback_job
from nexus_reimport.orchestration.resources import (
    BucketResource,
    FileMakerResource,
    ImageCsvFolder,
    MappingsFile,
    NexusResource,
    ProvedS3Resource,
    RunOptions,
)
from nexus_reimport.orchestration.sensors.abandoned import abandoned_runs
from nexus_reimport.orchestration.sensors.image_csv_sensor import new_image_csv
from nexus_reimport.orchestration.sensors.report_sensor import reports_of_failed_runs
from nexus_reimport.orchestration.terminal_logger import terminal_logger
from nexus_reimport.settings import load_dotenv_file, missing_settings, wrong_settings


def build_definitions(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Return the whole project; `resources` replace those of the environment, by name."""
    given = {**environment_resources(), **(resources or {})}
    return dg.Definitions(
        assets=[
            *FRAME_ASSETS,
            plan_asset(GATE),
            backup,
            publication_asset(GATE),
            report,
            backup_files,
            nexus_dump,
        ],
        asset_checks=[*CHECKS, *plan_checks, *nexus_checks],
        jobs=[*jobs, rollback_job, dump_job, *file_jobs],
        schedules=[weekly_dump],
        sensors=[abandoned_runs, new_image_csv, reports_of_failed_runs],
        resources={**given, "io_manager": given["frames"]},
        executor=dg.in_process_executor,
        loggers={"terminal": terminal_logger},
    )


def environment_resources() -> dict[str, Any]:
    """Return the resources as the environment sets them; values are read when a run starts."""
    return {
        "filemaker": FileMakerResource(
            host=dg.EnvVar("FILEMAKER_HOST"),
            database=dg.EnvVar("FILEMAKER_DATABASE"),
            username=_optional("FILEMAKER_USERNAME"),
            password=_optional("FILEMAKER_PASSWORD"),
            fmid_token=_optional("FILEMAKER_FMID_TOKEN"),
            ca_bundle=_optional("FILEMAKER_CA_BUNDLE"),
        ),
        "s3": ProvedS3Resource(
            bucket=dg.EnvVar("AWS_S3_BUCKET_NAME"),
            region_name=dg.EnvVar("AWS_REGION"),
            endpoint_url=_optional("AWS_ENDPOINT_URL_S3"),
            aws_access_key_id=dg.EnvVar("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=dg.EnvVar("AWS_SECRET_ACCESS_KEY"),
        ),
        "image_csv_folder": ImageCsvFolder(
            folder=dg.EnvVar("IMAGE_CSV_DIR"), s3_prefix=_optional("IMAGE_CSV_S3_PREFIX")
        ),
        "bucket": BucketResource(name=dg.EnvVar("AWS_S3_BUCKET_NAME")),
        "nexus": NexusResource(
            database_url=dg.EnvVar("NEXUS_DATABASE_URL"),
            readonly_url=_optional("NEXUS_READONLY_DATABASE_URL"),
        ),
        "mappings": MappingsFile(path=_optional(MAPPINGS)),
        "frames": FrameIOManager(location=dg.EnvVar("NEXUS_REIMPORT_STORAGE")),
        "options": RunOptions(),
    }


def storage_frames() -> FrameIOManager:
    """Return the stored frames of the environment, outside of a run."""
    return FrameIOManager(location=os.environ["NEXUS_REIMPORT_STORAGE"])


def gate_over(assets: list[dg.AssetsDefinition], checks: list[dg.AssetChecksDefinition]) -> Gate:
    """Return the gate that knows these assets' lineage and these checks."""
    blocking: dict[dg.AssetKey, set[str]] = {}
    for definition in checks:
        for spec in definition.check_specs:
            if spec.blocking:
                blocking.setdefault(spec.asset_key, set()).add(spec.name)
    parents = {
        spec.key: frozenset(dep.asset_key for dep in spec.deps) for one in assets for spec in one.specs
    }
    return Gate(parents, {key: frozenset(names) for key, names in blocking.items()})


def _optional(name: str) -> dg.EnvVar | None:
    return dg.EnvVar(name) if os.environ.get(name) else None


FRAME_ASSETS = [*filemaker_assets, image_csv, s3_listing, thumbnails, nexus_state, *staged_assets]
CHECKS = [*source_checks, *staged_checks]
GATE = gate_over(FRAME_ASSETS, CHECKS)

load_dotenv_file()
if absent := missing_settings():
    logging.getLogger(__name__).warning(
        "A run will fail until these are set: %s", ", ".join(setting.name for setting in absent)
    )
for wrong in wrong_settings():
    logging.getLogger(__name__).warning("A run will fail until this is corrected. %s", wrong)

defs = build_definitions()

# What is imported lives as long as the process: collections need not walk it again and again.
gc.freeze()
