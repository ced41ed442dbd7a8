"""The guard before the UI: each forged form of a request is refused, and the UI's own come through."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nexus_reimport.launching.webserver_guard import LOOPBACK_NAMES, SECURITY_HEADERS, Guard, allowed_hosts

HERE = "http://127.0.0.1:3000"
OWN = {"Origin": HERE, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
QUERY = json.dumps({"query": "{ version }"})
EVERY = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Dagster answered")


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("Dagster answered")


@pytest.fixture(scope="module")
def ui() -> Iterator[str]:
    """A guarded application that answers whatever comes to it; its address."""
    routes = [WebSocketRoute("/graphql", talk), Route("/{path:path}", answer, methods=EVERY)]
    app = Guard(Starlette(routes=routes), LOOPBACK_NAMES)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def status(ui: str, method: str, path: str, headers: Mapping[str, str]) -> int:
    """Ask, with the UI's own address where the headers have `HERE`."""
    given = {name: value.replace(HERE, ui) for name, value in headers.items()}
    content = QUERY if method == "POST" else None
    return int(httpx.request(method, f"{ui}{path}", headers=given, content=content).status_code)


def test_the_ui_s_own_requests_come_through_with_headers_of_safety(ui: str) -> None:
    assert status(ui, "POST", "/graphql", OWN) == HTTPStatus.OK
    page = httpx.get(f"{ui}/runs", headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"})
    assert page.text == "Dagster answered"
    assert all(value in page.headers.get_list(name) for name, value in SECURITY_HEADERS.items())


def test_a_program_that_is_no_browser_may_ask_with_json(ui: str) -> None:
    assert (
        status(ui, "POST", "/graphql", {"Content-Type": "application/json; charset=utf-8"}) == HTTPStatus.OK
    )
    assert status(ui, "POST", "/report_asset_check/a", {"Content-Type": "application/json"}) == HTTPStatus.OK


@pytest.mark.parametrize(
    ("method", "path", "headers", "refused"),
    [
        ("GET", "/graphql?query=mutation", {}, HTTPStatus.METHOD_NOT_ALLOWED),
        ("GET", "/graphql/?query=mutation", {}, HTTPStatus.METHOD_NOT_ALLOWED),
        ("HEAD", "/graphql?query=mutation", {}, HTTPStatus.METHOD_NOT_ALLOWED),
        (
            "GET",
            "/graphql",
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
            HTTPStatus.FORBIDDEN,
        ),
        ("GET", "/runs", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, HTTPStatus.FORBIDDEN),
        ("GET", "/runs", {"Origin": "http://127.0.0.1:8000"}, HTTPStatus.FORBIDDEN),
        ("POST", "/graphql", {**OWN, "Origin": "https://elsewhere.example"}, HTTPStatus.FORBIDDEN),
        ("POST", "/graphql", {**OWN, "Origin": "null"}, HTTPStatus.FORBIDDEN),
        ("POST", "/graphql", {**OWN, "Origin": ""}, HTTPStatus.FORBIDDEN),
        ("POST", "/graphql", {**OWN, "Sec-Fetch-Site": "same-site"}, HTTPStatus.FORBIDDEN),
        (
            "POST",
            "/graphql",
            {**OWN, "Origin": "http://127.0.0.1:3000.elsewhere.example"},
            HTTPStatus.FORBIDDEN,
        ),
        ("POST", "/graphql", {"Content-Type": "text/plain"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (
            "POST",
            "/graphql",
            {"Content-Type": "text/plain; application/json"},
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
        ("POST", "/graphql", {"Content-Type": "application/graphql"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (
            "POST",
            "/graphql",
            {"Content-Type": "multipart/form-data; boundary=x"},
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
        ("POST", "/report_asset_check/a", {}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ("POST", "/graphql", {**OWN, "Host": "rebound.example"}, HTTPStatus.MISDIRECTED_REQUEST),
        ("GET", "/", {"Host": "rebound.example:3000"}, HTTPStatus.MISDIRECTED_REQUEST),
        ("GET", "/", {"Host": "127.0.0.1.rebound.example"}, HTTPStatus.MISDIRECTED_REQUEST),
        ("GET", "/", {"Host": ""}, HTTPStatus.MISDIRECTED_REQUEST),
    ],
)
def test_a_forged_request_never_comes_to_dagster(
    ui: str, method: str, path: str, headers: Mapping[str, str], refused: HTTPStatus
) -> None:
    assert status(ui, method, path, headers) == refused


def test_a_link_in_a_report_leads_to_a_page_and_to_nothing_that_acts(ui: str) -> None:
    followed = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert status(ui, "GET", "/runs/1", followed) == HTTPStatus.OK
    assert status(ui, "GET", "/runs/1", {**followed, "Sec-Fetch-Dest": "iframe"}) == HTTPStatus.FORBIDDEN
    assert status(ui, "GET", "/graphql?query=mutation", followed) == HTTPStatus.METHOD_NOT_ALLOWED
    assert status(ui, "POST", "/graphql", followed) == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "http://127.0.0.1:8000", "null"])
def test_a_websocket_of_another_origin_is_not_opened(ui: str, origin: str) -> None:
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(socket_of(ui), additional_headers={"Origin": origin}),
    ):
        pass


def test_a_websocket_of_the_ui_is_opened(ui: str) -> None:
    with connect(socket_of(ui), additional_headers={"Origin": ui}) as socket:
        assert socket.recv() == "Dagster answered"


def socket_of(ui: str) -> str:
    return ui.replace("http", "ws", 1) + "/graphql"


def test_the_names_of_a_proxy_are_set_and_this_machine_s_own_stay() -> None:
    given = allowed_hosts({"NEXUS_REIMPORT_UI_HOSTS": " Reimport.Clinic.example, ,other.example"})
    assert given == LOOPBACK_NAMES | {"reimport.clinic.example", "other.example"}
    assert allowed_hosts({}) == LOOPBACK_NAMES


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_no_host_but_those_of_the_list_is_answered(host: str) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host.encode())]}
    name = host.lower().rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host.lower()
    expected = None if (name or host) in LOOPBACK_NAMES else HTTPStatus.MISDIRECTED_REQUEST
    refusal = Guard(Starlette(), LOOPBACK_NAMES).refusal(scope)
    assert (refusal and refusal[0]) == expected


def test_two_hosts_in_one_request_are_none() -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")] * 2}
    refusal = Guard(Starlette(), LOOPBACK_NAMES).refusal(scope)
    assert refusal is not None
    assert refusal[0] == HTTPStatus.MISDIRECTED_REQUEST
