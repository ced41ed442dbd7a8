"""FileMaker's export of image metadata."""

import hashlib
import time
import uuid
from datetime import date

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.frames import IMAGE_EXPORT, REJECTS
from nexus_reimport.transform.exceptions import (
    CsvColumnError,
    CsvDateError,
    CsvStructureError,
    CutCsvError,
    EmptyCsvError,
    ImageCsvError,
)
from nexus_reimport.transform.image_csv import ParsedCsv, csv_version, newest_csv, parse_image_csv
from nexus_reimport.transform.text import clean
from nexus_reimport_tests.transform.image_records import FILE, NAMES, csv_bytes, csv_text, record
from nexus_reimport_tests.transform.records import key, reasons, uid

HEADER = ",".join(NAMES)


def parsed(*records: dict[str, str]) -> ParsedCsv:
    return parse_image_csv(csv_bytes(*records), FILE)


def column(found: ParsedCsv, name: str) -> list[object]:
    values: list[object] = found.rows[name].astype(object).where(found.rows[name].notna(), None).tolist()
    return values


def refusal(content: str | bytes, **options: str) -> ImageCsvError:
    with pytest.raises(ImageCsvError) as caught:
        parse_image_csv(content.encode() if isinstance(content, str) else content, FILE, **options)
    assert str(caught.value).startswith(FILE)
    return caught.value


def accounted(found: ParsedCsv) -> bool:
    one = found.facts["identical_rows"]
    assert isinstance(one, int)
    return found.facts["rows_read"] == len(found.rows) + len(found.rejects) + one


def test_a_record_becomes_a_row() -> None:
    found = parsed(
        record(
            995,
            id="0D7C4E5A-0000-4000-8000-000000000001",
            id_Contact="7B1F09C2-0000-4000-8000-000000000002",
            Type=" Left Planter ",
            Name_of_file=" IMG 1.JPG",
            NexusExportDate="1/2/2024",
        )
    )
    assert found.rows.to_dict("records") == [
        {
            "filemaker_id": "0d7c4e5a-0000-4000-8000-000000000001",
            "contact": "7b1f09c2-0000-4000-8000-000000000002",
            "recid": "995",
            "type": "Left Planter",
            "name_of_file": "IMG 1.JPG",
            "export_date": "1/2/2024",
            "date": date(2016, 10, 18),
            "line": 2,
        }
    ]
    assert failures(schema_of(IMAGE_EXPORT), found.rows, "recid").empty
    assert failures(schema_of(REJECTS), found.rejects, "key").empty
    assert found.rejects.empty


def test_the_facts_say_what_the_file_is() -> None:
    content = csv_text([record(1), record(1), record(2)], end="\r\n").encode() + b",,,,,,,\r\n\r\n"
    assert parse_image_csv(content, FILE).facts == {
        "file_name": FILE,
        "version": 9,
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoding": "utf-8",
        "encoding_evidence": "ASCII only",
        "delimiter": "comma",
        "line_ending": "CRLF",
        "last_line_is_ended": True,
        "columns": list(NAMES),
        "rows_read": 3,
        "blank_rows": 2,
        "date_format": "MM/DD/YYYY",
        "identical_rows": 1,
    }


def test_what_is_empty_is_null() -> None:
    found = parsed(record(1, date=" ", Type="  "))
    assert [column(found, name) for name in ("date", "type", "name_of_file", "export_date")] == [[None]] * 4
    assert found.facts["date_format"] is None
    assert found.rejects.empty


