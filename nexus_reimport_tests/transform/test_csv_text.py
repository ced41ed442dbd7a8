"""The bytes of a CSV as text."""

import codecs

import pytest

from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.transform.csv_legacy import legacy_encoding
from nexus_reimport.transform.csv_text import detect_encoding, read_text
from nexus_reimport.transform.exceptions import CsvEncodingError, CutCsvError, EmptyCsvError, ImageCsvError

FILE = "Image_dataV9.csv"
HEADER = "date,id,Type\n"


def lines(content: bytes, encoding: str | None = None) -> list[str]:
    with read_text(content, FILE, encoding).lines() as stream:
        return list(stream)


@pytest.mark.parametrize(
    ("content", "encoding", "evidence"),
    [
        (codecs.BOM_UTF8 + HEADER.encode(), "utf-8", "byte order mark"),
        (codecs.BOM_UTF16_LE + HEADER.encode("utf-16-le"), "utf-16-le", "byte order mark"),
        (codecs.BOM_UTF16_BE + HEADER.encode("utf-16-be"), "utf-16-be", "byte order mark"),
        (HEADER.encode("utf-16-le"), "utf-16-le", "zero bytes"),
        (HEADER.encode("utf-16-be"), "utf-16-be", "zero bytes"),
        (HEADER.encode(), "utf-8", "ASCII only"),
        ((HEADER + "é").encode(), "utf-8", "UTF-8 sequences"),
    ],
)
def test_an_encoding_is_found_by_its_evidence(content: bytes, encoding: str, evidence: str) -> None:
    assert detect_encoding(content) == (encoding, evidence)
    assert lines(content)[0] == HEADER
    assert read_text(content, FILE).first_line == HEADER.strip()


def test_a_byte_order_mark_is_no_part_of_the_text_even_where_the_encoding_is_given() -> None:
    assert lines(codecs.BOM_UTF8 + HEADER.encode(), "utf-8") == [HEADER]
    assert lines(codecs.BOM_UTF16_LE + HEADER.encode("utf-16-le"), "utf-16") == [HEADER]
    text = read_text(codecs.BOM_UTF8 + HEADER.encode(), FILE, "utf-8")
    assert (text.evidence, text.first_line) == ("given", HEADER.strip())


def test_wide_text_beyond_ascii_after_an_ascii_header_is_still_seen_as_wide() -> None:
    content = (HEADER + "語" * 200).encode("utf-16-le")
    assert detect_encoding(content)[0] == "utf-16-le"


WORDS = ["José", "Müller", "Zoë", "naïve", "Élan", "MÜLLER", "CAFÉ", "Straße", "España", "Ångström", "Łódź"]
WORDS += ["Shoe\u2019s", "O\u2019Brien", "don\u2019t", "10 \u2013 12", "\u201cLeft\u201d", "20°", "5 €"]


@pytest.mark.parametrize("encoding", ["windows-1252", "mac-roman"])
@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_enough_to_tell_windows_from_mac(word: str, encoding: str) -> None:
    try:
        content = f"{HEADER}{word},x\n".encode(encoding)
    except UnicodeEncodeError:
        return
    assert legacy_encoding(content)[0] == encoding
    assert detect_encoding(content)[0] == encoding
    assert lines(content)[1] == f"{word},x\n"


def test_the_mass_of_the_evidence_decides() -> None:
    content = (HEADER + "Shoe\u2019s\n" + "Zoë\nMüller\n" * 3).encode("mac-roman")
    assert legacy_encoding(content)[0] == "mac-roman"
    assert legacy_encoding((HEADER + "Lu\u2019s\n").encode("windows-1252"))[0] == "windows-1252"


@pytest.mark.parametrize("tie", [b"\xa3", b"x\xa3"])
def test_without_evidence_either_way_it_is_windows(tie: bytes) -> None:
    assert legacy_encoding(HEADER.encode() + tie)[0] == "windows-1252"


