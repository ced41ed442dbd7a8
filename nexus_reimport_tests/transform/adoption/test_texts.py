"""Text is compared after one cleaning of both sides, whatever either has been through."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.adoption.texts import bare, bare_digest, compared, digest
from nexus_reimport.transform.text import clean

# What FileMaker's users type: any script, line ends of any kind, no character that PostgreSQL refuses.
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Fine. \r\n", "Fine."),
        ("a\r\nb\rc\x0bd\ne", "a\nb\nc\nd\ne"),
        ("a_x000D_\nb_x000D_c", "a\nb\nc"),
        ("a_x000B_b_x0007_", "a\nb"),
        ("\u00a0a\u00a0b\u00a0", "a b"),
        ("a\x01b\x0c\x7f\x85", "ab"),
        ("a\x00b", "ab"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("_x00zz_ _x1234_", "_x00zz_ _x1234_"),
        ("👍🏽 שלום", "👍🏽 שלום"),
    ],
)
def test_a_raw_text_is_compared_clean(raw: str, expected: str) -> None:
    assert compared(raw) == expected


def test_a_bare_text_has_no_white_space() -> None:
    assert bare(" a\x0bb \u00a0 c\td\u2003e\n") == "abcde"
    assert bare_digest("a b") == bare_digest("ab\r\n") == digest("ab") != digest("a b")
    assert bare_digest(None) == bare_digest(" \u00a0\r\n_x000D_") == ""


@given(LINES, st.sampled_from(["\n", "\r", "\r\n", "\x0b", "_x000D_\n", "_x000D_"]), st.data())
def test_a_text_dirtied_in_any_of_the_named_ways_compares_equal(
    lines: list[str], line_end: str, data: st.DataObject
) -> None:
    around = st.text(" \t\r\n\u00a0\x0b", max_size=3)
    blanks = st.sampled_from([" ", "\u00a0"])
    is_decomposed = data.draw(st.booleans())
    dirty = line_end.join(
        "".join(
            data.draw(blanks) if one == " " else one
            for one in unicodedata.normalize("NFD" if is_decomposed else "NFC", line)
        )
        for line in lines
    )
    control = data.draw(st.sampled_from(["", "\x01", "\x07", "\x1f", "\x7f"]))
    dirty = data.draw(around) + dirty + control + data.draw(around)
    plain = "\n".join(lines)
    assert compared(dirty) == compared(plain)
    assert bare(dirty) == bare(plain)


@given(st.text())
def test_text_that_is_clean_already_compares_as_what_it_was(raw: str) -> None:
    assert compared(clean(raw)) == compared(raw)


@given(LINES)
def test_a_sheet_that_dropped_its_vertical_tabs_has_the_same_bare_text(lines: list[str]) -> None:
    assert bare("".join(lines)) == bare("\x0b".join(lines))


@given(st.text(), st.text())
def test_equal_as_compared_is_equal_bare(one: str, other: str) -> None:
    assert compared(one) != compared(other) or bare(one) == bare(other)