TEXT = st.text(
    st.sampled_from("aZ 0,;\t\"'\r\n\x0béÉüñß\u2019\u2013°"), max_size=12
)  # letters that all four encodings have
TABLES = st.lists(st.tuples(TEXT, TEXT, st.dates(date(1, 1, 1)) | st.none()), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
@given(
    TABLES,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "windows-1252", "mac-roman"]),
    st.sampled_from([",", "\t", ";"]),
    st.sampled_from(["\n", "\r", "\r\n"]),
    st.booleans(),
    st.permutations([*NAMES, "extra"]),
    st.booleans(),
    st.integers(0, 2),
)
def test_every_encoding_dialect_and_order_of_columns_gives_the_same_rows(
    table: list[tuple[str, str, date | None]],
    encoding: str,
    delimiter: str,
    end: str,
    quotes_all: bool,
    names: list[str],
    month_first: bool,
    blanks: int,
) -> None:
    records = [
        {**record(number, Type=kind, Name_of_file=name, date=_written(on, month_first)), "extra": kind}
        for number, (kind, name, on) in enumerate(table)
    ]
    text = csv_text(records, names, delimiter, end, quotes_all) + end * blanks
    told = {"encoding": encoding} if encoding in {"windows-1252", "mac-roman"} else {}
    found = parse_image_csv(text.encode(encoding), FILE, **told)
    assert column(found, "type") == [clean(kind) or None for kind, _, _ in table]
    assert column(found, "name_of_file") == [clean(name) or None for _, name, _ in table]
    assert column(found, "date") == [on for _, _, on in table]
    assert column(found, "recid") == [str(number) for number in range(len(table))]
    assert (found.facts["rows_read"], found.facts["blank_rows"]) == (len(table), blanks)
    assert accounted(found)


def _written(on: date | None, month_first: bool) -> str:
    if on is None:
        return ""
    return f"{on.month:02}/{on.day:02}/{on.year:04}" if month_first else on.isoformat()


@pytest.mark.parametrize("encoding", ["windows-1252", "mac-roman"])
def test_a_legacy_encoding_is_found_and_can_be_overridden(encoding: str) -> None:
    content = csv_text([record(1, Type="Zoë\u2019s")]).encode(encoding)
    found = parse_image_csv(content, FILE)
    assert (column(found, "type"), found.facts["encoding"]) == (["Zoë\u2019s"], encoding)
    other = {"windows-1252": "mac-roman", "mac-roman": "windows-1252"}[encoding]
    assert column(parse_image_csv(content, FILE, encoding=other), "type") != ["Zoë\u2019s"]


def test_a_vertical_tab_is_a_line_end_in_a_field() -> None:
    assert column(parsed(record(1, Type="Left\x0bDorsal")), "type") == ["Left\nDorsal"]


def test_a_row_is_named_by_the_line_it_begins_on() -> None:
    text = csv_text([record(1, Type="two\nlines"), record(2), record(3)], quotes_all=True)
    found = parse_image_csv(("\n" + text.replace('\n"10', '\n\n"10')).encode(), FILE)
    assert column(found, "line") == [4, 7, 9]
    assert found.facts["blank_rows"] == 4


@pytest.mark.parametrize(
    "header",
    [
        HEADER.upper(),
        HEADER.replace(",", " , "),
        HEADER.replace("_", " "),
        f'"{HEADER.replace(",", chr(34) + "," + chr(34))}"',
    ],
)
def test_a_header_is_recognised_in_any_case_with_any_spaces(header: str) -> None:
    text = csv_text([record(1)]).replace(HEADER, header)
    assert column(parse_image_csv(text.encode(), FILE), "recid") == ["1"]


@pytest.mark.parametrize("name", ["date", "id", "id_Contact", "recid", "Type"])
def test_a_missing_needed_column_is_named_with_those_that_are_there(name: str) -> None:
    names = [one for one in NAMES if one != name]
    error = refusal("\n" + csv_text([record(1)], names))
    assert isinstance(error, CsvColumnError)
    assert (error.reason, error.column, error.line) == ("missing_column", name, 2)
    assert f"Missing: {name}. Found: {', '.join(names)}." in str(error)


def test_of_columns_that_are_not_known_only_their_number_is_told() -> None:
    error = refusal("Ada Byron;Left foot;recid\nx;y;1\n")
    assert "Missing: date, id, id_Contact, Type. Found: recid, 2 unknown." in str(error)
    assert "Ada" not in str(error)


