"""The filter parser, for every filter there is."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.sandbox.filemaker.exceptions import QueryRefused
from nexus_reimport.sandbox.filemaker.filters import parse_filter

Meaning = Callable[[Mapping[str, object]], bool]
NAMES = ("id", "Health Number", "_kp_MessageID")
TEXTS = st.text(max_size=6)
ROWS = st.fixed_dictionaries({name: st.none() | TEXTS for name in NAMES})


def quoted(text: str) -> str:
    """Return an OData literal."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def meaning_of(name: str, operator: str, text: str | None) -> Meaning:
    """Return what a comparison means, written the long way."""

    def holds(row: Mapping[str, object]) -> bool:
        value = row[name]
        if value is None or text is None:
            same = value is None and text is None
            return same if operator == "eq" else operator == "ne" and not same
        left, right = str(value).casefold(), text.casefold()
        return {"eq": left == right, "ne": left != right, "gt": left > right, "lt": left < right}[operator]

    return holds


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, Meaning]:
    """Draw a comparison and its meaning."""
    name, operator = draw(st.sampled_from(NAMES)), draw(st.sampled_from(("eq", "ne", "gt", "lt")))
    text = draw(st.none() | TEXTS)
    shown = draw(st.sampled_from((name, f'"{name}"')))
    return f"{shown} {operator} {'null' if text is None else quoted(text)}", meaning_of(name, operator, text)


def joined(parts: tuple[tuple[str, Meaning], str, tuple[str, Meaning]]) -> tuple[str, Meaning]:
    """Return two expressions in parentheses, joined by a word, and what that means."""
    (left, left_holds), word, (right, right_holds) = parts
    if word == "and":
        return f"({left}) and ({right})", lambda row: left_holds(row) and right_holds(row)
    return f"({left}) or ({right})", lambda row: left_holds(row) or right_holds(row)


EXPRESSIONS = st.recursive(
    comparisons(),
    lambda inner: st.tuples(inner, st.sampled_from(("and", "or")), inner).map(joined),
    max_leaves=5,
)


@given(EXPRESSIONS, ROWS)
def test_a_filter_means_what_it_says(expression: tuple[str, Meaning], row: dict[str, object]) -> None:
    text, holds = expression
    assert parse_filter(text, NAMES)(row) == holds(row)


@given(st.text(st.sampled_from("id eqandor()'\"null12 "), max_size=30) | st.text(max_size=20))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    try:
        answer = parse_filter(text)({"id": "1"})
    except QueryRefused:
        return
    assert answer in (True, False)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("date eq 2016-10-14", True),
        ("date lt 2016-10-15", True),
        ("number eq 1.0", True),
        ("text eq 1", True),
        ("text gt 2", False),
        ("word gt 5", True),
        ("id eq 'x' or id eq 'y' and id eq 'z'", True),
    ],
)
def test_literals_compare_by_what_they_are(expression: str, holds: bool) -> None:
    row = {"date": "2016-10-14", "number": 1, "text": "1.0", "word": "abc", "id": "X"}
    assert parse_filter(expression)(row) is holds