@pytest.mark.parametrize(
    ("content", "windows", "mac"),
    [
        (b"Jos\xe9", 2, -2),
        (b"Jos\xe9 Jos\xe9", 4, -4),
        (b"10 \x96 12", 2, -1),
        (b"x\x96y", -1, 2),
        (b"20\xb0", 1, -2),
        (b"caf\xb0s", -1, -2),
        (b"Shoe\x92s", 3, 2),
        (b"O\x92Brien", 3, -2),
        (b"a\x93b", -1, 2),
    ],
)
def test_the_legacy_evidence_is_said_in_numbers(content: bytes, windows: int, mac: int) -> None:
    said = f"plausible characters: windows-1252 {windows}, mac-roman {mac}"
    assert legacy_encoding(content)[1] == said


def test_a_byte_windows_does_not_have_is_proof() -> None:
    assert legacy_encoding(b"Jos\xe9 M\xfcller \x81") == (
        "mac-roman",
        "a byte that windows-1252 does not have",
    )


def test_a_legacy_file_may_end_in_what_could_begin_a_utf8_sequence() -> None:
    assert lines(HEADER.encode() + b"caf\xe9")[-1] == "café"


def test_one_damaged_byte_among_utf8_is_named_not_read_as_something_else() -> None:
    content = (HEADER + "é,è\nü").encode() + b"\xff\n"
    with pytest.raises(CsvEncodingError, match=r"^Image_dataV9\.csv, line 3: undecodable\. "):
        read_text(content, FILE)


@pytest.mark.parametrize("given", [None, "utf-8"])
def test_utf8_that_ends_within_a_character_was_cut(given: str | None) -> None:
    content = (HEADER + "é\né").encode()[:-1]
    with pytest.raises(CutCsvError, match=r"^Image_dataV9\.csv, line 3: cut_short\. "):
        read_text(content, FILE, given)


def test_wide_text_that_ends_within_a_character_was_cut() -> None:
    with pytest.raises(CutCsvError) as caught:
        read_text((HEADER + "x").encode("utf-16-le")[:-1], FILE)
    assert (caught.value.line, caught.value.reason) == (2, "cut_short")


def test_an_encoding_given_that_does_not_fit_is_refused_with_the_line() -> None:
    content = f"{HEADER}x\r\ny\ré".encode("windows-1252") + b" more text\n"
    with pytest.raises(CsvEncodingError) as caught:
        read_text(content, FILE, "utf-8")
    assert (caught.value.file, caught.value.line, caught.value.reason) == (FILE, 4, "undecodable")


@pytest.mark.parametrize("name", ["nonsense", "hex", "undefined", "a\x00b"])
def test_an_encoding_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(CsvEncodingError) as caught:
        read_text(HEADER.encode(), FILE, name)
    assert caught.value.reason == "unknown_encoding"


def test_an_encoding_given_wins_over_the_evidence() -> None:
    assert lines("é\n".encode("mac-roman"), "windows-1252") == ["\u017d\n"]


def test_a_nul_says_that_the_file_was_not_written_to_its_end() -> None:
    with pytest.raises(CsvEncodingError) as caught:
        read_text(HEADER.encode() + b"x\n" + b"\x00" * 8, FILE)
    assert (caught.value.line, caught.value.reason) == (3, "nul")


@pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, b"\r\n \n", b",,,\n;;\t\n"])
def test_a_file_without_a_word_is_empty(content: bytes) -> None:
    with pytest.raises(EmptyCsvError, match=r"^Image_dataV9\.csv: empty\. "):
        read_text(content, FILE)


@pytest.mark.parametrize(("end", "name"), [("\n", "LF"), ("\r", "CR"), ("\r\n", "CRLF"), ("", "none")])
def test_the_first_line_and_its_end_are_found_after_blank_lines(end: str, name: str) -> None:
    text = read_text(f"{end} ,{end}date,id{end}".encode() if end else b"date,id", FILE)
    assert (text.first_line, text.line_ending, text.is_ended) == ("date,id", name, bool(end))
    assert read_text(b"date\nx", FILE).is_ended is False


def test_a_refusal_is_one_of_a_family_that_says_where() -> None:
    error = ImageCsvError("a.csv", Reason("why"), "Do this.", 3, "date")
    assert str(error) == "a.csv, line 3, column date: why. Do this."
    assert str(ImageCsvError("a.csv", Reason("why"), "Do this.")) == "a.csv: why. Do this."
