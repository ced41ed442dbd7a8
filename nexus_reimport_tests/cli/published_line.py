"""A line that was run once, for commands that look at, prove or undo what it did."""

from dataclasses import dataclass

import dagster as dg

Contents = dict[str, set[str]]


@dataclass(frozen=True)
class PublishedLine:
    """Where a test's environment leads: Nexus, and what it held before and after its one publication."""

    url: str
    storage: str
    instance: dg.DagsterInstance
    before: Contents
    after: Contents

    @property
    def patients(self) -> int:
        """How many patients were published."""
        return len(self.after["patients"]) - len(self.before["patients"])
