"""A FileMaker stand-in over real HTTP, and clients that wait for nothing but it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from nexus_reimport.extract.filemaker import BasicAuth, FileMakerClient, FmidAuth
from nexus_reimport.model.filemaker import EntitySet, Field
from nexus_reimport.sandbox.filemaker import FaultPlan, create_app

DATABASE, USERNAME, PASSWORD, TOKEN = "Clinic", "importer", "only-for-these-tests", "first-token"
PAGE_SIZE = 10
Rows = list[dict[str, object]]
Serve = Callable[..., str]
MakeClient = Callable[..., FileMakerClient]


@pytest.fixture
def things() -> EntitySet:
    """An entity set with a blank in a name and an optional field."""
    fields = (Field("id"), Field("Health Number"), Field("flag"), Field("CYS_ID", optional=True))
    return EntitySet(asset="things", entity="API_Things", key="id", fields=fields)


@pytest.fixture
def rows() -> Rows:
    """Twenty-five records, not in the order of their keys: three pages of ten."""
    return [
        {
            "id": f"{number * 7 % 25:02d}AB-O'NEIL",
            "Health Number": f"{number}",
            "flag": 1 if number % 2 else None,
        }
        for number in range(25)
    ]


@pytest.fixture
def served() -> Iterator[Serve]:
    """Start stand-ins on free loopback ports; stop them in the end."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Starlette, **options: Any) -> str:
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", **options)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        return f"{'https' if options else 'http'}://127.0.0.1:{port}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def stand_in(served: Serve) -> Callable[..., str]:
    """Start a stand-in that serves rows by entity set in pages of ten, with faults."""

    def start(entities: dict[str, Rows], faults: Sequence[Any] = (), **figures: Any) -> str:
        plan = FaultPlan(faults, **{"slow_seconds": 0.02, "retry_after": 3, **figures})
        app = create_app(
            entities,
            database=DATABASE,
            username=USERNAME,
            password=PASSWORD,
            fmid_tokens=[TOKEN],
            page_size=PAGE_SIZE,
            plan=plan,
        )
        return served(app)

    return start


@pytest.fixture
def pauses() -> list[float]:
    """Every pause, in seconds, that a client has asked for."""
    return []


@pytest.fixture
def client(pauses: list[float]) -> Iterator[MakeClient]:
    """Make clients that note their pauses in place of sleeping; close them in the end."""
    opened: list[FileMakerClient] = []

    def make(host: str, auth: BasicAuth | FmidAuth | None = None, **options: Any) -> FileMakerClient:
        settings: dict[str, Any] = {"requests_per_second": 1e9, "sleep": pauses.append, **options}
        made = FileMakerClient(host, DATABASE, auth or BasicAuth(USERNAME, PASSWORD), **settings)
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()


class Script:
    """A server in a function: answers by a rule, remembers what it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    @property
    def queries(self) -> list[str]:
        """The query strings asked for, as sent."""
        return [request.url.query.decode() for request in self.requests]


@pytest.fixture
def scripted(client: MakeClient) -> Callable[..., tuple[FileMakerClient, Script]]:
    """Make a client of a scripted server, and that script."""

    def make(
        answer: Callable[[httpx.Request], httpx.Response], **options: Any
    ) -> tuple[FileMakerClient, Script]:
        script = Script(answer)
        made = client("fms.example.org", transport=httpx.MockTransport(script), **options)
        return made, script

    return make
