"""The FileMaker client: hand it an entity set, get a complete extract or an error that says what to do."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx
import pandas as pd

from nexus_reimport.exceptions import (
    AccessDenied,
    ClientError,
    NotFound,
    RequestRefused,
    ServerBusy,
    ServerFailed,
)
from nexus_reimport.extract.filemaker.account_state import AccountState
from nexus_reimport.extract.filemaker.auth import Auth
from nexus_reimport.extract.filemaker.endpoint import Endpoint
from nexus_reimport.extract.filemaker.pace import Backoff, RateCap
from nexus_reimport.extract.filemaker.pages import parse_count
from nexus_reimport.extract.filemaker.reading import Paging, Progress, Reader, Reading
from nexus_reimport.extract.filemaker.session import Session, open_http
from nexus_reimport.model.filemaker import EntitySet
from nexus_reimport.model.loopback import is_loopback

TIMEOUT = httpx.Timeout(120.0, connect=15.0)


@dataclass(frozen=True)
class Extract:
    """One complete reading of an entity set.

    `rows`: one row per key, a text column per field and the column `unreadable`, in the order of arrival.
    `unreadable`: how many rows hold a value that is not FileMaker's. `declared`: what `$count` said
    before and after. `received`: all rows that came, of which `duplicates` were repeats. `pages` and
    `retries` are those of every attempt together, `readings` the number of attempts.
    """

    rows: pd.DataFrame = field(repr=False)
    pages: int
    declared: int
    received: int
    retries: int
    duplicates: int
    paging: Paging
    readings: int = 1
    unreadable: int = 0


def ignore_progress(_received: int, _declared: int | None) -> None:
    """Take note of nothing."""


class FileMakerClient:
    """Reads entity sets of one hosted FileMaker database over OData v4.

    `host`: a host name, `host:port` or an origin; https, or plain http to loopback only. `ca_bundle`: a PEM
    file of the authorities to trust instead of the public ones. `requests_per_second` caps the rate,
    `max_attempts` bounds one request, `max_readings` bounds the attempts at a stable reading.
    `on_progress(received, declared)` is called after each page. Clients of one run share a `standing`. Rates
    are per second, pauses in seconds. Raises SettingsRefused for settings that are unsafe or can't be used.
    """

    def __init__(
        self,
        host: str,
        database: str,
        auth: Auth,
        *,
        ca_bundle: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        requests_per_second: float = 5.0,
        max_attempts: int = 8,
        max_readings: int = 3,
        backoff: Backoff | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_progress: Progress = ignore_progress,
        standing: AccountState | None = None,
    ) -> None:
        self.endpoint = Endpoint.at(host, database)
        self.on_progress = on_progress
        self.max_readings = max_readings
        proxied = not is_loopback(self.endpoint.base.host)
        self.session = Session(
            http=open_http(ca_bundle, transport, timeout, proxied=proxied),
            auth=auth,
            rate_cap=RateCap(requests_per_second, clock, sleep),
            backoff=backoff or Backoff(),
            max_attempts=max_attempts,
            standing=standing or AccountState(),
            sleep=sleep,
            clock=clock,
        )

    def prove(self, entity_sets: Sequence[EntitySet]) -> None:
        """Raise what every extract would meet: no host, no account, no database, no right to any table.

        The first entity set that can be counted is proof enough, and so is a server that says it is busy.
        """
        refusals: list[ClientError] = []
        for entity_set in entity_sets:
            try:
                self.session.knock(self.endpoint.count(entity_set.entity), parse_count)
            except (AccessDenied, NotFound, RequestRefused) as refusal:
                refusals.append(refusal)
            except (ServerBusy, ServerFailed):
                return
            else:
                return
        if refusals:
            raise type(refusals[0])(f"{refusals[0]} It is so with every table that was asked for.")

    def extract(self, entity_set: EntitySet) -> Extract:
        """Return all records of an entity set, proved complete.

        The distinct keys received equal `{entity}/$count` asked before and after; otherwise everything is
        read again, a few times. Identical repeats of a record become one row.

        Raises IncompleteExtract (short every time), RowsChangedWhileReading (never stable, or one key with
        two contents), EmptyKeys, MissingFields, and the errors of `nexus_reimport.exceptions`.
        """
        retries = self.session.retries
        reader = Reader(self.session, self.endpoint, entity_set, self.on_progress)
        for attempt in range(1, self.max_readings + 1):
            reading = self.read(reader)
            problem = reading.problem()
            if problem is None:
                return made_extract(reading, reader.pages, self.session.retries - retries, attempt)
            if attempt < self.max_readings:
                self.session.sleep(self.session.backoff.delay(attempt))
        raise problem or AssertionError("at least one reading")

    def read(self, reader: Reader) -> Reading:
        """Return one reading; where the server stays busy, no other extract waits as long again."""
        try:
            return reader.read()
        except ServerBusy as error:
            raise self.session.standing.refuse_all(error) from None

    def close(self) -> None:
        """Close the connections."""
        self.session.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FileMakerClient({str(self.endpoint.base)!r})"


def made_extract(reading: Reading, pages: int, retries: int, readings: int) -> Extract:
    """Return the extract of a reading that has no problem."""
    collection = reading.collection
    return Extract(
        rows=collection.frame(),
        pages=pages,
        declared=reading.count_after,
        received=collection.received,
        retries=retries,
        duplicates=collection.received - collection.distinct,
        paging=reading.paging,
        readings=readings,
        unreadable=collection.doubtful,
    )