@pytest.mark.parametrize("length", [131_073, 1_000_000])
def test_a_field_of_any_length_is_read(length: int) -> None:
    records = [record(1, Name_of_file="x" * length), record(2)]
    assert column(parse_image_csv(csv_text(records).encode(), FILE), "recid") == ["1", "2"]
    assert refusal("x" * length + "\n1\n").reason == "missing_column"
    unclosed = csv_text(records, quotes_all=True).replace("x" * length, "y" + 'x"' * 9 + "z" * length)
    assert refusal(unclosed).reason == "bad_quotes"


@pytest.mark.parametrize("name", ["fileName", "Name_of_file", "NexusExportDate"])
def test_an_optional_column_may_be_missing(name: str) -> None:
    text = csv_text([record(1)], [one for one in NAMES if one != name])
    assert column(parse_image_csv(text.encode(), FILE), "recid") == ["1"]


@pytest.mark.parametrize("value", [key(9).upper(), "10/18/2016", "2016-10-18", "995"])
def test_a_record_in_the_headers_place_is_refused_without_a_value_of_it(value: str) -> None:
    error = refusal(f"Ada Byron,{value}\n" * 3)
    assert isinstance(error, CsvColumnError)
    assert (error.reason, error.line) == ("no_header", 1)
    assert value not in str(error)
    assert "Ada" not in str(error)


def test_a_known_column_twice_is_refused_and_an_unknown_one_is_not() -> None:
    text = csv_text([record(1)])
    error = refusal(text.replace("fileName", "ID"))
    assert (error.reason, error.column) == ("repeated_column", "id")
    twice = text.replace("Type", "Type,x,x").replace("Left Dorsal", "Left Dorsal,a,b")
    assert column(parse_image_csv(twice.encode(), FILE), "type") == ["Left Dorsal"]


def test_identical_rows_are_one() -> None:
    found = parsed(record(1), record(2), record(1))
    assert column(found, "recid") == ["1", "2"]
    assert column(found, "line") == [2, 3]
    assert (found.facts["identical_rows"], accounted(found)) == (1, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", ""),
        ("id", key(5)),
        ("id_Contact", key(2)),
        ("Type", "Right"),
        ("fileName", "x"),
        ("Name_of_file", "x"),
        ("NexusExportDate", "x"),
        ("id", "broken"),
        ("date", "broken"),
    ],
)
def test_rows_that_share_a_recid_and_differ_are_rejected_together(field: str, value: str) -> None:
    found = parsed(record(1), record(2), record(1, **{field: value}), record(1))
    assert column(found, "recid") == ["2"]
    assert reasons(found.rejects) == [("1", "recid", "duplicate_recid")] * 2
    assert accounted(found)


def test_rows_without_a_recid_are_each_rejected_even_where_identical() -> None:
    found = parsed(record(1, recid=""), record(1, recid=""), record(2))
    assert reasons(found.rejects) == [("line 2", "recid", "bad_recid"), ("line 3", "recid", "bad_recid")]
    assert (found.facts["identical_rows"], accounted(found)) == (0, True)


def test_images_that_share_an_id_are_rejected_together() -> None:
    found = parsed(record(1), record(2, id=key(701)), record(3))
    assert reasons(found.rejects) == [("1", "id", "duplicate_id"), ("2", "id", "duplicate_id")]
    assert column(found, "recid") == ["3"]


