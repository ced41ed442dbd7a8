"""What a report is made of: the facts of one run. Counts, names, keys of steps; never a patient's value."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

RunKind = Literal["reimport", "dry run", "rollback"]


@dataclass(frozen=True)
class RowCount:
    """How many rows a table of Nexus has: `ours` came from FileMaker by this line, `others` did not."""

    ours: int
    others: int

    @property
    def total(self) -> int:
        """All rows of the table."""
        return self.ours + self.others


@dataclass(frozen=True)
class TableFacts:
    """One table of a run.

    `read`: source rows. `done`: what was done, by the names of `model.counts` (of a rollback, of its
    TAKEN_BACK); None where the table was not published. `planned`: the same as a plan said it; None
    without a plan. `rejected` and `warnings`: rows by reason code. `before` and `after`: the table in
    Nexus; None where not counted. `left_over`: the first ids of older imports' rows without a partner.
    """

    name: str
    read: int = 0
    done: dict[str, int] | None = None
    planned: dict[str, int] | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    before: RowCount | None = None
    after: RowCount | None = None
    left_over: list[str] = field(default_factory=list)

    def count(self, name: str) -> int:
        """Return one count of what was done; of a table that was not published, what a plan says; else 0."""
        return (self.done or self.planned or {}).get(name, 0)

    @property
    def ready(self) -> int:
        """How many source rows were staged."""
        return self.read - self.refused

    @property
    def refused(self) -> int:
        """How many source rows were rejected."""
        return sum(self.rejected.values())


@dataclass(frozen=True)
class LinkFacts:
    """One kind of link: how many rows have it, and how many of those point at a row that isn't there.

    `broken`: rows from FileMaker; `others`: rows that people made in Nexus. None where not proved.
    """

    table: str
    column: str
    rows: int | None
    broken: int | None
    others: int | None = None


@dataclass(frozen=True)
class CheckFacts:
    """One check of the run: of which asset, its name, how it ended, how grave a failure is, in words."""

    asset: str
    check: str
    passed: bool
    severity: str
    says: str = ""


@dataclass(frozen=True)
class StepFacts:
    """One step of the run and how long it took. `failed`: whether it ended badly."""

    name: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class ThumbnailFacts:
    """Thumbnails: made in this run, reused from earlier ones, and photographs that have none, by reason."""

    made: int
    reused: int
    failed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class BackupFacts:
    """The backup of the rows that were about to be written: its name, whether restoring it was proved."""

    name: str
    proved: bool
    rows: int | None = None
    made_at: datetime | None = None


@dataclass(frozen=True)
class ReportFacts:
    """One run. Instants are aware, in UTC.

    `publication`: the number under which Nexus keeps what was written; None where nothing was.
    `undone`: of a rollback, the publications that it took back; `stand_again`: those that an earlier one
    had taken back, and that count again. `counted_at`: when `after` was counted.
    `previous`: the facts of the report before, without its own previous.
    """

    run_id: str
    kind: RunKind
    success: bool
    started: datetime
    ended: datetime
    as_of: datetime | None = None
    options: dict[str, str] = field(default_factory=dict)
    publication: int | None = None
    undone: list[int] = field(default_factory=list)
    stand_again: list[int] = field(default_factory=list)
    plan_id: str | None = None
    backup: BackupFacts | None = None
    tables: list[TableFacts] = field(default_factory=list)
    links: list[LinkFacts] = field(default_factory=list)
    checks: list[CheckFacts] = field(default_factory=list)
    steps: list[StepFacts] = field(default_factory=list)
    thumbnails: ThumbnailFacts | None = None
    failures: list[str] = field(default_factory=list)
    counted_at: datetime | None = None
    previous: "ReportFacts | None" = None

    @property
    def seconds(self) -> float:
        """Wall time from the run's start to its end."""
        return (self.ended - self.started).total_seconds()

    @property
    def failed_checks(self) -> list[CheckFacts]:
        """Checks that did not pass, the graver first."""
        return sorted((c for c in self.checks if not c.passed), key=lambda c: c.severity != "ERROR")

    def after(self, previous: "ReportFacts | None") -> "ReportFacts":
        """Return these facts with those of the report before."""
        return replace(self, previous=replace(previous, previous=None) if previous else None)
