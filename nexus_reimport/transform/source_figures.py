"""How much a source says: its rows, and in each field how many of them say something. Counts, no values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.filemaker import UNREADABLE_COLUMN
from nexus_reimport.transform.staged import Staged

# What stands where nobody knew what to write. FileMaker itself shows ? for what it can't show.
FILLER = "?-_.,*/\\#!:;'\"()[]"
BLANK = " \t\n\r\f\v\u00a0\u200b\ufeff"


@dataclass(frozen=True)
class FieldFigures:
    """One field, in rows: `filled` says something, `worded` more than one character of it.

    `apart`: filled with another value than the field's most frequent one.
    """

    filled: int
    worded: int
    apart: int


@dataclass(frozen=True)
class SourceFigures:
    """One source: how many rows it has, and its fields by name."""

    rows: int
    fields: Mapping[str, FieldFigures]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as they are kept."""
        return {"rows": self.rows, "fields": {name: asdict(one) for name, one in self.fields.items()}}


def figures_from_json(kept: Mapping[str, Any]) -> SourceFigures:
    """Return figures that were kept."""
    return SourceFigures(
        int(kept["rows"]), {name: FieldFigures(**one) for name, one in kept["fields"].items()}
    )


def figures_of_source(read: pd.DataFrame | Staged) -> SourceFigures:
    """Return the figures of a source as it is stored, without what was rejected of an export."""
    return figures_of(read.rows if isinstance(read, Staged) else read)


def figures_of(frame: pd.DataFrame) -> SourceFigures:
    """Return the figures of a source as it was read."""
    names = [str(name) for name in frame.columns if name != UNREADABLE_COLUMN]
    return SourceFigures(len(frame), {name: _figures_of_field(frame[name]) for name in names})


def _figures_of_field(values: pd.Series) -> FieldFigures:
    texts = pc.cast(pa.array(values.astype(pd.ArrowDtype(pa.string())), pa.string()), pa.string())
    says = pc.utf8_trim(texts, characters=FILLER + BLANK)
    said = says.filter(pc.fill_null(pc.greater(pc.utf8_length(says), 0), False))
    if not len(said):
        return FieldFigures(0, 0, 0)
    worded = pc.sum(pc.greater(pc.utf8_length(said), 1)).as_py()
    commonest = pc.max(pc.value_counts(said).field("counts")).as_py()
    return FieldFigures(len(said), int(worded), len(said) - int(commonest))
