"""The sources in FileMaker: one asset for each entity set, each a complete extract or none."""

import dagster as dg
import pandas as pd

from nexus_reimport.model.filemaker import ENTITY_SETS, EntitySet
from nexus_reimport.orchestration.assets.failures import refusal_first
from nexus_reimport.orchestration.assets.metadata import OWNERS, column_schema, rows_by_table
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.progress import StepProgress
from nexus_reimport.orchestration.resources import FileMakerResource
from nexus_reimport.storage.frame_store import content_version

_DESCRIPTIONS = {
    "contacts": "Patients.",
    "contact_details": "Phones, mobiles, emails and addresses, one row each.",
    "clinics": "Clinics.",
    "events": "Appointments and other calendar events.",
    "notes": "Clinical and other notes.",
    "messages": "SMS messages that were sent.",
    "docs": "What is known of each document; its file is in S3.",
}


def extract_asset(entity_set: EntitySet) -> dg.AssetsDefinition:
    """Return the asset that holds one entity set, complete as FileMaker counts it, every value as text."""

    @dg.asset(
        name=entity_set.asset,
        key_prefix="filemaker",
        group_name="filemaker",
        kinds={"filemaker", "odata", "parquet"},
        owners=OWNERS,
        description=(
            f"{_DESCRIPTIONS[entity_set.asset]} All of FileMaker's {entity_set.entity}, as it is now."
        ),
        metadata={"dagster/column_schema": column_schema(entity_set.frame)},
    )
    @keeps_values_out_of_errors
    def extract(context: dg.AssetExecutionContext, filemaker: FileMakerResource) -> dg.Output[pd.DataFrame]:
        with refusal_first(), filemaker.client(StepProgress(context)) as client:
            extracted = client.extract(entity_set)
        facts = {
            "declared": extracted.declared,
            "received": extracted.received,
            "pages": extracted.pages,
            "retries": extracted.retries,
            "repeats": extracted.duplicates,
            "paging": extracted.paging,
            "unreadable": extracted.unreadable,
        }
        return dg.Output(
            extracted.rows,
            metadata={**rows_by_table(extracted.rows), **facts},
            data_version=dg.DataVersion(content_version(extracted.rows)),
        )

    return extract


filemaker_assets = [extract_asset(entity_set) for entity_set in ENTITY_SETS]
