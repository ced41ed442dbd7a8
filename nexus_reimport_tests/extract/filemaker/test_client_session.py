"""Signing in, waiting, giving up, and what errors say."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nexus_reimport.exceptions import (
    AccessDenied,
    AuthenticationFailed,
    ClientError,
    ConnectionFailed,
    NotFound,
    PermanentError,
    RequestRefused,
    ServerBusy,
    ServerFailed,
    SettingsRefused,
    TransientError,
    TruncatedAnswer,
)
from nexus_reimport.extract.filemaker import BasicAuth, FileMakerClient, FmidAuth
from nexus_reimport.extract.filemaker.pace import Backoff, RateCap, parse_retry_after
from nexus_reimport.model.filemaker import EntitySet

Scripted = Callable[..., Any]
EMPTY = {"@odata.count": 0, "value": []}


def healthy(request: httpx.Request) -> httpx.Response:
    """Answer like a server with no records."""
    return (
        httpx.Response(200, text="0")
        if request.url.path.endswith("$count")
        else httpx.Response(200, json=EMPTY)
    )


def failing_first(*failures: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    """Fail as told, one failure after the other, then be healthy."""
    left = list(failures)

    def answer(request: httpx.Request) -> httpx.Response:
        if not left:
            return healthy(request)
        failure = left.pop(0)
        if isinstance(failure, Exception):
            raise failure
        return failure

    return answer


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_busy_server_is_asked_again(
    status: int, scripted: Scripted, pauses: list[float], things: EntitySet
) -> None:
    client, _ = scripted(failing_first(httpx.Response(status), httpx.Response(status)))
    assert client.extract(things).retries == 2
    assert len(pauses) == 2


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("incomplete body"),
        httpx.Response(200, content=b'{"value": [{"id'),
        httpx.Response(200, content=b'{"value": [{"id": "A"}'),
        httpx.Response(200, content=b"{"),
        httpx.Response(200, content=b""),
    ],
)
def test_a_broken_answer_is_asked_for_again(
    failure: httpx.Response | Exception, scripted: Scripted, things: EntitySet
) -> None:
    client, _ = scripted(failing_first(failure))
    assert client.extract(things).retries == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, RequestRefused),
        (400, RequestRefused),
        (403, AccessDenied),
        (404, NotFound),
        (409, RequestRefused),
        (500, ServerFailed),
        (501, RequestRefused),
    ],
)
def test_a_refusal_is_final(
    status: int, error: type[ClientError], scripted: Scripted, pauses: list[float], things: EntitySet
) -> None:
    client, script = scripted(lambda _: httpx.Response(status, headers={"Location": "https://x.example/"}))
    with pytest.raises(error, match=f"fms.example.org/fmi/odata/v4/Clinic/API_Things: HTTP {status}"):
        client.extract(things)
    assert len(script.requests) == 1
    assert pauses == []


def test_the_two_families_are_told_apart_by_type() -> None:
    transient = {ServerBusy, ServerFailed, ConnectionFailed, TruncatedAnswer}
    permanent = {AuthenticationFailed, AccessDenied, NotFound, RequestRefused, SettingsRefused}
    assert all(issubclass(error, TransientError) for error in transient)
    assert all(issubclass(error, PermanentError) for error in permanent)
    assert not issubclass(PermanentError, TransientError)


def test_a_server_that_stays_busy_is_given_up_with_advice(
    scripted: Scripted, pauses: list[float], things: EntitySet
) -> None:
    client, script = scripted(lambda _: httpx.Response(503), max_attempts=4)
    with pytest.raises(ServerBusy, match=r"HTTP 503\. Tried 4 times\. Wait until the server is well"):
        client.extract(things)
    assert len(script.requests) == 4
    assert len(pauses) == 3


def test_a_body_that_stays_broken_is_given_up_without_showing_it(
    scripted: Scripted, things: EntitySet
) -> None:
    client, _ = scripted(
        lambda _: httpx.Response(200, content=b'{"value": [{"nameFirst": "Zoe'), max_attempts=2
    )
    with pytest.raises(TruncatedAnswer) as refused:
        client.extract(things)
    error: BaseException | None = refused.value
    while error is not None:
        assert "Zoe" not in f"{error!r} {vars(error)}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_401_asks_for_a_new_token_once(scripted: Scripted, things: EntitySet) -> None:
    tokens = iter(["second"])
    client, script = scripted(
        lambda r: healthy(r) if r.headers["Authorization"] == "FMID second" else httpx.Response(401),
        auth=FmidAuth(" first\n", lambda: next(tokens)),
    )
    assert client.extract(things).retries == 1
    sent = [request.headers["Authorization"] for request in script.requests]
    assert sent == ["FMID first", "FMID second", "FMID second"]


def test_a_renewed_token_that_is_refused_too_is_final(scripted: Scripted, things: EntitySet) -> None:
    tokens = iter(["second", "third"])
    client, script = scripted(lambda _: httpx.Response(401), auth=FmidAuth("first", lambda: next(tokens)))
    with pytest.raises(AuthenticationFailed):
        client.extract(things)
    assert len(script.requests) == 2


def test_the_same_token_again_is_not_sent_again(scripted: Scripted, things: EntitySet) -> None:
    client, script = scripted(lambda _: httpx.Response(401), auth=FmidAuth("first", lambda: "first"))
    with pytest.raises(AuthenticationFailed):
        client.extract(things)
    assert len(script.requests) == 1


def test_errors_of_the_server_are_shown_without_literals_or_long_numbers(
    scripted: Scripted, things: EntitySet
) -> None:
    said = "bad thing at: 'Zoe O''Hara' and \"Smith\" near 0412345678 " + "blah " * 100
    client, _ = scripted(lambda _: httpx.Response(400, json={"error": {"code": "-1002", "message": said}}))
    with pytest.raises(RequestRefused, match=r"code -1002: bad thing at: ") as refused:
        client.extract(things)
    shown = str(refused.value)
    assert not any(private in shown for private in ("Zoe", "Hara", "Smith", "0412345678"))
    assert len(shown) < 400


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"code": [1]}}'])
def test_an_error_without_an_odata_body_still_says_its_status(
    body: bytes, scripted: Scripted, things: EntitySet
) -> None:
    client, _ = scripted(lambda _: httpx.Response(400, content=body))
    with pytest.raises(RequestRefused, match=r"HTTP 400\. The server"):
        client.extract(things)


def test_an_error_with_half_a_body_says_what_it_has(scripted: Scripted, things: EntitySet) -> None:
    client, _ = scripted(lambda _: httpx.Response(404, json={"error": {"code": 802}}))
    with pytest.raises(NotFound, match=r"HTTP 404 \(code 802: no message\)\. Check FILEMAKER_DATABASE"):
        client.extract(things)


@pytest.mark.parametrize(
    "host",
    [
        "http://fms.example.org",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.example.org",
        "ftp://127.0.0.1",
    ],
)
def test_nothing_but_loopback_may_be_asked_in_clear(host: str, client: Callable[..., Any]) -> None:
    with pytest.raises(SettingsRefused, match="in clear"):
        client(host)


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:81", "http://127.9.9.9", "http://[::1]:81", "http://LOCALHOST"]
)
def test_plain_http_to_this_machine_is_allowed(host: str, client: Callable[..., Any]) -> None:
    assert client(host).endpoint.base.scheme == "http"


@pytest.mark.parametrize(
    "host", ["fms.example.org", " fms.example.org:8443 ", "https://fms.example.org/", "127.0.0.1"]
)
def test_https_is_what_a_bare_host_means(host: str, client: Callable[..., Any]) -> None:
    assert client(host).endpoint.base.scheme == "https"
    assert client(host).endpoint.base.path == "/fmi/odata/v4/Clinic/"


@pytest.mark.parametrize(
    "host", ["", "https://", "https://user:hunter-two@fms.example.org", "fms.example.org/fmi", "a:b:c"]
)
def test_what_is_no_host_is_refused_without_showing_a_password(host: str, client: Callable[..., Any]) -> None:
    with pytest.raises(SettingsRefused) as refused:
        client(host)
    assert "hunter-two" not in str(refused.value)


def test_a_database_must_be_named_and_may_have_blanks() -> None:
    auth = BasicAuth("a", "b")
    with pytest.raises(SettingsRefused, match="FILEMAKER_DATABASE"):
        FileMakerClient("fms.example.org", "  ", auth)
    with FileMakerClient("fms.example.org", "My Clinic/2", auth) as client:
        assert str(client.endpoint.base).endswith("/fmi/odata/v4/My%20Clinic%2F2/")
        assert client.endpoint.base.host == "fms.example.org"


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "naïve"])
def test_a_token_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(SettingsRefused, match="FILEMAKER_FMID_TOKEN"):
        FmidAuth(token)


@pytest.mark.parametrize("username", ["", "a:b"])
def test_a_user_name_basic_can_not_carry_is_refused(username: str) -> None:
    with pytest.raises(SettingsRefused, match="FILEMAKER_USERNAME"):
        BasicAuth(username, "x")


def test_basic_takes_any_letters() -> None:
    assert BasicAuth("zoë", "p:ß").header() == "Basic em/DqzpwOsOf"


def test_no_repr_shows_a_secret(client: Callable[..., Any]) -> None:
    secrets = [BasicAuth("a", "hunter-two"), FmidAuth("hunter-two", lambda: "hunter-two")]
    for auth in secrets:
        made = client("fms.example.org", auth)
        assert "hunter-two" not in f"{auth!r} {made!r} {made.session!r} {made.session.http!r}"


def test_requests_are_spaced_by_the_rate() -> None:
    now, pauses = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    cap = RateCap(4.0, clock=lambda: now[0], sleep=sleep)
    cap.wait()
    cap.wait()
    now[0] += 0.1
    cap.wait()
    now[0] += 5.0
    cap.wait()
    assert pauses == pytest.approx([0.25, 0.15])


def test_the_rate_holds_for_a_client(scripted: Scripted, pauses: list[float], things: EntitySet) -> None:
    client, _ = scripted(healthy, requests_per_second=2.0, clock=lambda: 0.0)
    client.extract(things)
    assert pauses == [0.5]


def test_backoff_doubles_up_to_its_cap_with_full_jitter() -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high / 2

    backoff = Backoff(base=1.0, cap=10.0, uniform=uniform)
    assert [backoff.delay(attempt) for attempt in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert asked[0] == (0.0, 1.0)


@pytest.mark.parametrize(("asked", "given"), [(0.0, 8.0), (30.0, 30.0), (9999.0, 120.0)])
def test_retry_after_is_heeded_up_to_its_cap(asked: float, given: float) -> None:
    assert Backoff(uniform=lambda _, high: high).delay(4, asked) == given


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("soon", None),
        ("-1", None),
        ("٣", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:01:40 -0000", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("Thu, 99 Jan 1970 00:00:10 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=lambda: 60.0) == seconds