@pytest.mark.parametrize(
    ("fields", "reject"),
    [
        ({"recid": ""}, ("line 3", "recid", "bad_recid")),
        ({"recid": "99a"}, ("line 3", "recid", "bad_recid")),
        ({"recid": "1.5"}, ("line 3", "recid", "bad_recid")),
        ({"recid": "9" * 19}, ("line 3", "recid", "bad_recid")),
        ({"id": ""}, ("2", "id", "bad_id")),
        ({"id": "12"}, ("2", "id", "bad_id")),
        ({"id_Contact": " "}, ("2", "id_Contact", "no_contact")),
        ({"id_Contact": "12"}, ("2", "id_Contact", "bad_contact")),
        ({"date": "02/30/2016"}, ("2", "date", "bad_date")),
        ({"date": "00/18/2016"}, ("2", "date", "bad_date")),
        ({"date": "10/18/16"}, ("2", "date", "bad_date")),
        ({"date": "18.10.2016"}, ("2", "date", "bad_date")),
        ({"date": "45/45/2016"}, ("2", "date", "bad_date")),
        ({"date": "?"}, ("2", "date", "bad_date")),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected_by_name(
    fields: dict[str, str], reject: tuple[str, str, str]
) -> None:
    found = parsed(record(1), record(2, **fields), record(3))
    assert reasons(found.rejects) == [reject]
    assert found.rejects["table"].tolist() == ["image_csv"]
    assert column(found, "recid") == ["1", "3"]
    assert accounted(found)


def test_the_longest_recid_is_kept() -> None:
    assert column(parsed(record(1, recid=f" {'9' * 18} ")), "recid") == ["9" * 18]


@pytest.mark.parametrize("text", ["1/8/2016", "01/08/2016", " 01/08/2016 "])
def test_month_comes_first(text: str) -> None:
    found = parsed(record(1, date=text))
    assert (column(found, "date"), found.facts["date_format"]) == ([date(2016, 1, 8)], "MM/DD/YYYY")


def test_year_may_come_first() -> None:
    found = parsed(record(1, date="2016-01-08"), record(2, date=""))
    assert column(found, "date") == [date(2016, 1, 8), None]
    assert found.facts["date_format"] == "YYYY-MM-DD"


@pytest.mark.parametrize("text", ["13/01/2016", "18/10/2016", "31/12/1999", "2016-18-10"])
def test_one_date_that_fits_only_day_first_puts_the_whole_file_in_doubt(text: str) -> None:
    turned = "2016-01-02" if "-" in text else "01/02/2016"
    error = refusal(csv_bytes(record(1, date=turned), record(2, date=text), record(3, date=text)))
    assert isinstance(error, CsvDateError)
    assert (error.line, error.column, error.reason) == (3, "date", "day_first")
    assert text not in str(error)


def test_a_date_in_doubt_counts_even_in_a_row_that_is_rejected() -> None:
    assert refusal(csv_bytes(record(1, recid="x", date="18/10/2016"))).reason == "day_first"


@pytest.mark.parametrize("dates", [("01/02/2016", "2016-01-02"), ("2016-01-02", "01/02/2016")])
def test_two_formats_in_one_file_contradict_each_other(dates: tuple[str, str]) -> None:
    first, second = dates
    error = refusal(csv_bytes(record(1, date=first), record(2, date=""), record(3, date=second)))
    assert isinstance(error, CsvDateError)
    assert (error.line, error.column, error.reason) == (4, "date", "contradicting_dates")


def test_a_last_record_with_too_few_fields_was_cut() -> None:
    text = csv_text([record(1), record(2)])
    error = refusal(text[: text.rindex(",2,")])
    assert isinstance(error, CutCsvError)
    assert (error.line, error.reason) == (3, "cut_short")
    assert "6 of 8 fields" in str(error)
    assert refusal(text[: text.rindex(",2,")] + "\n\n").reason == "cut_short"


def test_a_quote_open_at_the_end_was_cut() -> None:
    text = csv_text([record(1), record(2)], quotes_all=True)
    error = refusal(text[: text.rindex("Dorsal")])
    assert isinstance(error, CutCsvError)
    assert (error.line, error.reason) == (3, "cut_short")


def test_a_record_in_the_middle_with_other_fields_than_the_header_is_refused() -> None:
    text = csv_text([record(1), record(2)])
    for changed in (text.replace(",1,", ","), text.replace(",1,", ",1,,")):
        error = refusal(changed)
        assert isinstance(error, CsvStructureError)
        assert (error.line, error.reason) == (2, "wrong_field_count")


def test_a_last_record_with_too_many_fields_is_refused_but_was_not_cut() -> None:
    assert refusal(csv_text([record(1)]).strip() + ",").reason == "wrong_field_count"


def test_a_quote_in_the_wrong_place_is_refused_with_its_line() -> None:
    text = csv_text([record(1), record(2, Type='"a" b'), record(3)], quotes_all=True)
    error = refusal(text.replace('"""a"" b"', '"a" b'))
    assert isinstance(error, CsvStructureError)
    assert (error.line, error.reason) == (3, "bad_quotes")


def test_a_file_with_nothing_or_only_a_header_is_refused() -> None:
    assert refusal("").reason == "empty"
    error = refusal(HEADER + "\n,,,,,,,\n")
    assert isinstance(error, EmptyCsvError)
    assert error.reason == "no_rows"


def test_the_delimiter_given_is_used_and_a_bad_one_refused() -> None:
    text = csv_text([record(1)], delimiter="|")
    found = parse_image_csv(text.encode(), FILE, delimiter="|")
    assert (column(found, "recid"), found.facts["delimiter"]) == (["1"], "|")
    for bad in ("::", '"', "\n", "\r", " "):
        assert refusal(text, delimiter=bad).reason == "bad_delimiter"
    assert refusal(csv_text([record(1)]), delimiter=";").reason == "missing_column"


@pytest.mark.parametrize(("delimiter", "name"), [(",", "comma"), ("\t", "tab"), (";", "semicolon")])
def test_the_delimiter_is_that_of_the_header_whatever_the_records_hold(delimiter: str, name: str) -> None:
    other = record(1, Type="a,b;c\td,,,,;;;;\t\t\t\t")
    found = parse_image_csv(csv_text([other], delimiter=delimiter).encode(), FILE)
    assert (found.facts["delimiter"], column(found, "type")) == (name, [other["Type"].strip()])


def test_the_delimiter_is_the_one_that_shows_the_needed_columns_not_the_most_columns() -> None:
    names = [*NAMES, "one, two, three, four, five, six, seven, eight, nine, ten"]
    text = csv_text([record(1) | {names[-1]: ""}], names, delimiter=";").replace('"', "")
    assert parse_image_csv(text.encode(), FILE).facts["delimiter"] == "semicolon"


def test_a_file_without_a_last_line_end_is_read_and_said_to_be_so() -> None:
    found = parse_image_csv(csv_bytes(record(1)).rstrip(), FILE)
    assert (len(found.rows), found.facts["last_line_is_ended"]) == (1, False)


def ending_in(name: str) -> list[str]:
    return [*(other for other in NAMES if other != name), name]


@pytest.mark.parametrize(("name", "kept"), [("id", 35), ("id_Contact", 20), ("id_Contact", 0), ("date", 4)])
def test_a_last_line_without_an_end_whose_last_field_is_not_whole_was_cut(name: str, kept: int) -> None:
    text = csv_text([record(1), record(2)], ending_in(name)).rstrip()
    whole = len(record(2)[name])
    assert len(parse_image_csv(text.encode(), FILE).rows) == 2
    cut = text[: len(text) - whole + kept]
    error = refusal(cut)
    assert isinstance(error, CutCsvError)
    assert (error.line, error.reason) == (3, "cut_short")
    assert "last field is not whole" in str(error)
    ended = parse_image_csv(f"{cut}\n".encode(), FILE)
    assert (len(ended.rows), len(ended.rejects)) == (1, 1)


def test_a_bad_field_before_the_last_one_does_not_mean_a_cut() -> None:
    text = csv_text([record(1), record(2, id="77")]).rstrip()
    assert parse_image_csv(text.encode(), FILE).rejects["reason"].tolist() == ["bad_id"]
    twice = csv_text([record(1), record(2, id=record(1)["id"])], ending_in("id")).rstrip()
    assert parse_image_csv(twice.encode(), FILE).rejects["reason"].tolist() == ["duplicate_id"] * 2


def test_a_bad_row_above_a_whole_last_line_without_an_end_does_not_mean_a_cut() -> None:
    text = csv_text([record(1, id="77"), record(2)], ending_in("id")).rstrip()
    assert parse_image_csv(text.encode(), FILE).rejects["reason"].tolist() == ["bad_id"]


def test_a_last_column_that_nobody_needs_cannot_be_cut() -> None:
    text = csv_text([record(1) | {"Notes": "x"}, record(2, id="77") | {"Notes": "x"}], [*NAMES, "Notes"])
    assert parse_image_csv(text.rstrip().encode(), FILE).rejects["reason"].tolist() == ["bad_id"]


def test_more_rows_than_are_held_at_once_keep_their_order() -> None:
    found = parsed(*(record(number) for number in range(50_001)))
    assert column(found, "recid") == [str(number) for number in range(50_001)]
    assert column(found, "line")[-1] == 50_002


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("Image_dataV10.csv", 10),
        ("Image_dataV9.csv", 9),
        ("exports/image_datav007.CSV", 7),
        ("C:\\x\\Image_dataV1.csv", 1),
        ("Image_data.csv", None),
        ("Image_dataV9.csv.part", None),
        ("Image_dataV9 (1).csv", None),
        ("My_Image_dataV9.csv", None),
        ("Image_dataV\u0669.csv", None),
        ("", None),
    ],
)
def test_the_version_is_the_number_in_the_name(name: str, version: int | None) -> None:
    assert csv_version(name) == version


