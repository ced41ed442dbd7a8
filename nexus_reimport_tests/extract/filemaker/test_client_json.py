"""JSON as FileMaker sends it: every digit kept, what can't be read null and told, and nothing beside it."""

import json
import string
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nexus_reimport.exceptions import ClientError, TruncatedAnswer, UnexpectedAnswer
from nexus_reimport.extract.filemaker import Extract, FileMakerClient
from nexus_reimport.extract.filemaker.json_text import UNREADABLE, read_json
from nexus_reimport.extract.filemaker.pages import parse_page
from nexus_reimport.extract.filemaker.text import text_column, text_of
from nexus_reimport.model.filemaker import EntitySet
from nexus_reimport.sandbox.filemaker import Fault

MakeClient = Callable[..., FileMakerClient]
NAMES = ("id", "Health Number", "Note Type", "flag")
NUMBERS = st.integers() | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30
)
VALUES = st.none() | st.booleans() | st.text() | NUMBERS
RECORDS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)), max_size=5)


def written(value: object) -> str:
    """Return a value as a strict writer of JSON would write it, with all its digits."""
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def body_of(records: list[dict[str, Any]], blank: str = "") -> str:
    """Return a page of records as JSON."""
    lines = (
        ",".join(f"{json.dumps(name)}{blank}:{blank}{written(value)}" for name, value in record.items())
        for record in records
    )
    listed = ",".join(f"{{{line}}}" for line in lines)
    return f'{{"@odata.count":{len(records)},"value":[{listed}]}}'


def records_of(body: str | bytes) -> list[dict[str, object]]:
    """Return the records of a page."""
    return parse_page(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body, NAMES).records


def same(found: object, given: object) -> bool:
    """Say whether a value that was read is the one that was written, to its last digit."""
    if isinstance(given, int | Decimal) and not isinstance(given, bool):
        return text_of(found) == text_of(given)
    return found == given and type(found) is type(given)


# On a machine that is busy the first records take seconds to be drawn.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(RECORDS, st.sampled_from(["", " ", "\n\t"]))
def test_strict_json_is_read_as_it_is_with_every_digit(records: list[dict[str, Any]], blank: str) -> None:
    found = records_of(blank + body_of(records, blank))
    assert [list(one) for one in found] == [list(one) for one in records]
    for one, given_one in zip(found, records, strict=True):
        assert all(same(one[name], value) for name, value in given_one.items())


@given(RECORDS.filter(any), st.data())
def test_a_question_mark_costs_its_own_value_and_no_other(records: list[dict[str, Any]], data: Any) -> None:
    place = data.draw(st.sampled_from([place for place, record in enumerate(records) if record]))
    name = data.draw(st.sampled_from(sorted(records[place])))
    marked = [dict(record) for record in records]
    marked[place][name] = Decimal(0)
    before, _, after = body_of(marked[: place + 1]).rpartition(f"{json.dumps(name)}:0")
    text = f"{before}{json.dumps(name)}:?{after}"[: -len("]}")]
    rest = body_of(records[place + 1 :]).partition("[")[2]
    found = records_of(f"{text}{',' if records[place + 1 :] else ''}{rest}")
    assert found[place][name] is UNREADABLE
    for one, given_one in zip(found, records, strict=True):
        assert all(same(one[key], value) for key, value in given_one.items() if one[key] is not UNREADABLE)
    assert sum(value is UNREADABLE for one in found for value in one.values()) == 1


@settings(deadline=None)
@given(RECORDS, st.sampled_from(["", "\ufeff", "\n\r\n", ")]}',\n", "callback(", "0\r\n"]), st.booleans())
def test_a_body_that_is_cut_anywhere_is_never_taken_for_a_page(
    records: list[dict[str, Any]], before: str, marked: bool
) -> None:
    body = before + body_of(records).replace("null", "?" if marked else "null")
    for cut in range(len(before) + 1, len(body)):
        with pytest.raises(TruncatedAnswer):
            records_of(body[:cut])
    assert len(records_of(body)) == len(records)


@given(st.binary(max_size=60) | st.text('{}[]":,?\\0.5-eE ntrue@', max_size=40).map(str.encode))
def test_no_body_is_answered_with_anything_but_our_own_errors(body: bytes) -> None:
    for text in (body, b'{"value":[{"id":"A","flag":' + body + b"}]}", b'{"value":[{"id":"' + body + b'"}]}'):
        try:
            page = parse_page(text, NAMES)
        except ClientError:
            continue
        for record in page.records:
            text_column([*record.values()])


