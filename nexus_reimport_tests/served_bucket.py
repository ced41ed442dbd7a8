"""A bucket behind a relay that counts what is asked of it and, where told to, answers something else."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store

from nexus_reimport.pictures.thumbnailing import ImageObject
from nexus_reimport.sandbox.object_journal import Composed, ObjectJournal, StoredObject
from nexus_reimport.sandbox.processes import accepts_connections, free_port

BUCKET = "clinic-files"
UPLOADED = datetime(2025, 6, 30, 3, 0, tzinfo=UTC)


@dataclass
class Relay:
    """Passes requests on and writes them down: method and key. `statuses` answers some of them itself.

    `etags` puts another ETag into the answer to a method.
    """

    port: int
    requests: list[tuple[str, str]] = field(default_factory=list)
    statuses: dict[tuple[str, str], int] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self) -> Counter[str]:
        """How often each method was asked for, listings aside."""
        return Counter(method for method, key in self.requests if key)

    def store(self) -> S3Store:
        """The bucket as seen through the relay; nothing is tried twice."""
        return store_at(self.url)

    def put(self, key: str, content: bytes, content_type: str = "image/jpeg") -> ImageObject:
        """Put an object into the bucket and return it as a listing would."""
        answer = obstore.put(self.store(), key, content, attributes={"Content-Type": content_type})
        return ImageObject(key, len(content), str(answer["e_tag"]).strip('"'))


def store_at(url: str) -> S3Store:
    return S3Store(
        BUCKET,
        endpoint=url,
        access_key_id="anybody",
        secret_access_key="anything",  # noqa: S106 - the server takes any
        region="ap-southeast-2",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=2)},
    )


@contextmanager
def served_bucket(
    folder: Path, objects: Mapping[str, bytes | Composed] | None = None, faults: Sequence[str] = ()
) -> Iterator[int]:
    """Serve a bucket as the sandbox does, in a process of its own, with faults by name; give its port."""
    journal = ObjectJournal(folder / "objects.sqlite")
    journal.fill(StoredObject(key, body, UPLOADED) for key, body in (objects or {}).items())
    journal.close()
    port = free_port()
    command = [sys.executable, "-m", "nexus_reimport.sandbox.object_store", "--journal"]
    options = [str(folder / "objects.sqlite"), "--port", str(port), "--bucket", BUCKET]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*command, *options, "--region", "ap-southeast-2", *(f"--fault={name}" for name in faults)],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not accepts_connections(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait(10)


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    """Stand between a client and the server at a port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    relay = Relay(server.server_address[1])
    server.relay, server.behind = relay, port  # type: ignore[attr-defined]  # what handlers look at
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _pass_on(self) -> None:
        server: Any = self.server
        relay: Relay = server.relay
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        key = self.path.partition("?")[0].removeprefix(f"/{BUCKET}").lstrip("/")
        relay.requests.append((self.command, key))
        status = relay.statuses.get((self.command, key))
        if status is not None:
            return self._answer(status, {}, b"")
        connection = HTTPConnection("127.0.0.1", server.behind, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            headers = dict(answer.getheaders())
            content = answer.read()
        finally:
            connection.close()
        if self.command in relay.etags:
            headers["ETag"] = relay.etags[self.command]
        return self._answer(answer.status, headers, content)

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response_only(status)
        length = headers.get("Content-Length", str(len(content)))
        for name, value in {**headers, "Content-Length": length}.items():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on  # noqa: N815 - named by http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by http.server
        """Say nothing."""
