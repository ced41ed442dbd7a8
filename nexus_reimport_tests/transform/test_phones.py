"""Phone numbers."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_reimport.transform.phones import e164, leading_e164


def by_library(text: str) -> str | None:
    """What the library alone says: the judge of our short cut."""
    try:
        number = phonenumbers.parse(text, "AU")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "text",
    [
        "0412345678",
        "0412 345 678",
        "(04) 1234-5678",
        "0412.345.678",
        "412345678",
        "61412345678",
        "+61412345678",
        "+61 412 345 678",
        "+61 (0)412 345 678",
        "0011 61 412 345 678",
        "tel:+61-412-345-678",
        "\uff10\uff14\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
    ],
)
def test_a_number_has_one_form_however_it_is_written(text: str) -> None:
    assert e164(text) == "+61412345678"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(02) 9876 5432", "+61298765432"),
        ("+44 20 7946 0958", "+442079460958"),
        ("1300 975 707", "+611300975707"),
    ],
)
def test_landlines_count_too(text: str, expected: str) -> None:
    assert e164(text) == expected


@pytest.mark.parametrize("text", ["", "9876 5432", "00000000", "the desk", "0512345678", "+", "(((", "04"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert e164(text) is None


_PREFIX = st.sampled_from(["0", "61", "+61", "+61 (0)", "610", "", "0061", "0011 61 ", "00", "+0", "1", "+1"])
_SPACED = st.from_regex(r"([0-9][ ().-]{0,2}){7,10}", fullmatch=True)


@settings(max_examples=400)
@given(prefix=_PREFIX, rest=_SPACED)
def test_the_short_cut_agrees_with_the_library(prefix: str, rest: str) -> None:
    assert e164(prefix + rest) == by_library(prefix + rest)


@settings(max_examples=300)
@given(st.sampled_from(["2", "3", "4", "7", "8"]), st.from_regex(r"[0-9]{8}", fullmatch=True))
def test_the_short_cut_knows_the_same_australian_numbers_as_the_library(area: str, rest: str) -> None:
    assert e164(f"0{area}{rest}") == by_library(f"0{area}{rest}")


@given(st.text())
def test_no_text_makes_reading_fail(text: str) -> None:
    assert e164(text) == by_library(text)
    leading = leading_e164(text)
    assert leading is None or leading.startswith("+")


def test_a_number_may_have_words_after_it() -> None:
    assert e164("0412 345 678 or, after six, the neighbour's") is None
    assert leading_e164("0412 345 678 or, after six, the neighbour's") == "+61412345678"
    assert leading_e164("after six: 0412 345 678") is None
