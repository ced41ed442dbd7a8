"""A wrong host or account: found out by the first who asks, in seconds, told once, by its cause."""

import datetime
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from nexus_reimport.exceptions import (
    AccessDenied,
    AuthenticationFailed,
    CertificateRefused,
    ClientError,
    ConnectionFailed,
    NotFound,
    RequestRefused,
    ServerBusy,
    WebPageAnswered,
)
from nexus_reimport.extract.filemaker import AccountState, BasicAuth, FileMakerClient, FmidAuth
from nexus_reimport.extract.filemaker import session as session_module
from nexus_reimport.model.filemaker import ENTITY_SETS, EntitySet
from nexus_reimport.sandbox.filemaker import create_app
from nexus_reimport_tests.extract.filemaker.test_client_tls import self_signed

MakeClient = Callable[..., FileMakerClient]
Serve = Callable[..., str]
WRONG = BasicAuth("importer", "not-the-password")


class Asked:
    """A server that answers everything alike, and knows how often and by whom it was asked."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.credentials: list[str] = []

    async def respond(self, request: Request) -> Response:
        self.credentials.append(request.headers.get("Authorization", ""))
        return self.answer(request)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.respond)])


def refusal(status: int, code: str = "", message: str = "") -> Callable[[Request], Response]:
    body = {"error": {"code": code, "message": message}}
    return lambda _: JSONResponse(body, status_code=status)


def told(call: Callable[[], object]) -> tuple[ClientError, float]:
    """Return what a call is refused with, and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value, time.monotonic() - began


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address where nothing answers a connection: the queue of its port is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"
        for one in waiting:
            one.close()


@pytest.mark.parametrize("way", ["one after the other", "in threads"])
def test_a_wrong_password_is_sent_twice_in_all_by_seven_extracts(
    way: str, served: Serve, client: MakeClient
) -> None:
    asked = Asked(refusal(401, "212", "Invalid user account and/or password; please try again"))
    host, standing = served(asked.app), AccountState()
    clients = [client(host, WRONG, standing=standing) for _ in ENTITY_SETS]
    pairs = list(zip(clients, ENTITY_SETS, strict=True))
    with ThreadPoolExecutor(7 if way == "in threads" else 1) as threads:
        refusals = list(threads.map(lambda pair: told(lambda: pair[0].extract(pair[1]))[0], pairs))
    assert len(asked.credentials) == 2
    assert {type(one) for one in refusals} == {AuthenticationFailed}
    [said] = {str(one) for one in refusals}
    assert said == (
        "127.0.0.1: HTTP 401 (code 212: Invalid user account and/or password; please try again). Check the "
        "user name and password (FILEMAKER_USERNAME, FILEMAKER_PASSWORD), and that the account is active. "
        "They are not tried again, since some hosts lock the account."
    )


def test_a_wrong_token_is_sent_once(served: Serve, client: MakeClient) -> None:
    asked = Asked(refusal(401))
    standing = AccountState()
    host = served(asked.app)
    for _ in range(3):
        error, _ = told(lambda: client(host, FmidAuth("stale"), standing=standing).prove(ENTITY_SETS))
        assert "get a new FMID token" in str(error)
    assert len(asked.credentials) == 1


def test_a_password_changed_while_a_run_goes_on_is_tried_twice(
    served: Serve, client: MakeClient, things: EntitySet
) -> None:
    counted = []

    def answer(request: Request) -> Response:
        counted.append(request.url.path)
        return PlainTextResponse("1") if len(counted) == 1 else JSONResponse({}, status_code=401)

    standing = AccountState()
    host = served(Asked(answer).app)
    client(host, standing=standing).prove([things])
    for _ in range(4):
        assert isinstance(
            told(lambda: client(host, standing=standing).extract(things))[0], AuthenticationFailed
        )
    assert len(counted) == 3


