"""Each fault does what its description says, at the same requests every time."""

import time
from collections.abc import Callable

import httpx
import orjson

from nexus_reimport.sandbox.filemaker import Fault

Ask = Callable[..., httpx.Response]
Opened = Callable[..., Ask]


def ids(response: httpx.Response) -> str:
    """Return the letters of the records in an answer."""
    return "".join(row["id"][-1] for row in response.json()["value"])


def test_every_fault_has_a_name_and_a_description() -> None:
    assert len(Fault) == 22
    for fault in Fault:
        assert Fault(str(fault)) is fault
        assert len(fault.description) > 20


def test_skip_ignored_sends_the_first_page_for_ever_without_a_link(opened: Opened) -> None:
    ask = opened(Fault.SKIP_IGNORED, page_size=2)
    for query in ("", "?$skip=2", "?$top=1", "?$skip=4&$top=1"):
        answer = ask(f"API_Clinic_Name{query}")
        assert ids(answer) == "CA"
        assert "@odata.nextLink" not in answer.json()


def test_repeated_next_link_points_at_itself_from_the_second_page_on(opened: Opened) -> None:
    ask = opened(Fault.REPEATED_NEXT_LINK, page_size=2)
    link = ask("API_Clinic_Name").json()["@odata.nextLink"]
    second = ask(link)
    assert ids(second) == "BE"
    assert second.json()["@odata.nextLink"] == link


def test_bad_gateways_come_in_bursts(opened: Opened) -> None:
    ask = opened(Fault.BAD_GATEWAY_BURSTS)
    assert [ask("API_event").status_code for _ in range(7)] == [200, 502, 502, 200, 200, 200, 502]


def test_too_many_requests_says_how_long_to_wait(opened: Opened) -> None:
    ask = opened(Fault.TOO_MANY_REQUESTS, retry_after=7)
    answers = [ask("API_event/$count") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 200]
    assert answers[3].headers["Retry-After"] == "7"


def test_every_third_page_is_cut(opened: Opened) -> None:
    ask = opened(Fault.TRUNCATED_BODY)
    whole = []
    for _ in range(6):
        try:
            orjson.loads(ask("API_Clinic_Name").content)
            whole.append(True)
        except (orjson.JSONDecodeError, AssertionError):
            whole.append(False)
    assert whole == [False, True, True, False, True, True]


def test_a_record_goes_while_paging_and_comes_back(opened: Opened) -> None:
    ask = opened(Fault.ROWS_CHANGE_WHILE_PAGING, page_size=2)
    first = ask("API_Clinic_Name?$count=true")
    second = ask(first.json()["@odata.nextLink"])
    assert (ids(first), ids(second), second.json()["@odata.count"]) == ("CA", "ED", 4)
    assert [ask("API_Clinic_Name/$count").text for _ in range(2)] == ["4", "5"]
    assert ids(ask("API_Clinic_Name?$skip=2")) == "BE"


def test_duplicate_rows_are_identical_and_not_counted(opened: Opened) -> None:
    answer = opened(Fault.DUPLICATE_ROWS)("API_Clinic_Name?$count=true")
    assert ids(answer) == "CABEDC"
    assert answer.json()["@odata.count"] == 5


def test_a_short_extract_counts_what_it_never_serves(opened: Opened) -> None:
    ask = opened(Fault.SHORT_EXTRACT)
    assert ids(ask("API_Clinic_Name")) == "CABE"
    assert ids(ask("API_Clinic_Name?$filter=id eq 'ID-D'")) == ""
    assert ask("API_Clinic_Name/$count").text == "5"


def test_slow_answers_keep_waiting(opened: Opened) -> None:
    ask = opened(Fault.SLOW_ANSWERS, slow_seconds=0.2)
    started = time.monotonic()
    assert ask("API_event").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_healthy_stand_in_never_fails(ask: Ask) -> None:
    answers = [ask("API_Clinic_Name?$count=true") for _ in range(12)]
    assert {(answer.status_code, ids(answer)) for answer in answers} == {(200, "CABED")}


def test_what_next_link_points_at_is_refused_by_one_status_after_the_other(opened: Opened) -> None:
    ask = opened(Fault.REFUSED_NEXT_LINK, page_size=2)
    link = ask("API_Clinic_Name").json()["@odata.nextLink"]
    assert [ask(link).status_code for _ in range(5)] == [410, 400, 404, 500, 410]
    assert ids(ask("API_Clinic_Name?$orderby=id&$filter=id gt 'ID-B'")) == "CD"


def test_a_foreign_next_link_leads_to_another_host(opened: Opened) -> None:
    link = opened(Fault.FOREIGN_NEXT_LINK, page_size=2)("API_Clinic_Name").json()["@odata.nextLink"]
    assert link.startswith("https://elsewhere.invalid/")


def test_a_key_that_must_be_quoted_is_refused_bare(opened: Opened) -> None:
    ask = opened(Fault.QUOTED_KEY)
    assert [ask("API_Clinic_Name?$orderby=id").status_code for _ in range(4)] == [400, 403, 404, 500]
    assert ids(ask("API_Clinic_Name?$orderby=%22id%22&$filter=%22id%22 gt 'ID-B'")) == "CDE"


def test_numbers_are_written_oddly_and_one_of_a_page_not_at_all(opened: Opened) -> None:
    odd = opened(Fault.ODD_NUMBERS)("API_Clinic_Name").text
    assert all(written in odd for written in ('"SMS Toggle":1.', '"amount":+10', '":1e0'))
    shown = opened(Fault.QUESTION_MARKS)("API_Clinic_Name").text
    assert shown.count('"SMS Toggle":?') == 1


def test_loose_json_begins_with_what_is_not_its_own_and_ends_so(opened: Opened) -> None:
    body = opened(Fault.LOOSE_JSON)("API_Clinic_Name").content
    assert body.startswith(b"\xef\xbb\xbf)]}',\n{")
    assert body.endswith(b"}\x00\n")


def test_a_bad_byte_is_no_utf8(opened: Opened) -> None:
    assert b'"North Shor\xeb"' in opened(Fault.BAD_BYTES)("API_Clinic_Name").content


def test_a_server_that_is_looked_after_answers_everything_with_a_page(opened: Opened) -> None:
    ask = opened(Fault.WEB_PAGE)
    for path in ("API_Clinic_Name", "API_Clinic_Name/$count", "$metadata"):
        answer = ask(path)
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html")
