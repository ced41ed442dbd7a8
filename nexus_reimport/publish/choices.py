"""What the person who starts a run may decide about the merge; everything else follows from the rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

Conflicts = Literal["nexus", "filemaker"]
Deleted = Literal["restore", "stay"]
OnMissing = Literal["keep", "archive", "remove"]
OlderImports = Literal["report", "stay", "remove"]
WITHOUT_CLINIC = ("publish", "hold")


@dataclass(frozen=True)
class Choices:
    """Decisions by table name; a table that isn't named is treated as the first of each literal says.

    `conflicts`: whose value a field has that a person changed in Nexus. `on_missing`: what becomes of rows
    that are gone from FileMaker. `older_imports`: what becomes of rows of older imports that have no partner
    in FileMaker. Neither takes more than `missing_percent` of a table's rows, nor `missing_rows`.
    `allow_change` names columns (`patients.dob`) in which any number of rows may lose or change a value.
    """

    conflicts: Mapping[str, Conflicts] = field(default_factory=dict)
    on_missing: Mapping[str, OnMissing] = field(default_factory=dict)
    older_imports: Mapping[str, OlderImports] = field(default_factory=dict)
    missing_percent: float = 1.0
    missing_rows: int = 50
    allow_change: Collection[str] = ()

    def filemaker_wins(self, table: str) -> bool:
        """Say whether FileMaker's value is taken even where a person changed the field."""
        return self.conflicts.get(table) == "filemaker"

    def of_older_imports(self, table: str) -> OlderImports:
        """Return what becomes of rows of older imports that have no partner."""
        return self.older_imports.get(table, "report")