def test_a_credential_that_is_refused_once_and_taken_then_is_no_refusal(
    served: Serve, client: MakeClient, things: EntitySet
) -> None:
    turns = iter(range(100))

    def answer(request: Request) -> Response:
        if next(turns) % 2 == 0:
            return JSONResponse({}, status_code=401)
        return PlainTextResponse("0") if request.url.path.endswith("$count") else JSONResponse({"value": []})

    made = client(served(Asked(answer).app))
    made.prove([things])
    assert len(made.extract(things).rows) == 0


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (
            "https://fms.nobody.invalid",
            "fms.nobody.invalid: there is no host of this name, or no name server",
        ),
        ("http://127.0.0.1:1", "127.0.0.1: port 1 refuses the connection."),
    ],
)
def test_a_host_that_is_not_there_is_told_by_its_cause_within_seconds(
    host: str, said: str, client: MakeClient
) -> None:
    made = client(host, sleep=time.sleep)
    error, seconds = told(lambda: made.prove(ENTITY_SETS))
    assert isinstance(error, ConnectionFailed)
    assert str(error).startswith(said)
    assert str(error).endswith(
        "Check FILEMAKER_HOST, the network of this machine, and that the server is up."
    )
    assert seconds < 10
    again, seconds = told(lambda: made.extract(ENTITY_SETS[0]))
    assert (str(again), seconds < 0.5) == (str(error), True)


def test_an_address_where_nothing_answers_is_given_up_within_seconds(
    black_hole: str, client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "KNOCK", httpx.Timeout(5.0, connect=0.2))
    error, seconds = told(lambda: client(black_hole).prove(ENTITY_SETS))
    assert "nothing answers at port" in str(error)
    assert seconds < 3


def test_seven_threads_wait_for_a_dead_host_as_long_as_one(black_hole: str, client: MakeClient) -> None:
    standing, began = AccountState(), time.monotonic()

    def refused(entity_set: EntitySet) -> str:
        made = client(black_hole, standing=standing, sleep=time.sleep)
        return str(told(lambda: made.extract(entity_set))[0])

    with ThreadPoolExecutor(7) as threads:
        assert len(set(threads.map(refused, ENTITY_SETS))) == 1
    assert time.monotonic() - began < 12


def test_a_server_that_takes_connections_and_says_nothing_is_given_up_within_seconds(
    silent: str, client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "KNOCK", httpx.Timeout(0.3))
    monkeypatch.setattr(session_module, "FIRST_SECONDS", 0.2)
    error, seconds = told(lambda: client(silent).prove(ENTITY_SETS))
    assert "it is connected, but the answer timed out" in str(error)
    assert seconds < 1


def test_a_name_server_that_does_not_answer_has_a_clock_beside_it(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(session_module, "KNOCK_SECONDS", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20))
    standing = AccountState()
    error, seconds = told(lambda: client("fms.example.org", standing=standing).prove(ENTITY_SETS))
    over.set()
    assert "fms.example.org: nothing came back within 0.3 s, not even its address." in str(error)
    assert seconds < 3
    assert told(lambda: client("fms.example.org", standing=standing).extract(ENTITY_SETS[0]))[1] < 1


def test_a_server_that_has_answered_is_waited_for_when_it_goes_down(
    served: Serve, client: MakeClient, things: EntitySet, pauses: list[float]
) -> None:
    standing = AccountState()
    client(served(Asked(lambda _: PlainTextResponse("1")).app), standing=standing).prove([things])
    gone = client("http://127.0.0.1:1", standing=standing)
    error, _ = told(lambda: gone.extract(things))
    assert "refuses the connection. Tried 8 times. Wait until the server is well" in str(error)
    assert len(pauses) == 7
    told(lambda: gone.extract(things))
    assert len(pauses) == 7


def test_a_busy_server_is_one_that_is_there(served: Serve, client: MakeClient, pauses: list[float]) -> None:
    asked = Asked(lambda _: Response("Bad Gateway", status_code=502))
    standing = AccountState()
    host = served(asked.app)
    client(host, standing=standing).prove(ENTITY_SETS)
    assert (len(asked.credentials), pauses) == (1, [])
    error, _ = told(lambda: client(host, standing=standing).extract(ENTITY_SETS[0]))
    assert isinstance(error, ServerBusy)
    assert len(asked.credentials) == 9
    # It has been waited for; the other entity sets do not wait as long again.
    assert str(told(lambda: client(host, standing=standing).extract(ENTITY_SETS[1]))[0]) == str(error)
    assert len(asked.credentials) == 9


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (refusal(404, "802", "Unable to open file"), NotFound, "Check FILEMAKER_DATABASE"),
        (refusal(403, "9", "Insufficient privileges"), AccessDenied, "extended privilege fmodata"),
        (lambda _: Response(status_code=302, headers={"Location": "/login"}), RequestRefused, "redirects"),
        (lambda _: Response(status_code=400), RequestRefused, "HTTP 400"),
    ],
)
def test_what_is_refused_for_every_table_is_told_once(
    answer: Callable[[Request], Response],
    kind: type[ClientError],
    said: str,
    served: Serve,
    client: MakeClient,
) -> None:
    asked = Asked(answer)
    error, _ = told(lambda: client(served(asked.app)).prove(ENTITY_SETS))
    assert type(error) is kind
    assert said in str(error)
    assert str(error).endswith("It is so with every table that was asked for.")
    assert len(asked.credentials) == 7


