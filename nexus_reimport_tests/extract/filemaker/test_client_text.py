"""JSON values as text, for every value there is."""

from decimal import Decimal

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.extract.filemaker.exceptions import UnreadableValue
from nexus_reimport.extract.filemaker.json_text import UNREADABLE
from nexus_reimport.extract.filemaker.text import text_column, text_of

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE_TEXT = st.text()
ANY_TEXT = st.text(st.characters())
VALUES = st.none() | st.booleans() | st.integers() | FLOATS | ANY_TEXT


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (" a\x0b ", " a\x0b "),
        ("\ufeffa", "\ufeffa"),
        (True, "1"),
        (False, "0"),
        (995, "995"),
        (1.0, "1"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1e22, "10000000000000000000000"),
        (1e-7, "0.0000001"),
        (Decimal("12345678901234567890.10"), "12345678901234567890.1"),
        (Decimal("-0.00"), "0"),
        (Decimal("1E+3"), "1000"),
        (12345678901234567890123, "12345678901234567890123"),
        ("x\ud83d", "x\ufffd"),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_values_have_one_text(value: object, text: str | None) -> None:
    assert text_of(value) == text
    assert text_column([value, "z"])[0].to_pylist() == [text, "z"]


@pytest.mark.parametrize(
    "value", [{}, [], ["a"], {"a": 1}, UNREADABLE, Decimal("1e600"), Decimal("NaN"), 10**500]
)
def test_what_no_field_holds_is_null_and_told_by_its_place(value: object) -> None:
    with pytest.raises(UnreadableValue):
        text_of(value)
    column, doubts = text_column(["a", value, "b\ud83d", "\ufffd"])
    assert column.to_pylist() == ["a", None, "b\ufffd", "\ufffd"]
    assert doubts == {1: "unreadable_value", 2: "unreadable_character"}


@given(FLOATS)
def test_numbers_keep_their_value_in_plain_digits(value: float) -> None:
    text = text_of(value)
    assert text is not None
    assert float(text) == value
    assert set(text) <= set("-0123456789.")
    assert not text.endswith(".0")


@given(st.integers())
def test_whole_numbers_are_their_digits(value: int) -> None:
    assert Decimal(text_of(value) or "") == value


@given(WHOLE_TEXT)
def test_texts_stay_as_they_are(value: str) -> None:
    assert text_of(value) == value


@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda value: abs(value.adjusted()) < 400))
def test_decimals_keep_their_value_in_plain_digits(value: Decimal) -> None:
    text = text_of(value)
    assert text is not None
    assert Decimal(text) == value
    assert set(text) <= set("-0123456789.")
    assert not text.endswith(".")


@given(st.lists(VALUES))
def test_a_column_is_its_values_one_by_one(values: list[object]) -> None:
    column, _ = text_column(values)
    assert column.type == pa.string()
    assert column.to_pylist() == [text_of(value) for value in values]
    orjson.dumps(column.to_pylist())


@given(st.lists(st.none() | WHOLE_TEXT))
def test_text_columns_are_taken_as_they_are(values: list[str | None]) -> None:
    assert text_column(values)[0].to_pylist() == values
