"""The stand-in speaks OData as the real server does: pages, options, counts, errors, accounts."""

from collections.abc import Callable
from xml.etree import ElementTree

import httpx
import pytest

from nexus_reimport.sandbox.filemaker import Fault

Ask = Callable[..., httpx.Response]


def ids(response: httpx.Response) -> str:
    """Return the letters of the records in an answer."""
    assert response.status_code == 200, response.text
    return "".join(row["id"][-1] for row in response.json()["value"])


def test_records_come_in_the_order_of_their_making_with_their_own_names_and_types(ask: Ask) -> None:
    answer = ask("API_Clinic_Name").json()
    assert answer["value"][0] == {
        "id": "ID-C",
        "Name": "North Shore",
        "SMS Toggle": 1,
        "id_key": None,
        "amount": 10,
    }
    assert "@odata.count" not in answer
    assert "@odata.nextLink" not in answer
    assert answer["@odata.context"].endswith("/$metadata#API_Clinic_Name")


def test_next_links_lead_through_all_pages_and_keep_the_options(opened: Callable[..., Ask]) -> None:
    ask = opened(page_size=2)
    answer, seen = ask("API_Clinic_Name?$count=true&$filter=id ne 'x'"), ""
    while True:
        seen += ids(answer)
        assert answer.json()["@odata.count"] == 5
        if "@odata.nextLink" not in answer.json():
            break
        answer = ask(answer.json()["@odata.nextLink"])
    assert seen == "CABED"


def test_counts_ignore_top_and_skip(ask: Ask) -> None:
    answer = ask("API_Clinic_Name?$count=true&$top=2&$skip=1")
    assert ids(answer) == "AB"
    assert answer.json()["@odata.count"] == 5
    alone = ask("API_Clinic_Name/$count")
    assert (alone.text, alone.headers["content-type"]) == ("5", "text/plain; charset=utf-8")
    assert ask("API_event/$count").text == "0"


def test_top_above_the_page_size_goes_on_by_links(opened: Callable[..., Ask]) -> None:
    ask = opened(page_size=2)
    first = ask("API_Clinic_Name?$top=3")
    second = ask(first.json()["@odata.nextLink"])
    assert ids(first) + ids(second) == "CAB"
    assert "@odata.nextLink" not in second.json()


@pytest.mark.parametrize(
    ("order", "letters"),
    [
        ("id", "ABCDE"),
        ('"id" desc', "EDCBA"),
        ("Name", "EBCAD"),
        ("amount asc", "DEABC"),
        ("SMS Toggle desc,id", "BCEAD"),
    ],
)
def test_order_puts_null_first_and_regards_no_case(order: str, letters: str, ask: Ask) -> None:
    assert ids(ask(f"API_Clinic_Name?$orderby={order}")) == letters


@pytest.mark.parametrize(
    ("expression", "letters"),
    [
        ("id gt 'id-b'", "CED"),
        ("id lt 'ID-B'", "A"),
        ("Name eq 'O''Hara''s'", "A"),
        ("Name eq 'EAST'", "B"),
        ("Name eq null", "E"),
        ("Name ne null and SMS Toggle eq 1", "CB"),
        ('"SMS Toggle" eq null', "AD"),
        ("amount gt 9", "CB"),
        ("amount gt 9 and amount lt 10", "B"),
        ("id eq 'ID-A' or id eq 'ID-B' and Name eq 'West'", "A"),
        ("(id eq 'ID-A' or id eq 'ID-D') and Name eq 'West'", "D"),
        ("ROWID eq 2", "A"),
        ("Name gt null", ""),
        ("amount ne 9", "CBED"),
    ],
)
def test_filters_choose_as_the_real_ones_do(expression: str, letters: str, ask: Ask) -> None:
    assert ids(ask(f"API_Clinic_Name?$filter={expression}")) == letters


