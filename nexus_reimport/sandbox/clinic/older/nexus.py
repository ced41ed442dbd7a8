"""The Nexus that older imports write into, as they know it: rows, files, patients by their id in JSON."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.nexus_rows import DEFAULT_BUCKET, PATIENT_CONTENT_TYPE
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.older.book import Book

FIRST_RUN: Final = datetime(2025, 11, 8, 0, 40, 12, 481_113, tzinfo=UTC)
IMPORT_ACCOUNT: Final = "FileMaker Import"
_BETWEEN_RUNS: Final = timedelta(hours=7, minutes=3)
_LENGTHS: Final = {
    table.relation: {column.name: column.length for column in table.columns if column.length}
    for table in TABLES
}


@dataclass
class OlderNexus:
    """What the runs so far have left: `rows` by relation and id, `objects` by key, and the book.

    `now` is a run's own clock: it never stands still, since the app stamps each row as it is saved.
    """

    clinic: SyntheticClinic
    chance: Chance
    content_type: int = PATIENT_CONTENT_TYPE
    bucket: str = DEFAULT_BUCKET
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    objects: dict[str, ClinicObject] = field(default_factory=dict)
    book: Book = field(default_factory=Book)
    known: dict[str, list[str]] = field(default_factory=dict)
    """Patients' row ids by the FileMaker id in their JSON, in its own case, in order of creation."""
    begun: datetime = FIRST_RUN
    clock: datetime = FIRST_RUN

    def begin(self) -> None:
        """Begin another run, some hours after the one before."""
        self.begun = self.clock = max(self.begun + _BETWEEN_RUNS, self.clock + timedelta(minutes=20))

    def now(self) -> datetime:
        """Return the next moment, some milliseconds after the last, distinct to the microsecond."""
        self.clock += timedelta(microseconds=1_700 + self.chance.below(6_000))
        return self.clock

    def stamps(self) -> Row:
        """Return created_at and updated_at of a row that is saved now."""
        now = self.now()
        return {"created_at": now, "updated_at": now}

    def add(self, relation: str, row: Row, key: object) -> bool:
        """Save a row made from FileMaker's record `key`; return False where the database refuses it."""
        if not is_taken(relation, row):
            return False
        self.rows.setdefault(relation, {})[str(row["id"])] = row
        self.book.came_from(relation, row["id"], key)
        return True

    def change(self, relation: str, row_id: str, changes: Row) -> bool:
        """Save a row again; return False where the database refuses it."""
        row = {**self.rows[relation][row_id], **changes}
        if not is_taken(relation, row):
            return False
        self.rows[relation][row_id] = row
        return True

    def patient(self, key: object) -> Row | None:
        """Return the patient whose JSON has this id in the very same letters, as all scripts ask.

        Of two who claim it the app's order decides, which has nothing to do with the import: either.
        """
        ids = self.known.get(str(key)) if key else None
        if not ids:
            return None
        return self.rows["patients"][ids[sum(map(ord, str(key))) % 2 * (len(ids) - 1)]]

    def named(self, relation: str, column: str, value: object) -> object:
        """Return the id of the configuration row with exactly this value, None where there is none."""
        return next(
            (row["id"] for row in self.clinic.nexus[relation] if value and row[column] == value), None
        )

    def remove(self, relation: str, chosen: Callable[[Row], bool] = lambda _: True) -> None:
        """Delete rows."""
        kept = {}
        for row_id, row in self.rows.get(relation, {}).items():
            if chosen(row):
                self.book.forget(relation, row_id)
            else:
                kept[row_id] = row
        self.rows[relation] = kept


def is_taken(relation: str, row: Row) -> bool:
    """Return whether PostgreSQL takes the row: no text too long for its column, no NUL in any."""
    lengths = _LENGTHS[relation]
    return all(
        "\u0000" not in _text(value) and len(str(value)) <= (lengths.get(column) or len(str(value)))
        for column, value in row.items()
    )


def _text(value: object) -> str:
    """Return all text in a value, JSON of any depth included."""
    if isinstance(value, dict):
        return "".join(_text(one) for one in value.values())
    if isinstance(value, list):
        return "".join(_text(one) for one in value)
    return str(value)
