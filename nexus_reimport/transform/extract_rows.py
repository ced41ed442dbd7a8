"""An extract frame as the rules read it: well-formed rows in order of their id, columns as clean text."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import pandas as pd
import pyarrow as pa

from nexus_reimport.model.filemaker import UNREADABLE_COLUMN, EntitySet
from nexus_reimport.model.reasons import reason_named
from nexus_reimport.model.reasons.every_table import BAD_ID, DUPLICATE_ID, NO_TIMESTAMP
from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.transform.dates import UNKNOWN_INSTANT, instant
from nexus_reimport.transform.exceptions import MissingFieldError
from nexus_reimport.transform.instants import distinct_instants
from nexus_reimport.transform.staged import Accounting
from nexus_reimport.transform.text import clean, report_key, uuid_text


@dataclass(frozen=True)
class ExtractRows:
    """The rows of one entity set: their ids in lower case, ascending, and their fields."""

    asset: str
    keys: list[str]
    records: pa.Table

    def texts(self, field: str) -> list[str]:
        """Return one field's values, cleaned; "" for null. MissingFieldError if the frame lacks it."""
        return [clean(value) for value in self._values(field)]

    def ids(self, field: str) -> list[str | None]:
        """Return one field's values as UUIDs in lower case; None for null and for what is no UUID."""
        return [uuid_text(value) for value in self._values(field)]

    def instants(self, field: str) -> list[tuple[int | None, Reason | None]]:
        """Return one field's timestamps as microseconds since 1970 UTC, each with its warning or None."""
        return [instant(text) for text in self.texts(field)]

    def doubts(self) -> list[dict[str, Reason]]:
        """Return each row's fields whose value is not what FileMaker has, with the reason."""
        if UNREADABLE_COLUMN not in self.records.column_names:
            return [{} for _ in range(len(self.records))]
        told = (
            orjson.loads(text) if text else {} for text in self.records.column(UNREADABLE_COLUMN).to_pylist()
        )
        return [{name: reason_named(code) for name, code in fields.items()} for fields in told]

    def take(self, places: Sequence[int]) -> "ExtractRows":
        """Return the rows at those places."""
        keys = [self.keys[place] for place in places]
        return ExtractRows(self.asset, keys, self.records.take(pa.array(places, pa.int64())))

    def _values(self, field: str) -> list[str | None]:
        if field not in self.records.column_names:
            raise MissingFieldError(self.asset, field)
        values: list[str | None] = self.records.column(field).to_pylist()
        return values


def read_extract(entity: EntitySet, frame: pd.DataFrame, ledger: Accounting | None = None) -> ExtractRows:
    """Return the rows that have an id, in order of it.

    A row whose id is no UUID is rejected `bad_id`, a second row with the same id `duplicate_id`: the order
    in which FileMaker answered decides nothing. Without a ledger such rows are left out. A value that could
    not be read as FileMaker has it is warned of, `unreadable_value` or `unreadable_character`.
    """
    records = pa.Table.from_pandas(frame, preserve_index=False)
    everything = ExtractRows(entity.asset, [], records)
    raw = [value or "" for value in everything._values(entity.key)]
    keys = [uuid_text(value) for value in raw]
    order = sorted((key, raw[place], place) for place, key in enumerate(keys) if key is not None)
    places = {key: place for key, _, place in reversed(order)}
    ordered = sorted(places)
    rows = records.take(pa.array([places[key] for key in ordered], pa.int64()))
    extract = ExtractRows(entity.asset, ordered, rows)
    if ledger is not None:
        for key, fields in zip(extract.keys, extract.doubts(), strict=True):
            for field, reason in fields.items():
                ledger.doubt(key, field, reason)
        _reject_unusable(entity, raw, keys, places, ledger)
    return extract


def source_keys(entity: EntitySet, frame: pd.DataFrame) -> list[str]:
    """Return the key that each row of an extract has in rows and rejects, in the frame's order."""
    values = ExtractRows(entity.asset, [], pa.Table.from_pandas(frame, preserve_index=False))._values(
        entity.key
    )
    return [uuid_text(value) or report_key(value) for value in values]


def _reject_unusable(
    entity: EntitySet, raw: list[str], keys: list[str | None], places: dict[str, int], ledger: Accounting
) -> None:
    for place, key in enumerate(keys):
        if key is None:
            ledger.reject(report_key(raw[place]), entity.key, BAD_ID)
        elif places[key] != place:
            ledger.reject(key, entity.key, DUPLICATE_ID)


def creation_instants(
    extract: ExtractRows, ledger: Accounting, column: str, preferred: Sequence[int | None] | None = None
) -> list[int]:
    """Return when each row was made, microseconds since 1970 UTC, no two the same.

    The preferred instant, else creationTimestamp, else modificationTimestamp, else the start of 2000 and a
    warning `no_timestamp`; then made distinct within that second by its id. Rows whose preferred instant
    is the same follow one another by creationTimestamp, to the minute.
    """
    made = [moment for moment, _ in extract.instants("creationTimestamp")]
    changed = extract.texts("modificationTimestamp")
    bases = []
    for key, first, second, text in zip(extract.keys, preferred or made, made, changed, strict=True):
        known = second if first is None else first
        known = instant(text)[0] if known is None else known
        if known is None:
            ledger.warn(key, column, NO_TIMESTAMP)
        bases.append(UNKNOWN_INSTANT if known is None else known)
    ties = [base if moment is None else moment for moment, base in zip(made, bases, strict=True)]
    return distinct_instants(bases, extract.keys, ties)
