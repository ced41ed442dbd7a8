"""What it means where no data came: by the cause a connection failed for, or by the status of the answer."""

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx

from nexus_reimport.exceptions import (
    AccessDenied,
    CertificateRefused,
    ClientError,
    ConnectionFailed,
    NotFound,
    RequestRefused,
    ServerBusy,
    ServerFailed,
)
from nexus_reimport.extract.filemaker.pace import parse_retry_after
from nexus_reimport.extract.filemaker.pages import describe_error

BUSY = frozenset({408, 429, 502, 503, 504})
# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
EXPIRED, OTHER_NAME = 10, frozenset({62, 64})
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})
CAUSES: dict[type[BaseException], str] = {
    socket.gaierror: "{host}: there is no host of this name, or no name server that knows it.",
    ConnectionRefusedError: "{host}: port {port} refuses the connection.",
    ssl.SSLError: "{host}: what listens at port {port} does not speak TLS, as https needs it.",
    httpx.ProxyError: "{host}: the proxy that this machine's environment names does not let it through.",
    httpx.ConnectTimeout: "{host}: nothing answers at port {port}; the connection timed out.",
    httpx.TimeoutException: "{where}: it is connected, but the answer timed out.",
    httpx.RemoteProtocolError: "{where}: the server broke off before its answer was whole.",
    httpx.ReadError: "{where}: the server broke off before its answer was whole.",
}
_ADVICE: dict[int, tuple[type[ClientError], str]] = {
    403: (AccessDenied, "Give the account the extended privilege fmodata and the right to view the records."),
    404: (NotFound, "Check FILEMAKER_DATABASE, and that the file is open and shares this table."),
}


def connection_error(error: httpx.RequestError, url: httpx.URL) -> ClientError:
    """Return what a request without an answer means, by its innermost cause."""
    causes = list(causes_of(error))
    if untrusted := next((one for one in causes if isinstance(one, ssl.SSLCertVerificationError)), None):
        return certificate_error(untrusted, url)
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    for kind, meaning in CAUSES.items():
        if any(isinstance(one, kind) for one in causes):
            return ConnectionFailed(meaning.format(host=url.host, port=port, where=where(url)))
    if any(isinstance(one, OSError) and one.errno in NO_ROUTE for one in causes):
        return ConnectionFailed(f"{url.host}: there is no route to it from this machine.")
    return ConnectionFailed(f"{where(url)}: the connection failed ({type(error).__name__}).")


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it came from, one after the other."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def certificate_error(error: ssl.SSLCertVerificationError, url: httpx.URL) -> CertificateRefused:
    """Return why a certificate is not taken: it has expired, is for another name, or we know no signer."""
    if error.verify_code == EXPIRED:
        return CertificateRefused(f"The TLS certificate of {url.host} has expired. Have its host renew it.")
    if error.verify_code in OTHER_NAME:
        return CertificateRefused(
            f"The TLS certificate at {url.host} is for another name. Write the name that it is for in "
            "FILEMAKER_HOST, or have its host correct it."
        )
    return CertificateRefused(
        f"The TLS certificate of {url.host} is not trusted. If a private authority signed it, name its "
        "file in FILEMAKER_CA_BUNDLE; verification can't be switched off."
    )


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
    if status in _ADVICE:
        kind, advice = _ADVICE[status]
        return kind(f"{said} {advice}")
    return RequestRefused(f"{said} The server does not accept the request; redirects are not followed.")


def where(url: httpx.URL) -> str:
    """Return host and path: the query may hold a key, so it is left out."""
    return f"{url.host}{url.path}"