@given(
    st.lists(st.text(string.ascii_letters + "\\, {}[]:", max_size=9), min_size=2, max_size=4).map('"'.join)
)
def test_a_quote_that_is_not_escaped_costs_its_field_at_most(note: str) -> None:
    body = f'{{"value":[{{"id":"A","Note Type":"x{note}y","flag":1}},{{"id":"B","flag":2}}]}}'
    try:
        found = records_of(body)
    except UnexpectedAnswer:
        return
    if len(found) == 2:
        assert found[1] == {"id": "B", "flag": 2}
        assert found[0]["id"] in ("A", UNREADABLE)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("12345678901234567890", "12345678901234567890"),
        ("9223372036854775808", "9223372036854775808"),
        ("-99999999999999999999999999", "-99999999999999999999999999"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("10000000000000000001.5", "10000000000000000001.5"),
        ("1.50", "1.5"),
        ("1.0", "1"),
        ("-0.0", "0"),
        ("1E+3", "1000"),
        ("25e-4", "0.0025"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("+5", "5"),
        ("5.", "5"),
        ("-5.", "-5"),
        ("5.e2", "500"),
        ("0412345678", "0412345678"),
        ("1e400", "1" + "0" * 400),
        ('"a\tb\x01c"', "a\tb\x01c"),
        (r'"C:\Users\zo\q"', "C:\\Users\\zo\\q"),
        (r'"\ud83d\ude00"', "😀"),
        ('"?"', "?"),
        ('"NaN"', "NaN"),
        ("?", None),
        ("NaN", None),
        ("-Infinity", None),
        ("1e999999999", None),
        ("1e99999999999999999999999", None),
        ("9" * 5000, None),
        ("-", None),
        ("1,5", None),
        ("1 234", None),
        ("2016-10-14", None),
        ("undefined", None),
        ("", None),
        ("{}", None),
        ('["a"]', None),
        ('"he said "no" twice"', None),
        ('"ends in a backslash\\"', None),
        (r'"\u12"', "\\u12"),
    ],
)
def test_a_value_is_read_with_all_its_digits_or_is_null_and_told(written: str, text: str | None) -> None:
    body = f'{{"value":[{{"id":"A","Health Number":{written},"flag":1}},{{"id":"B","flag":2}}]}}'
    first, second = records_of(body)
    column, doubts = text_column([first["Health Number"], "x"])
    assert column.to_pylist() == [text, "x"]
    assert doubts == ({0: "unreadable_value"} if text is None else {})
    assert (first["id"], text_of(first["flag"])) == ("A", "1")
    assert second == {"id": "B", "flag": 2}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'\xef\xbb\xbf{"value":[{"id":"A"}]}', "A"),
        (b'\n\n  {"value":[{"id":"A"}]}\x00\x00', "A"),
        (b')]}\',\n{"value":[{"id":"A"}]}', "A"),
        (b'jsonp({"value":[{"id":"A"}]});', "A"),
        (b'<!-- cached -->{"value":[{"id":"A"}]}', "A"),
        ('{"value":[{"id":"Zoë"}]}'.encode("utf-16"), "Zoë"),
        (b'{"value":[{"id":"Zo\xeb"}]}', "Zo\ufffd"),
        (b'{"value":[{"id":"x\\ud83d"}]}', "x\ufffd"),
        (b'{"value":[{"id":"A","id":"A"}]}', "A"),
        (b'{"value":[{"id":"A","id":"B"}]}', None),
        (b'{"value":[{"id":"A"},]}', "A"),
        (b'{"@odata.count":?,"value":[{"id":"A"}]}', "A"),
        (b'{"value":[{"id":"A"}],"@odata.nextLink":?}', "A"),
    ],
)
def test_what_stands_around_a_page_or_is_said_twice_does_no_harm(body: bytes, found: str | None) -> None:
    [record] = parse_page(body, NAMES).records
    assert text_column([record["id"]])[0].to_pylist() == [found]


