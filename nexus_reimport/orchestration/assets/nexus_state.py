"""The target as it is before a run: what staging has to know of it."""

import dagster as dg
import pandas as pd

from nexus_reimport.extract.mappings_file import SETTING as MAPPINGS
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.frames import NEXUS_STATE
from nexus_reimport.orchestration.assets.metadata import OWNERS, column_schema, rows_by_table
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.resources import MappingsFile, NexusResource
from nexus_reimport.storage.frame_store import content_version
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.validate.row_counts import count_rows


@dg.asset(
    group_name="nexus_before",
    kinds={"postgres", "parquet"},
    owners=OWNERS,
    metadata={"dagster/column_schema": column_schema(NEXUS_STATE)},
)
@keeps_values_out_of_errors
def nexus_state(nexus: NexusResource, mappings: MappingsFile) -> dg.Output[pd.DataFrame]:
    """Clinics, clinicians, types, funding, and who is in Nexus under which FileMaker id. Read only.

    Names that people map to, and that Nexus does not have, are refused here, before anything is staged.
    """
    state = read_state(nexus.database_url)
    if unknown := mappings.read().unknown_to(NexusState(state)):
        raise dg.Failure(f"{MAPPINGS}: {'; '.join(unknown)}.", allow_retries=False)
    counts = {str(kind): int(count) for kind, count in state["kind"].value_counts().items()}
    return dg.Output(
        state,
        metadata={
            **rows_by_table(state),
            "by_kind": dg.MetadataValue.json(counts),
            "rows_in_nexus": dg.MetadataValue.json(_rows_in_nexus(nexus.database_url)),
        },
        data_version=dg.DataVersion(content_version(state)),
    )


def _rows_in_nexus(url: str) -> dict[str, dict[str, int]]:
    """Return how many rows each table has before the run: `ours` came from FileMaker, `others` did not."""
    return {name: {"ours": one.ours, "others": one.others} for name, one in count_rows(url).items()}
