"""One signed-in conversation with a server: every request is paced, retried and judged here."""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

import httpx

from nexus_reimport.clients.exceptions import (
    AccessDenied,
    AuthenticationFailed,
    CertificateRefused,
    ClientError,
    ConnectionFailed,
    NotFound,
    RequestRefused,
    ServerBusy,
    ServerFailed,
    SettingsRefused,
    TransientError,
)
from nexus_reimport.clients.filemaker.auth import Auth
from nexus_reimport.clients.filemaker.pace import Backoff, RateCap, parse_retry_after
from nexus_reimport.clients.filemaker.pages import describe_error

Parsed = TypeVar("Parsed")

BUSY = frozenset({408, 429, 502, 503, 504})
ADVICE: dict[int, tuple[type[ClientError], str]] = {
    401: (AuthenticationFailed, "Check the user name and password, or get a new FMID token."),
    403: (AccessDenied, "Give the account the extended privilege fmodata and the right to view the records."),
    404: (NotFound, "Check FILEMAKER_DATABASE, and that the file is open and shares this table."),
}


@dataclass
class Session:
    """Asks with one httpx client. `retries` counts every request that had to be repeated."""

    http: httpx.Client
    auth: Auth
    rate_cap: RateCap
    backoff: Backoff
    max_attempts: int
    sleep: Callable[[float], None] = time.sleep
    retries: int = field(default=0, init=False)

    def fetch(self, url: httpx.URL, parse: Callable[[bytes], Parsed]) -> Parsed:
        """Return what `parse` makes of the answer's body, asking again after what may pass by itself.

        Raises a TransientError once the attempts are used up, a PermanentError at once.
        """
        attempt = 1
        while True:
            try:
                return parse(self.answer(url).content)
            except TransientError as error:
                if attempt >= self.max_attempts or not error.repeatable:
                    raise error.after(attempt) from error.__cause__
                pause = self.backoff.delay(attempt, error.retry_after)
            self.retries += 1
            attempt += 1
            self.sleep(pause)

    def answer(self, url: httpx.URL) -> httpx.Response:
        """Return a 200 answer, having signed in anew after a 401, once."""
        response = self.request(url)
        if response.status_code == 401 and self.auth.renewed():
            self.retries += 1
            response = self.request(url)
        if response.status_code != 200:
            raise refusal_of(response)
        return response

    def request(self, url: httpx.URL) -> httpx.Response:
        """Send one request and read its whole answer; ConnectionFailed where that breaks off."""
        self.rate_cap.wait()
        headers = {"Authorization": self.auth.header(), "Accept": "application/json, text/plain;q=0.5"}
        try:
            return self.http.get(url, headers=headers)
        except httpx.RequestError as error:
            raise_connection_error(error, url)


def raise_connection_error(error: httpx.RequestError, url: httpx.URL) -> NoReturn:
    """Raise what a request without an answer means."""
    if is_certificate_error(error):
        message = (
            f"The TLS certificate of {url.host} is not trusted. If a private authority signed it, name its "
            "file in FILEMAKER_CA_BUNDLE; verification can't be switched off."
        )
        raise CertificateRefused(message) from None
    what = "timed out" if isinstance(error, httpx.TimeoutException) else "failed"
    message = f"{where(url)}: the connection {what} ({type(error).__name__})."
    raise ConnectionFailed(message) from None


def is_certificate_error(error: BaseException | None) -> bool:
    """Say whether a failed check of the server's certificate is among an error's causes."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def refusal_of(response: httpx.Response) -> ClientError:
    """Return the error that an answer other than 200 means, with the server's own code but no data."""
    status = response.status_code
    said = f"{where(response.url)}: HTTP {status}{describe_error(response.content)}."
    if status in BUSY:
        busy = ServerBusy(said)
        busy.retry_after = parse_retry_after(response.headers.get("Retry-After"))
        return busy
    if status >= 500 and status != 501:
        return ServerFailed(said)
    if status in ADVICE:
        kind, advice = ADVICE[status]
        return kind(f"{said} {advice}")
    return RequestRefused(f"{said} The server does not accept the request; redirects are not followed.")


def where(url: httpx.URL) -> str:
    """Return host and path: the query may hold a key, so it is left out."""
    return f"{url.host}{url.path}"


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
