"""Every fault of a FileMaker host, over real HTTP: the right result or a clear refusal, never a short one."""

from collections.abc import Callable

import httpx
import pandas as pd
import pytest

from nexus_reimport.exceptions import AuthenticationFailed, ConnectionFailed, WebPageAnswered
from nexus_reimport.extract.filemaker import BasicAuth, Extract, FileMakerClient, FmidAuth
from nexus_reimport.extract.filemaker.exceptions import IncompleteExtract
from nexus_reimport.model.filemaker import BY_ASSET, EntitySet
from nexus_reimport.sandbox.filemaker import Fault

Rows = list[dict[str, object]]
MakeClient = Callable[..., FileMakerClient]
StandIn = Callable[..., str]
REFUSED = {Fault.SHORT_EXTRACT, Fault.WEB_PAGE}
LOSSY = {Fault.QUESTION_MARKS, Fault.BAD_BYTES}
HARMLESS = [fault for fault in Fault if fault not in REFUSED | LOSSY]


def assert_whole(extract: Extract, rows: Rows) -> None:
    """Every row is there once, with its values as text."""
    assert extract.declared == len(rows) == len(extract.rows)
    found = {row["id"]: (row["Health Number"], row["flag"]) for row in extract.rows.to_dict("records")}
    for row in rows:
        number, flag = found[row["id"]]
        assert number == row["Health Number"]
        assert (flag == "1") if row["flag"] else pd.isna(flag)