def test_the_newest_is_the_highest_number_not_the_last_in_the_alphabet() -> None:
    names = ["Image_dataV9.csv", "Image_dataV11.csv", "Image_dataV10.csv", "zzz.csv"]
    assert newest_csv(names) == "Image_dataV11.csv"
    assert newest_csv(["b/Image_dataV9.csv", "a/Image_dataV09.csv"]) == "a/Image_dataV09.csv"
    assert newest_csv(["x.csv"]) is None
    assert newest_csv([]) is None


def test_the_same_bytes_give_the_same_rows() -> None:
    content = csv_bytes(record(1), record(2))
    assert parse_image_csv(content, FILE).rows.equals(parse_image_csv(content, FILE).rows)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_whatever_the_bytes_there_are_rows_or_a_refusal(content: bytes, has_header: bool) -> None:
    try:
        found = parse_image_csv(HEADER.encode() + b"\n" + content if has_header else content, FILE)
    except ImageCsvError:
        return
    assert accounted(found)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_cut_anywhere_within_a_quoted_record_is_refused(
    data: st.DataObject,
) -> None:
    text = csv_text([record(1), record(2)], quotes_all=True)
    begin = text.rindex('"10/18')
    place = data.draw(st.integers(begin + 1, len(text) - 3))
    assert refusal(text[:place]).reason == "cut_short"


def test_reading_costs_in_line_with_the_rows() -> None:
    records = [record(number, id=str(uuid.UUID(int=number)).upper()) for number in range(13_324)]
    small, large = csv_bytes(*records[:6662]), csv_bytes(*records)
    assert _seconds(small) < 1
    assert _seconds(large) < 6 * max(_seconds(small), 0.02)


def _seconds(content: bytes) -> float:
    begin = time.perf_counter()
    parse_image_csv(content, FILE)
    return time.perf_counter() - begin


def test_ids_compare_without_case() -> None:
    found = parsed(record(1, id=uid(0xABC).upper()), record(2, id=uid(0xABC)))
    assert {reason for _, _, reason in reasons(found.rejects)} == {"duplicate_id"}


def test_a_quoted_file_that_ends_after_a_delimiter_was_cut() -> None:
    text = csv_text([record(1), record(2)], quotes_all=True)
    error = refusal(text[: text.rindex('"Left')])
    assert isinstance(error, CutCsvError)
    assert error.line == 3
    assert len(parse_image_csv(text.rstrip().encode(), FILE).rows) == 2
