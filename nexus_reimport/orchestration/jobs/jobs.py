"""The jobs: named selections of the graph, for the UI's launchpad and the command line."""

import dagster as dg

from nexus_reimport.orchestration.checks.nexus import nexus_checks
from nexus_reimport.orchestration.resources import DRY_RUN, REIMPORT

reimport = dg.define_asset_job(
    REIMPORT,
    selection=dg.AssetSelection.all(),
    description="The whole line: read FileMaker and S3, stage, check, publish, check again.",
)

dry_run = dg.define_asset_job(
    DRY_RUN,
    selection=dg.AssetSelection.all()
    - dg.AssetSelection.key_prefixes("nexus")
    - dg.AssetSelection.assets("thumbnails", "backup"),
    description="See it first: read, stage, check, and say what a reimport would do. Nothing is written.",
)

validation_post = dg.define_asset_job(
    "validation_post",
    selection=dg.AssetSelection.checks(*nexus_checks),
    description="Only the checks of Nexus as it is now; nothing is read anew or written.",
)

jobs = [reimport, dry_run, validation_post]
