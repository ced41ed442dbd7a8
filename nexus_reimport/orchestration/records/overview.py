"""Where things stand, for `status`: last publications, what is stale; rejected, removed and unlinked rows."""

from collections import Counter
from pathlib import PurePosixPath
from typing import cast

import dagster as dg
import pandas as pd

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import BY_NAME, TABLES
from nexus_reimport.model.reasons.nexus_rows import DOUBLED, POINTS_AT_NOBODY, WITHOUT_PARTNER
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.orchestration.checks.gate import Gate
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.present.overview import Overview, RowReport
from nexus_reimport.transform.image_objects import report_names
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate.doubled import read_left_over
from nexus_reimport.validate.lookups import read_removed, read_unlinked
from nexus_reimport.validate.verification import read_publications


def read_overview(instance: dg.DagsterInstance, gate: Gate, frames: FrameIOManager, url: str) -> Overview:
    """Return where things stand; reads only."""
    inputs = [dg.AssetKey(["staged", table.name]) for table in TABLES]
    left_over = Counter(one["table"] for one in read_all_left_over(url))
    return Overview(read_publications(url), gate.doubts(instance, frames, inputs), dict(left_over))


def read_rejects(frames: FrameIOManager, url: str, name: str) -> list[RowReport]:
    """Return every rejected row of a table as last staged, then what publications took out of it.

    `image_csv` names the rows that the export's reading rejected.
    """
    rejects = _reports(_stored(frames, name).rejects)
    return rejects + _removed(url, BY_NAME[name]) if name in BY_NAME else rejects


def read_warnings(frames: FrameIOManager, name: str) -> list[RowReport]:
    """Return every warning of a table as last staged."""
    return _reports(_stored(frames, name).warnings)


def read_all_unlinked(url: str) -> list[RowReport]:
    """Return every row that people made in Nexus and that points at nobody."""
    found = [row for table in TABLES for row in read_unlinked(url, table)]
    return [_report(row.table, row.id, row.field, POINTS_AT_NOBODY) for row in found]


def read_all_left_over(url: str) -> list[RowReport]:
    """Return every row of older imports without a partner; `doubled` where a row of ours says the same."""
    found = [row for table in TABLES for row in read_left_over(url, table)]
    return [_report(row.table, row.id, "id", DOUBLED if row.doubled else WITHOUT_PARTNER) for row in found]


def _stored(frames: FrameIOManager, name: str) -> Staged:
    folder = "staged" if name in BY_NAME else "files"
    return cast("Staged", frames.read(dg.AssetKey([folder, name])))


def _reports(frame: pd.DataFrame) -> list[RowReport]:
    return cast("list[RowReport]", frame.astype(object).to_dict(orient="records"))


def _removed(url: str, table: Table) -> list[RowReport]:
    """Return what left a table: the key is the file's name where the row had a file, else the row's id."""
    rows = read_removed(url, table)
    s3_keys = [row.s3_key or row.id for row in rows]
    names = report_names([PurePosixPath(key).stem for key in s3_keys], s3_keys)
    return [_report(table.name, key, row.field, row.reason) for key, row in zip(names, rows, strict=True)]


def _report(table: str, key: str, field: str, reason: Reason) -> RowReport:
    return {"table": table, "key": key, "field": field, "reason": reason}
