"""Whether a source says as much as at the last publication: its rows, and each of its fields. Pure.

A source that is short or blank is not a smaller clinic. Every share is held against the source's own last
one: a field that was empty in half of the rows may be so again.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from nexus_reimport.model.nexus import TABLES
from nexus_reimport.model.words import number
from nexus_reimport.transform.source_figures import FieldFigures, SourceFigures
from nexus_reimport.validate.findings import Fact, Finding

LOST_SHARE = 0.1
# The few messages of thousands that failed may all be mended.
LITTLE_SHARE = 0.02
_NOTHING_SAID = FieldFigures(0, 0, 0)
# Fewer than this are ordinary: one of five clinics closes, two of ten flags are taken off.
FEWEST_ROWS, FEWEST_VALUES = 3, 5
# One edit in bulk rightly gives all its rows the same of these: an export, a Replace, a copied bucket.
SET_IN_BULK = frozenset({"modificationTimestamp", "modificationAccountName", "NexusExportDate", "modified"})


@dataclass(frozen=True)
class Loss:
    """What a source says less of: its rows, where `field` is empty, or one field; and what that may mean."""

    field: str
    says: str
    means: str


def shrinking_finding(
    source: str, last: SourceFigures | None, now: SourceFigures, allowed: Collection[str]
) -> Finding:
    """Say whether a source, by asset, says as much as at its last publication (None: there is none).

    `allowed` has what may be less: a source by its asset's name, a field of it (`contacts.DOB`), or a table
    whose rows are read from it.
    """
    facts: dict[str, Fact] = {"rows_now": now.rows, **({"rows_last": last.rows} if last else {})}
    if last is None:
        says = f"{number(now.rows)} rows; there is no earlier publication to hold them against."
        return Finding(True, says, facts)
    losses = list(losses_between(source, last, now))
    if not losses:
        return Finding(True, "Every field says as much as at the last publication.", facts)
    may = {f"{source_name(source)}.{one.field}".rstrip("."): one for one in losses}
    said = f"{source} says less than at the last publication: " + "; ".join(one.says for one in losses)
    facts |= {"less": sorted(may)}
    if left := [name for name, one in may.items() if not _is_allowed(source, one.field, allowed)]:
        means = " ".join(dict.fromkeys(one.means for one in losses))
        how = " ".join(
            f'--allow-shrunk "{name}"' if " " in name else f"--allow-shrunk {name}" for name in left
        )
        return Finding(
            False,
            f"{said}. {means} Find out which; if it is right, allow it by name for one run: {how}",
            facts,
        )
    return Finding(True, f"{said}. Allowed by the run's config.", facts)


def source_name(source: str) -> str:
    """Return the name by which a source is allowed to shrink: its asset's, without the group."""
    return source.rpartition("/")[2]


def _is_allowed(source: str, field: str, allowed: Collection[str]) -> bool:
    if field:
        return f"{source_name(source)}.{field}" in allowed
    tables = [table.name for table in TABLES if table.source == source]
    return not {source_name(source), *tables}.isdisjoint(allowed)


def losses_between(source: str, last: SourceFigures, now: SourceFigures) -> Iterator[Loss]:
    """Yield what a source says less of than it did."""
    if _is_loss(last.rows, now.rows, last.rows, FEWEST_ROWS, all_of=1):
        said = f"{number(last.rows)} rows before, {number(now.rows)} now"
        yield Loss("", said, _rows_mean(source, now.rows))
    if not now.rows or not last.rows:
        return
    for name, before in last.fields.items():
        field = _Field(name, last.rows, now.rows, before, now.fields.get(name, _NOTHING_SAID))
        if loss := field.emptied(source) or field.shortened() or field.made_the_same():
            yield loss


@dataclass(frozen=True)
class _Field:
    """One field of a source before and now, and in how many rows."""

    name: str
    rows_before: int
    rows_now: int
    before: FieldFigures
    now: FieldFigures

    @property
    def expected(self) -> float:
        """In how many rows the field should say something now: rows that are new may be without."""
        return self.before.filled * min(1, self.rows_now / self.rows_before)

    @property
    def held(self) -> float:
        """The share of the rows that said something that still do."""
        return min(1, self.now.filled / self.before.filled) if self.before.filled else 0

    def emptied(self, source: str) -> Loss | None:
        """Return the loss of rows in which the field says anything at all."""
        if not _is_loss(self.expected, self.now.filled, self.expected, FEWEST_VALUES, all_of=FEWEST_ROWS):
            return None
        then = (
            f"{self.name} says something in {number(self.before.filled)} of {number(self.rows_before)} rows"
        )
        said = f"{then} before, in {number(self.now.filled)} of {number(self.rows_now)} now"
        return Loss(self.name, said, _field_means(source, gone=not self.now.filled))

    def shortened(self) -> Loss | None:
        """Return the loss of rows in which the field is more than one character."""
        if not self._lost(self.before.worded, self.now.worded):
            return None
        single, was = self.now.filled - self.now.worded, self.before.filled - self.before.worded
        said = f"{self.name} is a single character in {number(single)} rows now, in {number(was)} before"
        return Loss(self.name, said, "Filler may have been written over what was there.")

    def made_the_same(self) -> Loss | None:
        """Return the loss of rows in which the field has another value than in most."""
        if self.name in SET_IN_BULK or not self._lost(self.before.apart, self.now.apart):
            return None
        same, was = self.now.filled - self.now.apart, self.before.filled - self.before.apart
        said = f"{self.name} has one and the same value in {number(same)} rows now, in {number(was)} before"
        return Loss(self.name, said, "One value may have been written over a whole found set.")

    def _lost(self, before: int, now: int) -> bool:
        # Of as many as are filled still: rows that are empty are told already.
        still = self.before.filled * self.held
        return _is_loss(before * self.held, now, still, FEWEST_VALUES, all_of=FEWEST_VALUES)


def _is_loss(before: float, now: float, of: float, fewest: int, all_of: int) -> bool:
    """Say whether too much was lost: over a tenth of `of` and `fewest` at least, or all that was much."""
    lost = before - now
    if now == 0 and before >= max(all_of, LITTLE_SHARE * of):
        return True
    return lost > LOST_SHARE * of and lost >= fewest


def _rows_mean(source: str, rows: int) -> str:
    if not source.startswith("filemaker/"):
        return "Another bucket, folder or export may be set, or a part of what was there is gone."
    counted = " FileMaker counts none itself: it counts what the account may view." if not rows else ""
    return f"A changed privilege set may keep records from the account, or a filter leaves them out.{counted}"


def _field_means(source: str, *, gone: bool) -> str:
    if not source.startswith("filemaker/"):
        return "The export or the listing may lack the column."
    if gone:
        return "A changed privilege set may hide the field from the account, or the layout has it no more."
    return "A changed privilege set may hide the field in some records, or something was written over it."
