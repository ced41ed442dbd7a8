"""Where things stand, for `status`: last publications, failed checks, what is stale, what was rejected."""

from dataclasses import dataclass
from typing import cast

import dagster as dg

from nexus_reimport.automation.launch import Counts
from nexus_reimport.checks.gate import Gate
from nexus_reimport.io_manager import FrameIOManager
from nexus_reimport.publish.verification import read_publications
from nexus_reimport.schemas.nexus import TABLES
from nexus_reimport.transform.staged import Staged


@dataclass(frozen=True)
class Overview:
    """Publications (newest first), and why one of what is stored now would be refused, if it would."""

    publications: list[Counts]
    doubts: list[str]


def read_overview(instance: dg.DagsterInstance, gate: Gate, frames: FrameIOManager, url: str) -> Overview:
    """Return where things stand; reads only."""
    inputs = [dg.AssetKey(["staged", table.name]) for table in TABLES]
    return Overview(read_publications(url), gate.doubts(instance, frames, inputs))


def read_rejects(frames: FrameIOManager, table: str) -> list[dict[str, str]]:
    """Return every rejected row of a table as last staged: table, key, field, reason."""
    staged = cast("Staged", frames.read(dg.AssetKey(["staged", table])))
    return cast("list[dict[str, str]]", staged.rejects.astype(object).to_dict(orient="records"))
