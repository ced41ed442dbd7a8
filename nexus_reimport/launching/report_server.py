"""Serves the stored reports to a browser at this machine, read-only, for as long as the UI runs."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from nexus_reimport.exceptions import StorageFailed
from nexus_reimport.storage.report_store import ReportStore, is_report_name

LOOPBACK = "127.0.0.1"
_MODULE = "nexus_reimport.launching.report_server"
STORAGE = "NEXUS_REIMPORT_STORAGE"
_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}
_PR_SET_PDEATHSIG = 1
# A page has its own style and pictures in it, and may load nothing, run nothing and be framed by nobody.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def start_beside(listening: socket.socket) -> subprocess.Popen[bytes]:
    """Serve the reports at an open socket from a process of its own, which ends with this one."""
    command = [sys.executable, "-m", _MODULE, str(listening.fileno()), str(os.getpid())]
    return subprocess.Popen(command, pass_fds=[listening.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603 - our own


def listen_from(port: int) -> socket.socket:
    """Return a socket that listens on a loopback address at the port, or at the next free one."""
    for candidate in range(port, port + 100):
        listening = socket.socket()
        try:
            listening.bind((LOOPBACK, candidate))
            listening.listen()
        except OSError:
            listening.close()
        else:
            return listening
    message = f"No free port from {port} on; name another with --port."
    raise OSError(message)


class ReportServer(ThreadingHTTPServer):
    """The server of a store's reports, at a socket that listens already."""

    daemon_threads = True

    def __init__(self, store: ReportStore, listening: socket.socket) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.store = listening, store
        port = listening.getsockname()[1]
        self.hosts = {f"{LOOPBACK}:{port}", f"localhost:{port}"}


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of `/{run id}.html` and `.json`; nothing else is there."""

    server: ReportServer
    timeout = 30
    server_version = "reports"
    sys_version = ""

    def do_GET(self) -> None:
        """Send a report."""
        self._answer()

    def do_HEAD(self) -> None:
        """Say whether a report is there."""
        self._answer()

    def do_POST(self) -> None:
        """Refuse: nothing here can be changed."""
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, b"Reports can only be read.\n", "text/plain")

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_POST  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Say nothing: the terminal is Dagster's."""

    def _answer(self) -> None:
        # A page elsewhere could have its own name point at this machine; the browser still sends that name.
        if self.headers.get("Host") not in self.server.hosts:
            self._send(HTTPStatus.FORBIDDEN, b"Not under this name.\n", "text/plain")
            return
        name = self.path.removeprefix("/")
        try:
            content = self.server.store.read(name) if is_report_name(name) else None
        except StorageFailed:
            self._send(HTTPStatus.BAD_GATEWAY, b"The storage can't be reached.\n", "text/plain")
            return
        if content is None:
            self._send(HTTPStatus.NOT_FOUND, b"There is no such report.\n", "text/plain")
            return
        self._send(HTTPStatus.OK, content, _TYPES[name.rpartition(".")[2]])

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for header, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(content))}.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def main() -> None:
    """Serve at the socket whose number is given, until the process whose id is given ends."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    # Who started the UI may have been deaf to this, and the kernel sends it when the UI ends.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with(parent)
    # Ctrl-C is for the UI, and this ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ReportServer(ReportStore(os.environ[STORAGE]), socket.socket(fileno=descriptor)).serve_forever()


def _end_with(parent: int) -> None:
    """Have the kernel end this process when its parent does, however that ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(0)


if __name__ == "__main__":
    main()