@pytest.mark.parametrize(
    "body",
    [b"Service unavailable", b"OK", b'"text"', b"7", b'{"value":[?]}', b'{"value":[{"id":"A"}, 7]}', b"{}"],
)
def test_what_is_whole_and_no_page_is_not_called_cut_short(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        parse_page(body, NAMES)


@pytest.mark.parametrize("body", [b"", b" \n", b"{", b'{"value":[{"id":"A"}', b'{"value":[{"id":"A', b'{"va'])
def test_what_has_no_end_is_called_cut_short(body: bytes) -> None:
    with pytest.raises(TruncatedAnswer):
        parse_page(body, NAMES)


def serving(body: bytes, asked: list[str]) -> Starlette:
    """Serve one body as the page of every entity set, and 3 as its count."""

    def answer(request: Request) -> Response:
        asked.append(request.url.path)
        return Response(b"3" if request.url.path.endswith("$count") else body)

    return Starlette(routes=[Route("/{path:path}", answer)])


def read(
    served: Callable[..., str], client: MakeClient, things: EntitySet, body: bytes
) -> tuple[Extract, int]:
    """Return what a client reads over real HTTP, and how often it asked for a page."""
    asked: list[str] = []
    extract = client(served(serving(body, asked))).extract(things)
    return extract, sum(path.endswith("API_Things") for path in asked)


def test_a_page_that_is_no_strict_json_is_fetched_once_and_read_to_its_end(
    served: Callable[..., str], client: MakeClient, things: EntitySet
) -> None:
    body = (
        b'\xef\xbb\xbf{"@odata.count":3,"value":[{"id":"A","Health Number":12345678901234567890,"flag":?},'
        b'{"id":"B","Health Number":"Zo\xeb","flag":.5},{"id":"C","Health Number":"a\tb","flag":null}]}'
    )
    extract, asked = read(served, client, things, body)
    assert asked == 1
    assert list(extract.rows["Health Number"]) == ["12345678901234567890", "Zo\ufffd", "a\tb"]
    assert extract.rows["flag"].fillna("null").to_list() == ["null", "0.5", "null"]
    assert extract.rows["unreadable"].fillna("").to_list() == [
        '{"flag":"unreadable_value"}',
        '{"Health Number":"unreadable_character"}',
        "",
    ]
    assert (extract.unreadable, extract.retries) == (2, 0)


def test_what_is_whole_and_no_page_is_fetched_once(
    served: Callable[..., str], client: MakeClient, things: EntitySet
) -> None:
    asked: list[str] = []
    with pytest.raises(UnexpectedAnswer, match="no JSON, though it is whole"):
        client(served(serving(b"Service unavailable", asked))).extract(things)
    assert len(asked) == 1


@pytest.mark.parametrize("fault", [Fault.QUESTION_MARKS, Fault.BAD_BYTES])
def test_a_host_whose_pages_have_something_unreadable_gives_every_row_and_says_which(
    fault: Fault, stand_in: Callable[..., str], client: MakeClient, things: EntitySet
) -> None:
    rows = [{"id": f"K{number}", "Health Number": "a note", "flag": 1} for number in range(25)]
    extract = client(stand_in({"API_Things": rows}, [fault])).extract(things)
    assert (len(extract.rows), extract.unreadable) == (25, 3)
    doubtful = extract.rows[extract.rows["unreadable"].notna()]
    if fault is Fault.QUESTION_MARKS:
        assert doubtful["flag"].isna().all()
        assert set(doubtful["unreadable"]) == {'{"flag":"unreadable_value"}'}
    else:
        assert set(doubtful["Health Number"]) == {"a not\ufffd"}
    assert extract.rows["flag"].notna().sum() == (22 if fault is Fault.QUESTION_MARKS else 25)


def test_strict_pages_are_read_at_nearly_the_speed_of_the_parser() -> None:
    record = {
        "id": "0A1B2C3D-0000-4000-8000-000000000000",
        "Health Number": "4",
        "flag": 1,
        "Note Type": "x" * 200,
    }
    body = orjson.dumps({"@odata.count": 5000, "value": [{**record, "ROWID": row} for row in range(5000)]})

    def seconds(parse: Callable[[bytes], object]) -> float:
        took = []
        for _ in range(7):
            began = time.process_time()
            parse(body)
            took.append(time.process_time() - began)
        return min(took)

    assert seconds(lambda text: read_json(text, NAMES)) < 4 * seconds(orjson.loads) + 0.005


def test_a_page_of_question_marks_is_read_in_a_moment() -> None:
    record = '{"id":"K%d","Health Number":?,"flag":.5,"Note Type":"a ""quoted"" word"}'
    body = '{"value":[' + ",".join(record % row for row in range(2000)) + "]}"
    began = time.process_time()
    found = pd.DataFrame(records_of(body))
    assert time.process_time() - began < 2
    assert set(found["Note Type"]) == set(found["Health Number"]) == {UNREADABLE}
    assert list(found["id"]) == [f"K{row}" for row in range(2000)]
