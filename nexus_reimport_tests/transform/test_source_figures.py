"""How much a source says is counted in rows: filler and blanks say nothing, and no value is kept."""

from collections import Counter

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.model.filemaker import UNREADABLE_COLUMN
from nexus_reimport.transform.source_figures import (
    BLANK,
    FILLER,
    FieldFigures,
    figures_from_json,
    figures_of,
    figures_of_source,
)
from nexus_reimport.transform.staged import Staged

TEXT = pd.ArrowDtype(pa.string())


def figures(*values: str | None) -> FieldFigures:
    return figures_of(pd.DataFrame({"f": pd.array(list(values), dtype=TEXT)})).fields["f"]


@pytest.mark.parametrize("value", [None, "", "  ", "\n\t", "\u00a0", "?", "??", "-", " . ", "/", "\ufeff"])
def test_what_is_blank_or_filler_says_nothing(value: str | None) -> None:
    assert figures(value) == FieldFigures(0, 0, 0)


def test_one_character_is_something_and_no_word() -> None:
    assert figures("1", "M", " x ", "Ann", "王") == FieldFigures(5, 1, 4)


def test_values_are_counted_that_are_not_the_most_frequent_one() -> None:
    assert figures("Sale", " Sale", "Perth", None) == FieldFigures(3, 3, 1)


def test_numbers_times_and_columns_without_a_value_are_counted_too() -> None:
    frame = pd.DataFrame(
        {
            "size": pd.array([10, 20, None], dtype=pd.ArrowDtype(pa.int64())),
            "modified": pd.array([None] * 3, dtype=pd.ArrowDtype(pa.timestamp("us", tz="UTC"))),
            UNREADABLE_COLUMN: pd.array([None] * 3, dtype=TEXT),
        }
    )
    found = figures_of(frame)
    assert found.fields == {"size": FieldFigures(2, 2, 1), "modified": FieldFigures(0, 0, 0)}


def test_figures_are_kept_as_numbers_and_come_back_the_same() -> None:
    frame = pd.DataFrame({"name": pd.array(["Ann", None], dtype=TEXT)})
    found = figures_of_source(Staged(frame, frame, frame))
    assert found.as_json() == {"rows": 2, "fields": {"name": {"filled": 1, "worded": 1, "apart": 0}}}
    assert figures_from_json(found.as_json()) == found


@given(
    st.lists(
        st.none() | st.sampled_from(["", " ", "?", "x", " x", "Ann", "Ann?", "- -", "\u00a0", "1"]),
        max_size=30,
    )
)
def test_figures_are_what_counting_one_by_one_gives(values: list[str | None]) -> None:
    said = [one.strip(FILLER + BLANK) for one in values if one is not None and one.strip(FILLER + BLANK)]
    commonest = max(Counter(said).values(), default=0)
    worded = sum(len(one) > 1 for one in said)
    assert figures(*values) == FieldFigures(len(said), worded, len(said) - commonest)
