"""The sources that are files: what is in S3, and whose each photograph is."""

from typing import cast

import dagster as dg
import pandas as pd
from dagster_aws.s3 import S3Resource
from pydantic import Field

from nexus_reimport.extract.bucket import list_import_objects, with_first_dates
from nexus_reimport.model.frames import IMAGE_EXPORT, S3_LISTING
from nexus_reimport.model.loopback import require_private
from nexus_reimport.orchestration.assets.failures import refusal_first
from nexus_reimport.orchestration.assets.metadata import OWNERS, column_schema, rows_by_table, staged_facts
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.progress import StepProgress
from nexus_reimport.orchestration.resources import BucketResource, ImageCsvFolder
from nexus_reimport.storage.frame_store import content_version
from nexus_reimport.transform.image_csv import parse_image_csv
from nexus_reimport.transform.staged import Staged


@dg.asset(
    key_prefix="files",
    group_name="files",
    kinds={"s3", "parquet"},
    owners=OWNERS,
    metadata={"dagster/column_schema": column_schema(S3_LISTING)},
)
@keeps_values_out_of_errors
def s3_listing(
    context: dg.AssetExecutionContext,
    s3: S3Resource,
    bucket: BucketResource,
    frames: dg.ResourceParam[FrameIOManager],
) -> dg.Output[pd.DataFrame]:
    """Every object under the import prefixes, without folder markers, thumbnails and backups.

    The same bytes uploaded again keep the date that they had.
    """
    with refusal_first():
        require_private(s3.endpoint_url or "https:", "AWS_ENDPOINT_URL_S3")
        listing = list_import_objects(s3.get_client(), bucket.name, StepProgress(context))
    # Whoever listed last knows every date before: a plan's listing is as good as a run's.
    listing = with_first_dates(listing, cast("pd.DataFrame | None", frames.read_last(context.asset_key)))
    return dg.Output(
        listing, metadata=rows_by_table(listing), data_version=dg.DataVersion(content_version(listing))
    )


class ImageCsvConfig(dg.Config):
    """What the person who starts a run may say of the export, where its bytes say it wrongly."""

    encoding: str | None = Field(default=None, description="Such as utf-8, utf-16, cp1252, mac_roman")
    delimiter: str | None = Field(default=None, description="One character")


@dg.asset(
    key_prefix="files",
    group_name="files",
    kinds={"csv", "parquet"},
    owners=OWNERS,
    metadata={"dagster/column_schema": column_schema(IMAGE_EXPORT)},
)
@keeps_values_out_of_errors
def image_csv(
    config: ImageCsvConfig, image_csv_folder: ImageCsvFolder, bucket: BucketResource, s3: S3Resource
) -> dg.Output[Staged]:
    """Whose each photograph is: FileMaker's newest export of image metadata, by its version number."""
    with refusal_first():
        name, content = image_csv_folder.exports(bucket, s3).read_newest()
        parsed = parse_image_csv(content, name, encoding=config.encoding, delimiter=config.delimiter)
    read = Staged(rows=parsed.rows, rejects=parsed.rejects, warnings=parsed.rejects.iloc[:0])
    return dg.Output(
        read,
        metadata={
            **staged_facts(read),
            "export": dg.MetadataValue.json(dict(parsed.facts)),
            "last_line_is_ended": bool(parsed.facts["last_line_is_ended"]),
        },
        data_version=dg.DataVersion(str(parsed.facts["sha256"])),
    )
