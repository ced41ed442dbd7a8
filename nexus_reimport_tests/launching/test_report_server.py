"""The reports beside the UI: read-only, on this machine alone, nothing but reports, and gone with the UI."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import psutil
import pytest

from nexus_reimport.launching.report_server import HEADERS, LOOPBACK, ReportServer, listen_from
from nexus_reimport.launching.webserver import serve_reports
from nexus_reimport.storage.report_store import ReportStore

RUN = "0f4c2a1e-2222-4444-8888-aaaaaaaaaaaa"
Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """A storage with one report, and frames beside it that are nobody's business."""
    ReportStore(str(tmp_path)).save(RUN, "<p>all is well</p>", b'{"version": 1}')
    (tmp_path / "frames" / "secret.html").write_text("a patient's row")
    (tmp_path / "reports" / "notes.txt").write_text("a patient's row")
    return tmp_path


@pytest.fixture
def port(storage: Path) -> Iterator[int]:
    listening = listen_from(18370)
    server = ReportServer(ReportStore(str(storage)), listening)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield listening.getsockname()[1]
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def ask(port: int) -> Iterator[Ask]:
    opened = []

    def request(path: str, method: str = "GET", host: str | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
        opened.append(connection)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or f"{LOOPBACK}:{port}")
        connection.endheaders()
        return connection.getresponse()

    yield request
    for connection in opened:
        connection.close()


def test_a_report_is_sent_with_strict_headers(ask: Ask) -> None:
    page, record = ask(f"/{RUN}.html"), ask(f"/{RUN}.json")
    assert (page.status, page.read()) == (HTTPStatus.OK, b"<p>all is well</p>")
    assert page.getheader("Content-Type") == "text/html; charset=utf-8"
    assert (record.status, record.read()) == (HTTPStatus.OK, b'{"version": 1}')
    for answer in (page, record, ask("/nothing")):
        assert {name: answer.getheader(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]


def test_asking_for_the_head_sends_no_body(ask: Ask) -> None:
    answer = ask(f"/{RUN}.html", "HEAD")
    assert (answer.status, answer.read(), answer.getheader("Content-Length")) == (HTTPStatus.OK, b"", "18")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/reports/",
        "/notes.txt",
        "/../frames/secret.html",
        "/..%2fframes%2fsecret.html",
        "/%2e%2e/frames/secret.html",
        "/../../../../etc/passwd",
        "//etc/passwd",
        "/..\\frames\\secret.html",
        f"/{RUN}.html/../../frames/secret.html",
        f"/{RUN}.html?x",
        f"/{RUN}.html%00",
        f"/{RUN}",
        "/00000000-0000-0000-0000-000000000000.html",
        "http://example.org/",
    ],
)
def test_nothing_but_reports_is_there(ask: Ask, path: str) -> None:
    answer = ask(path)
    assert answer.status == HTTPStatus.NOT_FOUND
    assert b"patient" not in answer.read()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(ask: Ask, storage: Path, method: str) -> None:
    assert ask(f"/{RUN}.html", method).status == HTTPStatus.METHOD_NOT_ALLOWED
    assert (storage / "reports" / f"{RUN}.html").read_text() == "<p>all is well</p>"


def test_it_answers_under_no_other_name(ask: Ask, port: int) -> None:
    assert ask(f"/{RUN}.html", host=f"evil.example:{port}").status == HTTPStatus.FORBIDDEN
    assert ask(f"/{RUN}.html", host=LOOPBACK).status == HTTPStatus.FORBIDDEN
    assert ask(f"/{RUN}.html", host=f"localhost:{port}").status == HTTPStatus.OK


def test_it_listens_on_this_machine_alone_and_passes_over_a_taken_port() -> None:
    first = listen_from(18470)
    second = listen_from(first.getsockname()[1])
    assert first.getsockname()[0] == second.getsockname()[0] == "127.0.0.1"
    assert second.getsockname()[1] > first.getsockname()[1]
    first.close()
    second.close()


def test_a_link_out_of_the_folder_is_not_followed(ask: Ask, storage: Path) -> None:
    other = RUN.replace("0", "1")
    (storage / "reports" / f"{other}.html").symlink_to(storage / "frames" / "secret.html")
    assert ask(f"/{other}.html").status == HTTPStatus.NOT_FOUND
    assert ask(f"/{RUN}.html").status == HTTPStatus.OK
    (storage / "reports").rename(storage / "elsewhere")
    (storage / "reports").symlink_to(storage / "elsewhere")
    assert ask(f"/{RUN}.html").status == HTTPStatus.NOT_FOUND


def test_a_storage_that_fails_is_told_as_such(ask: Ask, storage: Path) -> None:
    (storage / "reports").rename(storage / "elsewhere")
    (storage / "reports").write_text("")
    assert ask(f"/{RUN}.html").status == HTTPStatus.BAD_GATEWAY


def test_it_serves_from_a_process_of_its_own(storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_REIMPORT_STORAGE", str(storage))
    address, child = serve_reports(18570)
    try:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
        connection.request("GET", f"/{RUN}.html")
        assert connection.getresponse().read() == b"<p>all is well</p>"
        connection.close()
        listening = {
            one.laddr.ip for one in psutil.Process(child.pid).net_connections() if one.status == "LISTEN"
        }
        assert listening == {"127.0.0.1"}
    finally:
        child.terminate()
        child.wait(10)


def test_it_ends_with_the_ui_however_that_ends(storage: Path) -> None:
    """As `serve_ui` does it: the parent becomes another program, and is then killed."""
    code = (
        "import os, sys; from nexus_reimport.launching.webserver import serve_reports; "
        "address, child = serve_reports(18670); print(child.pid, address, flush=True); "
        "os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    environ = {**os.environ, "NEXUS_REIMPORT_STORAGE": str(storage)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as parent:  # noqa: S603 - our own
        assert parent.stdout is not None
        pid, address = parent.stdout.readline().split()
        server = psutil.Process(int(pid))
        _wait_until_answered(address)
        assert server.is_running()
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    _gone, alive = psutil.wait_procs([server], timeout=10)
    assert alive == []


def _wait_until_answered(address: str) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    for _ in range(200):
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            if connection.recv(20):
                return
        time.sleep(0.05)
    raise AssertionError(address)
