"""What is counted of a table, each count once: its meaning, its words, and where it shows.

A publication, `--json`, Dagster's metadata, a plan and a report have each of these under its name. The tables
and pictures of the terminal, the UI, the report and docs/plan.md are made from what is said here.
"""

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields
from typing import Any

Says = tuple[str, str]
"""A sentence about one row, and about several; `{rows}` stands for how many."""


@dataclass(frozen=True)
class Line:
    """How a plan at a terminal lists the rows that are counted: sample, colour and mark of a planning tool.

    `sample`: under which name a plan has the first of these rows. `words` stand after the number.
    """

    sample: str
    colour: str
    mark: str
    words: str


@dataclass(frozen=True)
class Count:
    """One count, in rows of one table.

    `means`: what is counted. `words`: the report's for it. `ahead`: the terminal's before anything has
    happened; a count without has no column there. `writes`: whether such rows are written. `is_part`:
    whether it is one of those that make up all that was read. `is_main`: whether texts that can't name all
    counts name it. `is_watched`: whether a report says by how much it differs from the run before. `line` and
    `says`: how a plan at a terminal, and the report, speak of it; None where they don't.
    """

    name: str
    means: str
    words: str
    ahead: str | None = None
    writes: bool = False
    is_part: bool = False
    is_main: bool = False
    is_watched: bool = False
    line: Line | None = None
    says: Says | None = None

    @property
    def is_always_shown(self) -> bool:
        """Whether a table has a column for it though it is nought everywhere."""
        return self.is_part or self.name == READ


READ, REJECTED = "read", "rejected"


def _count(means: str, words: str, **more: Any) -> Any:
    """Return the field of a count; it has no default, since a count that nothing counts would stay nought."""
    return field(metadata={"count": {"means": means, "words": words, **more}})


@dataclass(frozen=True)
class TableCounts:
    """What a publication did to one table, in rows."""

    read: int = _count("rows at the source", "read", ahead="read")
    inserted: int = _count(
        "new in Nexus",
        "new",
        ahead="to insert",
        writes=True,
        is_part=True,
        is_main=True,
        line=Line("insert", "green", "+", "new in Nexus"),
    )
    updated: int = _count(
        "in Nexus, and changed",
        "changed",
        ahead="to update",
        writes=True,
        is_part=True,
        is_main=True,
        line=Line("update", "yellow", "~", "changed in Nexus"),
    )
    unchanged: int = _count(
        "in Nexus, as they are at the source", "unchanged", ahead="unchanged", is_part=True, is_main=True
    )
    rejected: int = _count("read, and not published", "not taken", ahead="rejected", is_part=True)
    missing: int = _count(
        "published earlier, still in Nexus, no longer at the source",
        "no longer in FileMaker",
        ahead="missing",
        is_main=True,
        is_watched=True,
        line=Line("missing", "blue", "?", "gone from FileMaker"),
    )
    conflicts: int = _count(
        "with a field that both sides changed: the person's stays, or, where the run says so, FileMaker's "
        "goes over every edit",
        "changed on both sides",
        ahead="conflicts",
        is_watched=True,
        line=Line("conflicts", "magenta", "!", "changed in FileMaker and in Nexus; Nexus's value stays"),
        says=(
            "{rows} was changed both in FileMaker and in Nexus, in the same field. Look at it.",
            "{rows} were changed both in FileMaker and in Nexus, in the same fields. Look at them.",
        ),
    )
    edits_kept: int = _count(
        "with a field that only a person changed",
        "people's edits kept",
        ahead="edits kept",
        is_watched=True,
        line=Line("edits_kept", "cyan", "=", "edited in Nexus; the edit stays"),
        says=(
            "{rows} had been edited by somebody in Nexus. What they wrote was kept.",
            "{rows} had been edited by somebody in Nexus. What they wrote was kept.",
        ),
    )
    restored: int = _count(
        "of the inserted, those that came back under the UUID they had",
        "brought back",
        ahead="to restore",
        says=(
            "{rows} had been deleted in Nexus and came back, as the same record as before.",
            "{rows} had been deleted in Nexus and came back, as the same records as before.",
        ),
    )
    relinked: int = _count(
        "people's rows that pointed at a former UUID of a patient",
        "linked again",
        ahead="to relink",
        writes=True,
        line=Line("relinked", "yellow", "~", "made by people, linked to their patient again"),
        says=(
            "{rows} that people made pointed at an old record of a patient, and points at the patient again.",
            "{rows} that people made pointed at old records of patients, and point at the patients again.",
        ),
    )
    removed: int = _count(
        "taken out, and kept in `nexus_reimport.removed`: imported ones that pointed at nobody and, "
        "where the run says so, ones gone from the source and ones of older imports without a partner there",
        "taken out",
        ahead="to remove",
        writes=True,
        is_main=True,
        line=Line("removed", "red", "-", "taken out of Nexus, and kept aside"),
        # Of those that are not gone at the source: these have a sentence of their own.
        says=(
            "{rows} from earlier imports was taken out. It is kept aside and can be put back.",
            "{rows} from earlier imports were taken out. They are kept aside and can be put back.",
        ),
    )
    archived: int = _count(
        "patients gone from the source, and archived",
        "archived",
        ahead="to archive",
        writes=True,
        line=Line("archived", "red", "-", "gone from FileMaker, archived"),
        says=(
            "{rows} is no longer in FileMaker and was archived in Nexus.",
            "{rows} are no longer in FileMaker and were archived in Nexus.",
        ),
    )
    adopted: int = _count(
        "of the updated and unchanged, those that an older import had made, and that got their identity now",
        "recognised",
        ahead="to adopt",
        line=Line("adopted", "green", "*", "of an older import recognised, with their UUIDs kept"),
        says=(
            "{rows} that an older import had made was recognised, and is kept up to date from now on.",
            "{rows} that older imports had made were recognised, and are kept up to date from now on.",
        ),
    )
    left_over: int = _count(
        "of older imports, without a partner at the source; they stay",
        "left over",
        ahead="left over",
        line=Line("left_over", "blue", "?", "of an older import without a partner in FileMaker; they stay"),
        says=(
            "{rows} of an older import has no partner in FileMaker. It stays in Nexus.",
            "{rows} of older imports have no partner in FileMaker. They stay in Nexus.",
        ),
    )
    missing_kept: int = _count(
        "of the missing, those that this run neither removes nor archives",
        "no longer in FileMaker, left as they are",
        says=(
            "{rows} came from FileMaker earlier and is no longer there. It stays in Nexus.",
            "{rows} came from FileMaker earlier and are no longer there. They stay in Nexus.",
        ),
    )

    @property
    def rows(self) -> int:
        """Rows that Nexus holds from this source after the publication."""
        return self.read - self.rejected

    @property
    def written(self) -> int:
        """Rows that the publication wrote."""
        return self.inserted + self.updated


