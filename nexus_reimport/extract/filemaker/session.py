"""One signed-in conversation with a server: every request is paced, retried and judged here."""

import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from nexus_reimport.exceptions import (
    AuthenticationFailed,
    CertificateRefused,
    ClientError,
    ConnectionFailed,
    SettingsRefused,
    TransientError,
)
from nexus_reimport.extract.filemaker.account_state import AccountState
from nexus_reimport.extract.filemaker.auth import Auth
from nexus_reimport.extract.filemaker.http_errors import connection_error, refusal_of
from nexus_reimport.extract.filemaker.pace import Backoff, RateCap
from nexus_reimport.extract.filemaker.pages import describe_error

Parsed = TypeVar("Parsed")

# A server that has answered may be down for a minute and is waited for. One that never has is given up, so
# that a wrong name ends a run within 15 seconds, a command's own start included.
FIRST_TRIES, FIRST_SECONDS, FIRST_CONNECT = 3, 3.0, 4.0
KNOCK, KNOCK_SECONDS = httpx.Timeout(6.0, connect=FIRST_CONNECT), 8.0
NOT_REACHED = "Check FILEMAKER_HOST, the network of this machine, and that the server is up."


@dataclass
class Session:
    """Asks with one httpx client. `retries` counts every request that had to be repeated."""

    http: httpx.Client
    auth: Auth
    rate_cap: RateCap
    backoff: Backoff
    max_attempts: int
    standing: AccountState
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    retries: int = field(default=0, init=False)

    def fetch(self, url: httpx.URL, parse: Callable[[bytes], Parsed]) -> Parsed:
        """Return what `parse` makes of the answer's body, asking again after what may pass by itself.

        Raises a TransientError once the attempts are used up, a PermanentError at once; and at once whatever
        another client of the run was refused for all.
        """
        with self.standing.turn():
            return self.ask(url, parse, self.max_attempts)

    def knock(self, url: httpx.URL, parse: Callable[[bytes], Parsed]) -> Parsed:
        """Like `fetch`, as the first question of a run: once, and given up where nothing answers in seconds.

        httpx bounds connecting and waiting, but not the look-up of a name, so that has a clock beside it.
        """
        with self.standing.turn():
            found: Future[Parsed] = Future()

            def ask() -> None:
                try:
                    found.set_result(self.ask(url, parse, 1, KNOCK))
                except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
                    found.set_exception(error)

            threading.Thread(target=ask, daemon=True).start()
            try:
                return found.result(KNOCK_SECONDS)
            except TimeoutError:
                message = f"{url.host}: nothing came back within {KNOCK_SECONDS:g} s, not even its address."
                raise self.standing.refuse_all(ConnectionFailed(f"{message} {NOT_REACHED}")) from None

    def ask(
        self,
        url: httpx.URL,
        parse: Callable[[bytes], Parsed],
        attempts: int,
        timeout: httpx.Timeout | None = None,
    ) -> Parsed:
        """Return what `parse` makes of the answer's body, asking so many times at most."""
        began, attempt = self.clock(), 1
        while True:
            try:
                return parse(self.answer(url, timeout or self.timeout()).content)
            except TransientError as error:
                pause = self.backoff.delay(attempt, error.retry_after)
                if isinstance(error, ConnectionFailed) and not self.standing.reached:
                    is_over = attempt >= self.first_tries() or self.clock() - began >= FIRST_SECONDS
                    error.advice = NOT_REACHED
                else:
                    is_over = attempt >= attempts or not error.repeatable
                if is_over:
                    raise self.given_up(error.after(attempt)) from error.__cause__
            self.retries += 1
            attempt += 1
            self.sleep(pause)

    def given_up(self, error: TransientError) -> ClientError:
        """Return an error that no further try will mend; who has no connection has none for anybody."""
        return self.standing.refuse_all(error) if isinstance(error, ConnectionFailed) else error

    def first_tries(self) -> int:
        """Return how many times a server that never answered is asked."""
        return min(FIRST_TRIES, self.max_attempts)

    def timeout(self) -> httpx.Timeout:
        """Return how long to wait; less for a connection to a server that never answered."""
        usual = self.http.timeout
        if self.standing.reached or usual.connect is None:
            return usual
        connect = min(usual.connect, FIRST_CONNECT)
        return httpx.Timeout(connect=connect, read=usual.read, write=usual.write, pool=usual.pool)

    def answer(self, url: httpx.URL, timeout: httpx.Timeout) -> httpx.Response:
        """Return a 200 answer, having signed in anew after a 401, once."""
        response = self.request(url, timeout)
        if response.status_code == 401:
            response = self.signed_in_anew(url, timeout, response)
        if response.status_code != 200:
            raise refusal_of(response)
        return response

    def signed_in_anew(
        self, url: httpx.URL, timeout: httpx.Timeout, refused: httpx.Response
    ) -> httpx.Response:
        """Return the answer to a second try; AuthenticationFailed, for all, where that is refused too."""
        with self.standing.second_try():
            if self.auth.renewed():
                self.retries += 1
                refused = self.request(url, timeout)
            if refused.status_code != 401:
                return refused
            said = f"{refused.url.host}: HTTP 401{describe_error(refused.content)}."
            raise self.standing.refuse_all(AuthenticationFailed(f"{said} {self.auth.advice}"))

    def request(self, url: httpx.URL, timeout: httpx.Timeout) -> httpx.Response:
        """Send one request and read its whole answer; ConnectionFailed where that breaks off."""
        self.rate_cap.wait()
        headers = {"Authorization": self.auth.header(), "Accept": "application/json, text/plain;q=0.5"}
        try:
            response = self.http.get(url, headers=headers, timeout=timeout)
        except httpx.RequestError as error:
            failure = connection_error(error, url)
            if isinstance(failure, CertificateRefused):
                self.standing.refuse_all(failure)
            raise failure from None
        self.standing.heard(response.status_code)
        return response


def open_http(
    ca_bundle: str | None, transport: httpx.BaseTransport | None, timeout: httpx.Timeout, *, proxied: bool
) -> httpx.Client:
    """Return a client that verifies TLS, against the CA file where one is given, and follows no redirect.

    `proxied` lets the environment name a proxy. Raises SettingsRefused for a CA file that can't be read.
    """
    try:
        verify = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True
    except (OSError, ssl.SSLError) as error:
        message = f"FILEMAKER_CA_BUNDLE {ca_bundle} is no readable PEM file: {type(error).__name__}."
        raise SettingsRefused(message) from None
    return httpx.Client(
        verify=verify, transport=transport, timeout=timeout, trust_env=proxied, follow_redirects=False
    )
