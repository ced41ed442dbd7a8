"""How an entity set is paged and proved complete, with servers scripted to the letter."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import orjson
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.exceptions import RequestRefused, ServerBusy, UnexpectedAnswer
from nexus_reimport.extract.filemaker.endpoint import Endpoint
from nexus_reimport.extract.filemaker.exceptions import (
    EmptyKeys,
    IncompleteExtract,
    MissingFields,
    RowsChangedWhileReading,
    UnreadableValue,
)
from nexus_reimport.model.filemaker import EntitySet

Answer = Callable[[httpx.Request], httpx.Response]
Scripted = Callable[..., Any]


def record(key: str | None, number: object = "1", **more: object) -> dict[str, object]:
    """Return a record of the entity set in `conftest.py`."""
    return {"id": key, "Health Number": number, "flag": None, **more}


def page(records: list[dict[str, object]], **annotations: object) -> httpx.Response:
    """Return a page."""
    notes = {f"@odata.{name}": value for name, value in annotations.items()}
    return httpx.Response(200, content=orjson.dumps({**notes, "value": records}))


def is_count(request: httpx.Request) -> bool:
    return request.url.path.endswith("/$count")


def one_page(records: list[dict[str, object]], *counts: int) -> Answer:
    """Serve one page; count it as told, one number after the other, the last for ever."""
    left = list(counts)

    def answer(request: httpx.Request) -> httpx.Response:
        count = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, text=str(count)) if is_count(request) else page(records, count=count)

    return answer


def by_key_only(keys: list[str], size: int, name: str = "id") -> Answer:
    """Serve pages in key order to who spells the key's name as given; nothing else works."""

    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request):
            return httpx.Response(200, text=str(len(keys)))
        options = parse_qs(request.url.query.decode())
        order = options.get("$orderby", [name])[0]
        after = options.get("$filter", [f"{name} gt ''"])[0].removeprefix(f"{order} gt ")
        if order != name:
            return httpx.Response(400, json={"error": {"code": "-1002", "message": "syntax error"}})
        floor = after[1:-1].replace("''", "'")
        return page([record(key) for key in sorted(keys) if key > floor][:size], count=len(keys))

    return answer


def test_frames_hold_text_columns_named_as_the_properties(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([record("A", 0.5), record("B", 7, extra="x")], 2))
    rows = client.extract(things).rows
    assert list(rows.columns) == ["id", "Health Number", "flag", "CYS_ID", "unreadable"]
    assert set(rows.dtypes) == {pd.ArrowDtype(pa.string())}
    assert list(rows["Health Number"]) == ["0.5", "7"]
    assert rows["CYS_ID"].isna().all()


def test_an_empty_entity_set_is_complete(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([], 0))
    extract = client.extract(things)
    assert (len(extract.rows), extract.declared, extract.duplicates) == (0, 0, 0)
    assert list(extract.rows.columns) == [*things.names, "unreadable"]
    assert set(extract.rows.dtypes) == {pd.ArrowDtype(pa.string())}


def test_requests_keep_the_dollar_sign_and_select_nothing(scripted: Scripted, things: EntitySet) -> None:
    client, script = scripted(one_page([record("A")], 1))
    client.extract(things)
    assert script.queries == ["$count=true", ""]
    assert script.requests[0].url.path == "/fmi/odata/v4/Clinic/API_Things"
    assert script.requests[1].url.path == "/fmi/odata/v4/Clinic/API_Things/$count"


@pytest.mark.parametrize("link", ["API_Things?$skip=1", "/fmi/odata/v4/Clinic/API_Things?$skip=1"])
def test_a_relative_next_link_is_followed(link: str, scripted: Scripted, things: EntitySet) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request):
            return httpx.Response(200, text="2")
        return (
            page([record("B")]) if "skip" in str(request.url) else page([record("A")], count=2, nextLink=link)
        )

    client, _ = scripted(answer)
    extract = client.extract(things)
    assert list(extract.rows["id"]) == ["A", "B"]
    assert extract.paging == "next_link"


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/API_Things", "http://fms.example.org/x", "//fms.example.org:port", 7]
)
def test_credentials_never_follow_a_link_to_another_host(
    link: object, scripted: Scripted, things: EntitySet
) -> None:
    honest = by_key_only(["A", "B", "C"], 2)

    def answer(request: httpx.Request) -> httpx.Response:
        if "count=true" in str(request.url):
            return page([record("A")], count=3, nextLink=link)
        return honest(request)

    client, script = scripted(answer)
    extract = client.extract(things)
    assert {request.url.host for request in script.requests} == {"fms.example.org"}
    assert {request.url.scheme for request in script.requests} == {"https"}
    assert list(extract.rows["id"]) == ["A", "B", "C"]
    assert extract.paging == "by_key"