def _declared(one: "Field[Any]") -> Count:
    return Count(one.name, **one.metadata["count"])


COUNTS = tuple(_declared(one) for one in fields(TableCounts))
COUNT_BY_NAME = {one.name: one for one in COUNTS}
# What is told of a table wherever its counts are: every count but how much was read and rejected.
COUNTED = tuple(one.name for one in COUNTS if one.name not in (READ, REJECTED))
PARTS = tuple(one.name for one in COUNTS if one.is_part)
# The parts that are in Nexus; the rejected are shown beside them, with why.
PUBLISHED = tuple(name for name in PARTS if name != REJECTED)
WRITTEN = tuple(one.name for one in COUNTS if one.writes)
MAIN = tuple(one.name for one in COUNTS if one.is_main)


def led_by(first: Iterable[str], counts: Iterable[str]) -> tuple[str, ...]:
    """Return counts in an order of their own: those named first, then the others as they are declared."""
    shown = tuple(counts)
    leading = [name for name in first if name in shown]
    return tuple(dict.fromkeys([*leading, *shown]))


# Columns of the table of a run at a terminal; `staged` stands for the rows of a table that was not published.
AT_A_TERMINAL = led_by(
    (READ, *PUBLISHED, "adopted", "missing", "left_over"),
    (one.name for one in COUNTS if one.ahead and one.name != REJECTED),
)
# The kinds of rows that a plan at a terminal lists.
LISTED = led_by(
    ("inserted", "updated", "adopted", "relinked", "archived", "removed", "missing", "left_over"),
    (one.name for one in COUNTS if one.line),
)
# What a report compares with the plan: what was written, then what was left.
COMPARED = led_by(
    (
        "inserted",
        "updated",
        "removed",
        "archived",
        "relinked",
        "unchanged",
        "adopted",
        "missing",
        "left_over",
    ),
    COUNTED,
)
SENTENCES = led_by(
    ("edits_kept", "conflicts", "missing_kept", "adopted", "left_over"),
    (one.name for one in COUNTS if one.says),
)
WATCHED = led_by(("conflicts", "edits_kept"), (one.name for one in COUNTS if one.is_watched))


@dataclass(frozen=True)
class TakenBack:
    """One count of a rollback, in rows of one table.

    `of`: what our own records call it. `words`: the report's for it. `ahead`: the terminal's, before anything
    has happened; None where it is not known before. `says`: as of a count.
    """

    name: str
    of: str
    words: str
    ahead: str | None = None
    says: Says | None = None


TAKEN_BACK = (
    TakenBack("taken_out", "deleted", "taken out again", "to take out"),
    TakenBack("put_back", "updated", "put back as before", "to put back"),
    TakenBack("brought_back", "inserted", "brought back", "to bring back"),
    TakenBack(
        "left",
        "kept",
        "left as they are",
        says=(
            "{rows} was left alone, because somebody changed it since.",
            "{rows} were left alone, because somebody changed them since.",
        ),
    ),
)
# The report's words for each count.
WORDS = {one.name: one.words for one in COUNTS} | {one.name: one.words for one in TAKEN_BACK}
