"""Where faults are met: a sandbox that is published, servers that answer wrongly, roles that lack rights."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import psycopg

SECRET = "geheim"  # noqa: S105 - never a password of anything
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"


@dataclass(frozen=True)
class World:
    """The sandbox's environment; ports that say nothing, hang up or answer with a page; an empty folder."""

    environment: Mapping[str, str]
    silent: int
    hanging_up: int
    page: int
    folder: Path

    @property
    def _nexus(self) -> SplitResult:
        return urlsplit(self.environment["NEXUS_DATABASE_URL"])

    def nexus(
        self,
        role: str = "nexus",
        password: str | None = None,
        host: str = "127.0.0.1",
        port: int | None = None,
        database: str = "nexus",
        query: str = "",
    ) -> str:
        """Return the URL of Nexus's database, with some of it another."""
        given = self._nexus.password if password is None else password
        return f"postgresql://{role}:{given}@{host}:{port or self._nexus.port}/{database}{query}"

    def dagster(self, **changed: object) -> str:
        """Return the URL of Dagster's database, with some of it another."""
        url = self.nexus(**{"role": "dagster", "database": "dagster", **changed})  # type: ignore[arg-type]
        return url.replace("postgresql:", "postgresql+psycopg2:")

    def as_superuser(self, *statements: str) -> None:
        """Run statements in Nexus's database as the one who may do all."""
        with psycopg.connect(self.nexus("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @property
    def secrets(self) -> list[str]:
        """Everything that no line may have."""
        named = [value for name, value in self.environment.items() if "PASSWORD" in name or "SECRET" in name]
        return [SECRET, str(self._nexus.password), *named]


@contextmanager
def wrong_servers() -> Iterator[tuple[int, int, int]]:
    """Yield the ports of servers of this machine: one silent, one that hangs up, one with a page."""
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        ports = [silent.getsockname()[1]]
        for answer in (b"", PAGE):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            threading.Thread(target=_answer_all, args=(server, answer), daemon=True).start()
            ports.append(server.getsockname()[1])
        yield ports[0], ports[1], ports[2]


def _answer_all(server: socket.socket, answer: bytes) -> None:
    while True:
        try:
            caller, _ = server.accept()
        except OSError:
            return
        with caller:
            if answer:
                caller.recv(65536)
                caller.sendall(answer)


Change = Callable[[World], Mapping[str, str]]