def test_links_that_never_end_but_bring_nothing_new_are_left(scripted: Scripted, things: EntitySet) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request):
            return httpx.Response(200, text="3")
        link = f"API_Things?$skiptoken={len(script.requests)}"
        return page([record("A"), record("B")], count=3, nextLink=link)

    client, script = scripted(answer)
    with pytest.raises(IncompleteExtract, match=r"2 of 3 records received, 1 missing"):
        client.extract(things)
    assert len(script.requests) < 30


def test_keys_with_quotes_and_signs_are_written_as_literals(scripted: Scripted, things: EntitySet) -> None:
    keys = ["A'1", "B&C=2", "C D+3", "D#4", "É%5"]
    client, script = scripted(by_key_only(keys, 2))
    extract = client.extract(things)
    assert list(extract.rows["id"]) == keys
    assert any("$orderby=id&$filter=id%20gt%20'B%26C%3D2'" in query for query in script.queries)


def test_a_name_in_double_quotes_is_tried_where_the_bare_one_is_refused(
    scripted: Scripted, things: EntitySet
) -> None:
    client, script = scripted(by_key_only(["A", "B", "C"], 2, '"id"'))
    assert len(client.extract(things).rows) == 3
    assert "$orderby=%22id%22" in script.queries


def test_a_server_that_knows_no_order_is_refused_as_incomplete(scripted: Scripted, things: EntitySet) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request):
            return httpx.Response(200, text="3")
        return httpx.Response(501) if "orderby" in str(request.url) else page([record("A")], count=3)

    client, _ = scripted(answer)
    with pytest.raises(IncompleteExtract, match="1 of 3"):
        client.extract(things)