def test_select_gives_only_what_is_named_row_ids_included(ask: Ask) -> None:
    answer = ask('API_Clinic_Name?$select=id,"SMS Toggle",ROWID,ROWMODID&$top=1')
    assert answer.json()["value"] == [{"id": "ID-C", "SMS Toggle": 1, "ROWID": 1, "ROWMODID": 1}]
    assert "ROWID" not in ask("API_Clinic_Name").text


@pytest.mark.parametrize(
    "query",
    [
        "$select=nothing",
        "$orderby=nothing",
        "$filter=nothing eq 1",
        "$filter=",
        "$filter=id",
        "$filter=id eq",
        "$filter=id eq 'open",
        "$filter=id eq 'a' and",
        "$filter=(id eq 'a'",
        "$filter=id eq 'a')",
        "$filter=id eq (",
        "$filter=id like 'a'",
        "$top=many",
        "$skip=-1",
        "$expand=all",
    ],
)
def test_a_query_that_can_not_be_followed_is_a_400_with_a_code(query: str, ask: Ask) -> None:
    answer = ask(f"API_Clinic_Name?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("102", "-1002")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("API_Nothing", "-1002"),
        ("API_Nothing/$count", "-1002"),
        ("/fmi/odata/v4/Other/API_event", "802"),
        ("/fmi/odata/v4/Other/$metadata", "802"),
    ],
)
def test_what_does_not_exist_is_a_404(path: str, code: str, ask: Ask) -> None:
    answer = ask(path if path.startswith("API") else f"http://sandbox{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    "path", ["API_event", "API_event/$count", "$metadata", "http://sandbox/sandbox/token"]
)
def test_nobody_comes_in_without_an_account(path: str, ask: Ask) -> None:
    method = "POST" if path.endswith("token") else "GET"
    for auth in (None, ("importer", "wrong"), ("wrong", "only-for-these-tests")):
        answer = ask(path, method, auth=auth)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "212")


def test_tokens_come_in_and_strange_ones_do_not(ask: Ask) -> None:
    assert ask("API_event", fmid="good-token").status_code == 200
    assert ask("API_event", fmid="bad-token").status_code == 401


def test_a_worn_out_token_stays_out_and_the_password_gets_the_next(opened: Callable[..., Ask]) -> None:
    ask = opened(Fault.TOKEN_EXPIRES, credential_life=2)
    said = [ask("API_event", fmid="good-token").status_code for _ in range(4)]
    assert said == [200, 200, 401, 401]
    fresh = ask("http://sandbox/sandbox/token", "POST").json()["token"]
    assert fresh != "good-token"
    assert ask("API_event", fmid=fresh).status_code == 200


def test_a_worn_out_password_works_again_after_one_refusal(opened: Callable[..., Ask]) -> None:
    ask = opened(Fault.TOKEN_EXPIRES, credential_life=2)
    assert [ask("API_event").status_code for _ in range(5)] == [200, 200, 401, 200, 200]


def test_a_token_that_is_good_is_handed_out_again(ask: Ask) -> None:
    assert ask("http://sandbox/sandbox/token", "POST").json() == {"token": "good-token"}


def test_metadata_lies_as_the_real_server_does(ask: Ask) -> None:
    root = ElementTree.fromstring(ask("$metadata").text)  # noqa: S314  our own document
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    types = {one.get("Name"): one for one in root.iter(f"{edm}EntityType")}
    clinics = {one.get("Name"): one.get("Type") for one in types["API_Clinic_Name_"].iter(f"{edm}Property")}
    assert clinics["id.key"] == "Edm.String"
    assert clinics["SMS Toggle"] == "Edm.Decimal"
    assert "id_key" not in clinics
    docs = {one.get("Name"): one.get("Type") for one in types["API_Docs_"].iter(f"{edm}Property")}
    assert (docs["Type"], docs["Doc"]) == ("Edm.Date", "Edm.Stream")
    assert types["API_event_"].find(f"{edm}Key") is None
    assert types["API_Docs_"].find(f"{edm}Key") is not None


def test_health_needs_no_account(ask: Ask) -> None:
    assert ask("http://sandbox/sandbox/health", auth=None).text == "ok"
