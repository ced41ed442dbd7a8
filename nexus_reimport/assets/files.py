"""The sources in S3: what files there are."""

import dagster as dg
import pandas as pd
from dagster_aws.s3 import S3Resource

from nexus_reimport.assets.metadata import OWNERS, rows_of
from nexus_reimport.assets.refusals import refusal_first
from nexus_reimport.clients.bucket import list_import_objects
from nexus_reimport.clients.frame_store import content_version
from nexus_reimport.clients.loopback import require_private
from nexus_reimport.clients.resources import BucketResource
from nexus_reimport.privacy import keeps_values_out_of_errors
from nexus_reimport.progress import StepProgress


@dg.asset(
    key_prefix="files",
    group_name="files",
    kinds={"s3", "parquet"},
    owners=OWNERS,
    metadata={
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn("key", "text", description="The object's key."),
                dg.TableColumn("size", "integer", description="Exact size in bytes."),
                dg.TableColumn("etag", "text", description="Changes when the content does."),
                dg.TableColumn("modified", "timestamptz", description="When it was last written, UTC."),
            ]
        )
    },
)
@keeps_values_out_of_errors
def s3_listing(
    context: dg.AssetExecutionContext, s3: S3Resource, bucket: BucketResource
) -> dg.Output[pd.DataFrame]:
    """Every object under the import prefixes, without folder markers, thumbnails and backups."""
    with refusal_first():
        require_private(s3.endpoint_url or "https:", "AWS_ENDPOINT_URL_S3")
    listing = list_import_objects(s3.get_client(), bucket.name, StepProgress(context))
    return dg.Output(
        listing, metadata=rows_of(listing), data_version=dg.DataVersion(content_version(listing))
    )