def test_a_table_that_may_not_be_read_does_not_stand_for_all(served: Serve, client: MakeClient) -> None:
    def answer(request: Request) -> Response:
        return refusal(403)(request) if "API_Contacts/" in request.url.path else PlainTextResponse("11")

    asked = Asked(answer)
    client(served(asked.app)).prove(ENTITY_SETS)
    assert len(asked.credentials) == 2


@pytest.mark.parametrize(
    "page",
    [
        "<!DOCTYPE html><html><style>body {color: red}</style>Sign in to the guest network</html>",
        "\n  <html><head><title>Maintenance</title></head></html>",
        '\ufeff<?xml version="1.0"?><note>{"value": []}</note>',
    ],
)
def test_a_page_for_people_is_no_data_and_no_reason_to_ask_again(
    page: str, served: Serve, client: MakeClient, things: EntitySet
) -> None:
    asked = Asked(lambda _: HTMLResponse(page))
    host = served(asked.app)
    for call in (lambda: client(host).prove([things]), lambda: client(host).extract(things)):
        error, _ = told(call)
        assert type(error) is WebPageAnswered
        assert "a web page came in place of data" in str(error)
        assert "guest network" not in str(error)
    assert len(asked.credentials) == 2


def test_an_error_that_is_told_in_xml_is_told_too(served: Serve, client: MakeClient) -> None:
    body = (
        '<?xml version="1.0"?><m:error xmlns:m="x"><m:code>212</m:code>'
        "<m:message>(212): Invalid account of 'Zoe'</m:message></m:error>"
    )
    error, _ = told(lambda: client(served(Asked(lambda _: Response(body, 401)).app)).prove(ENTITY_SETS))
    assert "HTTP 401 (code 212: (…): Invalid account of …)" in str(error)


@pytest.mark.parametrize(
    ("address", "ended", "said"),
    [
        ("127.0.0.1", None, "is not trusted"),
        ("127.0.0.2", None, "is for another name"),
        ("127.0.0.1", datetime.timedelta(minutes=-1), "has expired"),
    ],
)
def test_each_fault_of_a_certificate_is_its_own(
    address: str,
    ended: datetime.timedelta | None,
    said: str,
    tmp_path: Path,
    served: Serve,
    client: MakeClient,
) -> None:
    options: dict[str, Any] = {"ends": ended} if ended else {}
    files = self_signed(tmp_path, address, **options)
    app = create_app({}, database="Clinic", username="a", password="b")  # noqa: S106 - nobody's
    host = served(app, ssl_certfile=str(files[0]), ssl_keyfile=str(files[1]))
    bundle = None if said == "is not trusted" else str(files[0])
    error, seconds = told(lambda: client(host, ca_bundle=bundle).prove(ENTITY_SETS))
    assert isinstance(error, CertificateRefused)
    assert said in str(error)
    assert seconds < 5


def test_a_port_that_speaks_no_tls_is_told(served: Serve, client: MakeClient) -> None:
    plain = served(Asked(lambda _: PlainTextResponse("1")).app)
    error, _ = told(lambda: client(plain.replace("http:", "https:")).prove(ENTITY_SETS))
    assert "does not speak TLS" in str(error)


def test_a_connection_that_is_broken_off_is_told(client: MakeClient) -> None:
    def break_off(_: httpx.Request) -> httpx.Response:
        message = "peer closed connection"
        raise httpx.RemoteProtocolError(message)

    made = client("fms.example.org", transport=httpx.MockTransport(break_off))
    assert "the server broke off before its answer was whole" in str(told(lambda: made.prove(ENTITY_SETS))[0])