def test_a_count_asked_for_alone_serves_where_pages_have_none(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(
        lambda r: httpx.Response(200, text="\ufeff 1\n") if is_count(r) else page([record("A")])
    )
    assert client.extract(things).declared == 1


def test_keys_that_differ_by_case_only_are_one_row(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([record("ab"), record("AB"), record("c")], 2))
    extract = client.extract(things)
    assert list(extract.rows["id"]) == ["ab", "c"]
    assert extract.duplicates == 1


@pytest.mark.parametrize(("one", "other"), [("1", "2"), ("1", None), (None, "1")])
def test_one_key_with_two_contents_is_refused_by_name(
    one: object, other: object, scripted: Scripted, things: EntitySet
) -> None:
    client, script = scripted(one_page([record("AB", one), record("c"), record("ab", other)], 2))
    with pytest.raises(RowsChangedWhileReading, match=r"API_Things: 1 keys .*\(ab\)"):
        client.extract(things)
    assert len(script.requests) == 6


def test_long_lists_of_keys_are_cut(scripted: Scripted, things: EntitySet) -> None:
    records = [record(f"K{number}", content) for number in range(9) for content in ("1", "2")]
    client, _ = scripted(one_page(records, 9))
    with pytest.raises(RowsChangedWhileReading, match=r"9 keys .*\(k0, k1, k2, k3, k4, …\)"):
        client.extract(things)


def test_a_count_that_moved_makes_it_read_again_after_a_pause(
    scripted: Scripted, pauses: list[float], things: EntitySet
) -> None:
    client, _ = scripted(one_page([record("A"), record("B")], 2, 3, 2))
    assert client.extract(things).readings == 2
    assert len(pauses) == 1


def test_a_count_that_keeps_moving_is_refused(
    scripted: Scripted, pauses: list[float], things: EntitySet
) -> None:
    client, script = scripted(one_page([record("A"), record("B")], 2, 3, 2, 3, 2, 3, 2))
    with pytest.raises(RowsChangedWhileReading, match="2 records became 3"):
        client.extract(things)
    assert len(script.requests) == 6
    assert len(pauses) == 2


def test_more_rows_than_counted_are_refused(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([record("A"), record("B")], 1))
    with pytest.raises(RowsChangedWhileReading, match="1 records became 2"):
        client.extract(things)


def test_rows_without_a_key_are_refused_and_counted(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([record("A"), record(None), record("  "), record("")], 4))
    with pytest.raises(EmptyKeys, match="API_Things: 3 records have no id"):
        client.extract(things)


def test_a_needed_field_that_never_comes_is_named(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([{"id": "A", "flag": None}], 1))
    with pytest.raises(MissingFields, match="API_Things: no record has the field 'Health Number'"):
        client.extract(things)


def test_an_object_in_place_of_a_value_costs_that_value_alone(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(one_page([record("A", {"secret": "name"}), record("B")], 2))
    extract = client.extract(things)
    assert extract.rows["Health Number"].isna().to_list() == [True, False]
    assert extract.rows["unreadable"].fillna("").to_list() == ['{"Health Number":"unreadable_value"}', ""]
    assert extract.unreadable == 1


@pytest.mark.parametrize("readable", [0, 1])
def test_a_field_of_which_nothing_can_be_read_is_refused_by_name(
    readable: int, scripted: Scripted, things: EntitySet
) -> None:
    records = [record(f"K{number}", {"secret": "name"}) for number in range(10)]
    records += [record(f"R{number}") for number in range(readable)]
    client, _ = scripted(one_page(records, len(records)))
    if readable:
        assert client.extract(things).unreadable == 10
        return
    with pytest.raises(
        UnreadableValue, match="API_Things: not one value of the field 'Health Number'"
    ) as refused:
        client.extract(things)
    assert "secret" not in str(refused.value)


def test_a_key_that_can_not_be_read_is_counted_as_such(scripted: Scripted, things: EntitySet) -> None:
    body = b'{"@odata.count": 2, "value": [{"id": "A", "Health Number": 1, "flag": 1}, {"id": ?, "flag": 1}]}'
    client, _ = scripted(lambda r: httpx.Response(200, content=b"2" if is_count(r) else body))
    with pytest.raises(
        EmptyKeys, match=r"API_Things: 1 records have no id, 1 of them one that can't be read\."
    ):
        client.extract(things)


def test_progress_is_told_after_each_page(scripted: Scripted, things: EntitySet) -> None:
    told: list[tuple[int, int | None]] = []
    answer = by_key_only(["A", "B", "C"], 2)
    client, _ = scripted(answer, on_progress=lambda received, declared: told.append((received, declared)))
    client.extract(things)
    assert told == [(2, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"value": 1}', b'{"value": [1]}', b"null"])
def test_json_that_is_no_page_is_refused_at_once(
    body: bytes, scripted: Scripted, pauses: list[float], things: EntitySet
) -> None:
    client, _ = scripted(lambda _: httpx.Response(200, content=body))
    with pytest.raises(UnexpectedAnswer, match="no list of records"):
        client.extract(things)
    assert pauses == []


def test_a_count_that_is_no_number_is_refused(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(lambda r: httpx.Response(200, text="many") if is_count(r) else page([record("A")]))
    with pytest.raises(UnexpectedAnswer, match="not a number"):
        client.extract(things)


def test_a_refused_link_is_not_taken_for_an_end(scripted: Scripted, things: EntitySet) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            page([record("A")], count=2, nextLink="?x")
            if request.url.query == b"$count=true"
            else httpx.Response(400)
        )

    client, _ = scripted(answer)
    with pytest.raises(RequestRefused):
        client.extract(things)


def test_loose_json_with_half_an_emoji_is_read(scripted: Scripted, things: EntitySet) -> None:
    body = b'{"@odata.count": 1, "value": [{"id": "A", "Health Number": "x\\ud83d", "flag": "a\x0bb"}]}'
    client, _ = scripted(
        lambda r: httpx.Response(200, text="1") if is_count(r) else httpx.Response(200, content=body)
    )
    row = client.extract(things).rows.iloc[0]
    assert (row["Health Number"], row["flag"]) == ("x\ufffd", "a\x0bb")


@pytest.mark.parametrize(
    ("name", "status"),
    [*((name, status) for name in ("id", '"id"') for status in (400, 403, 404, 410, 500, 501)), ("id", 503)],
)
def test_a_link_and_a_spelling_that_are_refused_give_way_whatever_the_status(
    name: str, status: int, scripted: Scripted, things: EntitySet
) -> None:
    honest = by_key_only(list("ABCDE"), 2, name)

    def answer(request: httpx.Request) -> httpx.Response:
        query = request.url.query.decode()
        if "skiptoken" in query:
            return httpx.Response(status)
        if query == "$count=true":
            return page([record("A"), record("B")], count=5, nextLink="API_Things?$skiptoken=1")
        found = honest(request)
        return httpx.Response(status) if found.status_code == 400 else found

    client, script = scripted(answer, max_attempts=2)
    extract = client.extract(things)
    assert list(extract.rows["id"]) == list("ABCDE")
    assert extract.paging == "by_key"
    assert sum("skiptoken" in query for query in script.queries) == (2 if status == 503 else 1)


def test_a_server_that_goes_down_while_it_is_paged_is_not_asked_in_every_way_there_is(
    scripted: Scripted, things: EntitySet
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        first = request.url.query == b"$count=true"
        return page([record("A")], count=3, nextLink="?$skiptoken=1") if first else httpx.Response(503)

    client, script = scripted(answer, max_attempts=3)
    with pytest.raises(ServerBusy, match=r"HTTP 503\. Tried 3 times\."):
        client.extract(things)
    assert len(script.requests) == 1 + 3 + 3


def test_what_was_refused_on_the_way_is_told_of_a_short_extract(
    scripted: Scripted, things: EntitySet
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request):
            return httpx.Response(200, text="3")
        query = request.url.query.decode()
        return page([record("A")], count=3) if "orderby=id" not in query else httpx.Response(418)

    client, _ = scripted(answer)
    with pytest.raises(IncompleteExtract, match=r"1 of 3 records .* Refused on the way: .*HTTP 418"):
        client.extract(things)


@pytest.mark.parametrize(
    "links",
    [
        ["?page=2", "?page=1", "?page=2"],
        ["?page=2", "?$count=true"],
        ["API_Things?$count=true"],
        [""],
        ["#"],
        ["https://fms.example.org:443/fmi/odata/v4/Clinic/API_Things?$count=true"],
    ],
)
def test_links_that_lead_round_and_round_are_left_for_keys(
    links: list[str], scripted: Scripted, things: EntitySet
) -> None:
    honest = by_key_only(list("ABC"), 2)
    turns = iter(range(100))

    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request) or "orderby" in str(request.url):
            return honest(request)
        turn = next(turns)
        return page([record("AB"[turn % 2])], count=3, nextLink=links[turn % len(links)])

    client, script = scripted(answer)
    assert sorted(client.extract(things).rows["id"]) == list("ABC")
    assert len(script.requests) < 12


def test_links_that_bring_more_than_there_are_end(scripted: Scripted, things: EntitySet) -> None:
    turns = iter(range(10_000))

    def answer(request: httpx.Request) -> httpx.Response:
        if is_count(request):
            return httpx.Response(200, text="3")
        turn = next(turns)
        return page([record(f"K{turn}")], count=3, nextLink=f"?page={turn}")

    client, script = scripted(answer)
    with pytest.raises(RowsChangedWhileReading, match="3 records became 4"):
        client.extract(things)
    assert len(script.requests) < 20


@given(st.text(max_size=40) | st.text("/?#@:[]%\\.ahtps0 ", max_size=30).map("https:".__add__))
def test_no_link_takes_credentials_elsewhere_or_breaks_anything(link: str) -> None:
    base = Endpoint.at("fms.example.org", "Clinic")
    found = base.follow(base.records("API_Things", count="true"), link)
    assert found is None or (found.scheme, found.host, found.userinfo) == ("https", "fms.example.org", b"")
