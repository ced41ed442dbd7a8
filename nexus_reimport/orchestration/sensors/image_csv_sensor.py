"""What starts a run when FileMaker's next image export is dropped: of what follows from it, nothing else."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, replace

import dagster as dg
from dagster_aws.s3 import S3Resource

from nexus_reimport.orchestration.asset_keys import NEXUS_STATE, THUMBNAILS
from nexus_reimport.orchestration.jobs.phases import SAFETY
from nexus_reimport.orchestration.resources import BucketResource, ImageCsvFolder
from nexus_reimport.orchestration.run_view import MaterializationLog, RunView

IMAGE_CSV_ASSET = dg.AssetKey(["files", "image_csv"])
# What an export's run is made from besides the export: without it there is nothing to start.
NEEDED = (THUMBNAILS, dg.AssetKey(["staged", "patients"]), NEXUS_STATE)
# Not all that is downstream: the plan is, and every table comes after a plan.
_TABLES = ("image_batches", "images")
FOLLOWS = dg.AssetSelection.assets(
    IMAGE_CSV_ASSET,
    *(dg.AssetKey([group, table]) for group in ("staged", "nexus") for table in _TABLES),
    *SAFETY,
)


@dataclass(frozen=True)
class Seen:
    """The sensor's memory: the export it saw last, what changes when the file does, and its digest.

    `runs`: how many runs it has asked for.
    """

    name: str = ""
    stamp: str = ""
    sha256: str = ""
    runs: int = 0

    @classmethod
    def of(cls, cursor: str | None) -> "Seen":
        """Return what a cursor says; nothing for none."""
        return cls(**json.loads(cursor)) if cursor else cls()

    @property
    def cursor(self) -> str:
        """The same as text, which Dagster keeps."""
        return json.dumps(asdict(self))


@dg.sensor(
    name="new_image_csv",
    asset_selection=FOLLOWS,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run of what follows from the image export when its content changes.",
)
def new_image_csv(
    context: dg.SensorEvaluationContext,
    image_csv_folder: ImageCsvFolder,
    bucket: BucketResource,
    s3: S3Resource,
) -> dg.SensorResult:
    """Look at the newest export. The same bytes, under whatever name and date, start nothing.

    One that fails to be read has its failed run, and no other until it changes.
    """
    seen = Seen.of(context.cursor)
    exports = image_csv_folder.exports(bucket, s3)
    if not all(context.instance.get_latest_materialization_event(key) for key in NEEDED):
        return dg.SensorResult(skip_reason="The first whole reimport has not been: it will read the export.")
    export = exports.newest()
    if export is None:
        return dg.SensorResult(skip_reason="There is no Image_dataV*.csv yet.")
    if (export.name, export.stamp) == (seen.name, seen.stamp):
        return dg.SensorResult(skip_reason=f"{export.name} is as it was.")
    if not export.has_settled(time.time()):
        return dg.SensorResult(skip_reason=f"{export.name} is still being written.")
    content = hashlib.sha256(exports.read(export)).hexdigest()
    now = Seen(export.name, export.stamp, content, seen.runs)
    if content == (seen.sha256 or _materialized(context.instance)):
        return dg.SensorResult(skip_reason=f"{export.name} has the same content.", cursor=now.cursor)
    # Dagster never starts a key twice, and content may come back.
    asked = replace(now, runs=seen.runs + 1)
    key = f"{content} {asked.runs} {export.stamp}"
    request = dg.RunRequest(run_key=key, tags={"image_csv": export.name})
    return dg.SensorResult(run_requests=[request], cursor=asked.cursor)


def _materialized(instance: dg.DagsterInstance) -> str:
    """Return the digest of the export that was last read, but for a plan's own sake; "" where none was."""
    made = RunView(MaterializationLog(instance)).made(IMAGE_CSV_ASSET)
    return made.tags.get("dagster/data_version", "") if made else ""
