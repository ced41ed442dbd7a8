"""Cleaning of text, ids and flags."""

import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.text import (
    canonical_json,
    clean,
    flag,
    joined,
    name_key,
    natural_key,
    report_key,
    uuid_text,
)
from nexus_reimport_tests.transform.records import fm, key


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        (None, ""),
        ("", ""),
        (" \t\n a b \r\n", "a b"),
        ("a\x00b", "ab"),
        ("\x00 a", "a"),
        ("a\x0bb", "a\nb"),
        ("a\rb", "a\nb"),
        ("a\r\nb", "a\nb"),
        ("a\r\x00\nb", "a\nb"),
        ("a\r\rb", "a\n\nb"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("Zoë 👍🏽 שלום", "Zoë 👍🏽 שלום"),
        ("a\x01b", "a\x01b"),
    ],
)
def test_text_is_made_storable_with_accents_emoji_kept(dirty: str | None, cleaned: str) -> None:
    assert clean(dirty) == cleaned


@given(st.text(st.characters()))
def test_clean_text_can_always_be_stored(text: str) -> None:
    cleaned = clean(text)
    assert not set(cleaned) & set("\x00\x0b\r")
    assert cleaned == cleaned.strip()
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", [None, "", "x", fm(1)[:-1], fm(1) + "0", fm(1).replace("-", ""), "{" + fm(1)]
)
def test_what_is_no_uuid_is_none(text: str | None) -> None:
    assert uuid_text(text) is None


def test_a_uuid_comes_out_in_lower_case() -> None:
    assert uuid_text(f" {fm(7)}\n") == key(7)


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "Yes", " y "])
def test_a_flag_that_is_set(text: str) -> None:
    assert flag(text)


@pytest.mark.parametrize("text", [None, "", "0", "false", "no", "someone@example.org"])
def test_a_flag_that_is_not_set(text: str | None) -> None:
    assert not flag(text)


def test_names_compare_without_case_or_outer_spaces() -> None:
    assert name_key("  STRASSE ") == name_key("Straße")


def test_a_bad_id_that_may_be_a_name_is_reported_as_a_digest() -> None:
    assert report_key("Ada Byron") == f"digest:{natural_key('ada byron')}"
    assert report_key("adabyron").startswith("digest:")
    assert report_key(" 42-AB ") == "42-ab"
    assert report_key("1" * 65).startswith("digest:")
    assert report_key(None) == ""


def test_json_is_written_one_way() -> None:
    assert canonical_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'


@given(st.dictionaries(st.text(), st.text() | st.none() | st.booleans()))
def test_json_reads_back(value: dict[str, object]) -> None:
    assert orjson.loads(canonical_json(value)) == value


def test_the_natural_key_is_the_md5_of_parts_joined_by_unit_separators() -> None:
    digest = hashlib.md5("p\x1f12\x1fnoté".encode(), usedforsecurity=False).hexdigest()
    assert natural_key("p", "12", "noté") == digest


def test_joining_leaves_empty_texts_out() -> None:
    assert joined(("a", "", "b"), "\n\n") == "a\n\nb"
    assert joined(("", ""), "\n\n") is None