@pytest.mark.parametrize("fault", HARMLESS)
@pytest.mark.parametrize("way", ["basic", "fmid"])
def test_a_host_with_a_fault_still_gives_every_row(
    fault: Fault, way: str, stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    host = stand_in({"API_Things": rows}, [fault], credential_life=2)

    def renew() -> str:
        answer = httpx.post(f"{host}/sandbox/token", auth=("importer", "only-for-these-tests"))
        return str(answer.json()["token"])

    auth = FmidAuth("first-token", renew) if way == "fmid" else None
    assert_whole(client(host, auth).extract(things), rows)


def test_a_host_with_all_faults_at_once_still_gives_every_row(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    extract = client(stand_in({"API_Things": rows}, HARMLESS), max_attempts=12).extract(things)
    assert_whole(extract, rows)
    assert extract.retries > 0


def test_a_healthy_host_is_read_by_its_links_without_asking_twice(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    extract = client(stand_in({"API_Things": rows})).extract(things)
    assert_whole(extract, rows)
    assert (extract.pages, extract.received, extract.retries, extract.duplicates) == (3, 25, 0, 0)
    assert (extract.paging, extract.readings) == ("next_link", 1)
    assert list(extract.rows["id"]) == [row["id"] for row in rows]


def test_a_host_that_ignores_skip_is_read_by_key(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    extract = client(stand_in({"API_Things": rows}, [Fault.SKIP_IGNORED])).extract(things)
    assert extract.paging == "by_key"
    assert (extract.received, extract.duplicates, extract.pages) == (25, 0, 4)
    assert list(extract.rows["id"]) == sorted(str(row["id"]) for row in rows)


def test_a_link_that_repeats_is_asked_once(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    extract = client(stand_in({"API_Things": rows}, [Fault.REPEATED_NEXT_LINK])).extract(things)
    assert extract.paging == "by_key"
    assert extract.pages == 2 + 3


def test_messages_are_paged_by_their_own_key(stand_in: StandIn, client: MakeClient) -> None:
    messages = BY_ASSET["messages"]
    rows: Rows = [
        {**dict.fromkeys(messages.names), "_kp_MessageID": f"KEY-{number:03d}"} for number in range(23)
    ]
    host = stand_in({"API_Messages": rows}, [Fault.SKIP_IGNORED])
    extract = client(host).extract(messages)
    assert sorted(extract.rows["_kp_MessageID"]) == [f"KEY-{number:03d}" for number in range(23)]


def test_a_short_extract_is_refused_and_says_how_many_are_missing(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    host = stand_in({"API_Things": rows}, [Fault.SHORT_EXTRACT])
    with pytest.raises(IncompleteExtract, match=r"API_Things: 24 of 25 records received, 1 missing"):
        client(host).extract(things)


def test_rows_that_change_while_paging_are_read_again(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    extract = client(stand_in({"API_Things": rows}, [Fault.ROWS_CHANGE_WHILE_PAGING])).extract(things)
    assert_whole(extract, rows)
    assert extract.readings == 2


def test_records_sent_twice_become_one_row(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    extract = client(stand_in({"API_Things": rows}, [Fault.DUPLICATE_ROWS])).extract(things)
    assert (extract.received, extract.duplicates) == (28, 3)
    assert_whole(extract, rows)


def test_a_request_to_wait_is_heeded(
    stand_in: StandIn, client: MakeClient, pauses: list[float], things: EntitySet, rows: Rows
) -> None:
    host = stand_in({"API_Things": rows}, [Fault.TOO_MANY_REQUESTS], retry_after=90)
    extract = client(host).extract(things)
    assert extract.retries == 1
    assert pauses[-1] == 90


def test_an_answer_slower_than_the_limit_is_asked_for_again_and_then_given_up(
    stand_in: StandIn, client: MakeClient, pauses: list[float], things: EntitySet, rows: Rows
) -> None:
    host = stand_in({"API_Things": rows}, [Fault.SLOW_ANSWERS], slow_seconds=0.3)
    impatient = client(host, timeout=httpx.Timeout(0.05), max_attempts=3)
    with pytest.raises(ConnectionFailed, match=r"timed out.*Tried 3 times"):
        impatient.extract(things)
    assert len(pauses) == 2


def test_an_expired_token_without_a_way_to_a_new_one_is_refused(
    stand_in: StandIn, client: MakeClient, things: EntitySet, rows: Rows
) -> None:
    host = stand_in({"API_Things": rows}, [Fault.TOKEN_EXPIRES], credential_life=2)
    with pytest.raises(AuthenticationFailed, match="get a new FMID token"):
        client(host, FmidAuth("first-token")).extract(things)


def test_a_wrong_password_is_tried_twice_and_not_shown(
    stand_in: StandIn, client: MakeClient, pauses: list[float], things: EntitySet, rows: Rows
) -> None:
    host = stand_in({"API_Things": rows})
    with pytest.raises(AuthenticationFailed) as refused:
        client(host, BasicAuth("importer", "hunter-two")).extract(things)
    assert "hunter-two" not in str(refused.value)
    assert pauses == []


def test_a_closed_port_is_a_passing_failure(client: MakeClient, things: EntitySet) -> None:
    with pytest.raises(ConnectionFailed, match="Tried 2 times"):
        client("http://127.0.0.1:9", max_attempts=2).extract(things)


@pytest.mark.parametrize("more", [[], [Fault.QUOTED_KEY], [Fault.QUOTED_KEY, Fault.BAD_GATEWAY_BURSTS]])
@pytest.mark.parametrize("fault", [Fault.REFUSED_NEXT_LINK, Fault.FOREIGN_NEXT_LINK, Fault.SKIP_IGNORED])
def test_a_host_whose_links_lead_nowhere_is_read_by_key_however_its_name_is_spelled(
    fault: Fault,
    more: list[Fault],
    stand_in: StandIn,
    client: MakeClient,
    things: EntitySet,
    rows: Rows,
) -> None:
    host = stand_in({"API_Things": rows}, [fault, *more])
    for _ in range(4):
        extract = client(host).extract(things)
        assert_whole(extract, rows)
        assert extract.paging == "by_key"


def test_a_host_that_is_looked_after_is_refused_at_once(
    stand_in: StandIn, client: MakeClient, pauses: list[float], things: EntitySet, rows: Rows
) -> None:
    with pytest.raises(WebPageAnswered, match="a web page came in place of data"):
        client(stand_in({"API_Things": rows}, [Fault.WEB_PAGE])).extract(things)
    assert pauses == []
