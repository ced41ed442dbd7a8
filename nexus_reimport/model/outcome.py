"""What a run came to: what `--json` writes, and what the terminal, the UI and the report render.

Of one table it is a mapping: `read`, each count of `model.counts` by its name, or `staged` where nothing was
published, and `rejected`, rows by reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nexus_reimport.model.counts import COUNT_BY_NAME, COUNTED, READ, REJECTED, TableCounts

Counts = dict[str, Any]
REJECTED_BY_REASON = "rejected_by_reason"


@dataclass(frozen=True)
class RunOutcome:
    """What a run came to, as `--json` writes it. `seconds`: wall time. No value of a patient is in it."""

    run_id: str
    success: bool
    seconds: float
    dry_run: bool
    tables: dict[str, Counts]
    thumbnails: Counts
    checks: list[Counts]
    failures: list[str]
    plan: str | None = None

    @property
    def plan_shown(self) -> bool:
        """Whether what there is to say of the tables is said by the plan."""
        return self.dry_run and self.plan is not None

    @property
    def right(self) -> bool:
        """Whether the run ended well and no check of severity ERROR failed."""
        return self.success and all(c["passed"] or c["severity"] != "ERROR" for c in self.checks)


def as_metadata(counts: TableCounts) -> dict[str, int]:
    """Return the counts as a published table's metadata has them, beside `rejected_by_reason`."""
    return {"rows": counts.rows, **{name: getattr(counts, name) for name in (READ, REJECTED, *COUNTED)}}


def as_published(metadata: Mapping[str, Any]) -> Counts:
    """Return the outcome of a published table by its metadata; an earlier release lacks the later counts."""
    counts = {name: metadata.get(name, 0) for name in COUNTED}
    return {READ: metadata[READ], **counts, REJECTED: metadata[REJECTED_BY_REASON]}


def as_staged(metadata: Mapping[str, Any]) -> Counts:
    """Return the outcome of a table that was not published by the metadata of the staged one."""
    return {READ: metadata[READ], "staged": metadata["rows"], REJECTED: metadata[REJECTED_BY_REASON]}


def as_planned(table: Mapping[str, Any]) -> Counts:
    """Return the outcome of a table that a plan foretells, out of what the plan keeps of it."""
    return {name: table[name] for name in (READ, *COUNTED, REJECTED)}


def in_numbers(outcome: Mapping[str, Any]) -> dict[str, int]:
    """Return each count that an outcome has as a number: of the rejected their sum."""
    rejected = outcome.get(REJECTED, {})
    counts = {name: int(outcome[name]) for name in COUNT_BY_NAME if name in outcome and name != REJECTED}
    return {**counts, REJECTED: sum(rejected.values()) if isinstance(rejected, dict) else int(rejected)}
