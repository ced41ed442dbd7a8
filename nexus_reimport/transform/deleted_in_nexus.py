"""Rows that people deleted in Nexus and that a run says stay gone: rejected, and so accounted for."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import IMAGES
from nexus_reimport.model.reasons.every_table import DELETED_IN_NEXUS
from nexus_reimport.transform.image_objects import place_name
from nexus_reimport.transform.staged import SOURCE_KEY, Accounting, Staged, column_texts


def without_deleted(staged: Staged, keys: Collection[str], table: Table) -> Staged:
    """Return the staged table without the rows of these source keys, each a reject: `deleted_in_nexus`."""
    places = pa.array(staged.rows[SOURCE_KEY], pa.string())
    out = np.asarray(pc.is_in(places, value_set=pa.array(sorted(keys), pa.string())))
    if not out.any():
        return staged
    gone = places.filter(pa.array(out)).to_pylist()
    ledger = Accounting(table)
    for key in _report_keys(staged.rows[out], table):
        ledger.reject(key, "id", DELETED_IN_NEXUS)
    rejects = pd.concat([staged.rejects, ledger.rejects()], ignore_index=True)
    warnings = staged.warnings[~staged.warnings["key"].isin(gone)].reset_index(drop=True)
    return Staged(staged.rows[~out].reset_index(drop=True), rejects, warnings)


def _report_keys(rows: pd.DataFrame, table: Table) -> list[str]:
    """Return what rows are called in reports: an image by its file's place in the bucket.

    The others of a file's name were rejected before it was known that this one is.
    """
    if table is IMAGES:
        return [place_name(str(key)) for key in column_texts(rows, "s3_key")]
    return [str(key) for key in column_texts(rows, SOURCE_KEY)]
