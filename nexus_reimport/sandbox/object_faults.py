"""Faults of an S3 server by name: of one object, or of the whole bucket. See `docs/sandbox.md`.

`NAME` is told of a fault of the bucket, `NAME:END` of one that the objects have whose key ends so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PAGE: Final = (
    b"<!DOCTYPE html><html><head><meta charset=utf-8><title>Sign in</title></head><body><br></body></html>"
)


@dataclass(frozen=True)
class Refusal:
    """What is answered in place of S3's answer: a status, and S3's own form of an error, or other bytes."""

    status: str
    code: str = ""
    message: str = "refused"
    content: bytes = b""

    @property
    def body(self) -> bytes:
        """The answer's bytes, as S3 writes an error where there is a code."""
        if not self.code:
            return self.content
        return f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>".encode()

    @property
    def content_type(self) -> str:
        """The media type of the answer."""
        return "text/html" if self.content else "application/xml"


_FORBIDDEN: Final = "403 Forbidden"
_BAD: Final = "400 Bad Request"
OBJECT_FAULTS: Final = {
    "archived": Refusal(_FORBIDDEN, "InvalidObjectState", "Not valid for the object's storage class"),
    "encryption-denied": Refusal(_FORBIDDEN, "AccessDenied", "Not authorized to perform: kms:Decrypt"),
    "encryption-disabled": Refusal(_BAD, "KMS.DisabledException", "The key is disabled"),
    "forbidden": Refusal(_FORBIDDEN, "AccessDenied", "Access Denied"),
    "gone": Refusal("404 Not Found", "NoSuchKey"),
    "replaced": Refusal("412 Precondition Failed", "PreconditionFailed"),
    "odd-key": Refusal(_BAD, "InvalidURI"),
    "refused": Refusal("405 Method Not Allowed", "MethodNotAllowed"),
    "web-page": Refusal("200 OK", content=_PAGE),
}
"""Of one object: met by whoever asks for it, for its head, or for a copy of it."""

BUCKET_FAULTS: Final = {
    "no-bucket": Refusal("404 Not Found", "NoSuchBucket"),
    "listing-denied": Refusal(_FORBIDDEN, "AccessDenied", "Access Denied"),
    "expired": Refusal(_BAD, "ExpiredToken"),
    "clock": Refusal(_FORBIDDEN, "RequestTimeTooSkewed"),
    "unknown-key": Refusal(_FORBIDDEN, "InvalidAccessKeyId"),
    "redirect": Refusal("301 Moved Permanently"),
    "other-region": Refusal("301 Moved Permanently", "PermanentRedirect"),
    "web-page": Refusal("200 OK", content=_PAGE),
}
"""Of the whole bucket: met by every request, `listing-denied` by listings only."""

IGNORES_CONDITIONS: Final = "ignores-conditions"
"""The server takes no notice of `If-None-Match` and of what a copy's source has to be, as some do."""

_CONDITIONS: Final = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_X_AMZ_COPY_SOURCE_IF_MATCH")


def with_faults(application: "WSGIApplication", names: Sequence[str]) -> "WSGIApplication":
    """Return a WSGI application that answers as another does, but for the faults named.

    Raises ValueError for a fault that there is not.
    """
    for name in names:
        require_fault(name)
        application = _faulty(application, *name.partition(":")[::2])
    return application


def require_fault(name: str) -> None:
    """Raise ValueError for a fault that there is not."""
    kind, _, ending = name.partition(":")
    if name == IGNORES_CONDITIONS:
        return
    known = OBJECT_FAULTS if ending else BUCKET_FAULTS
    if kind not in known:
        whose = "an object" if ending else "the bucket"
        raise ValueError(f"There is no fault «{kind}» of {whose}; choose from {', '.join(known)}.")


def _faulty(application: "WSGIApplication", name: str, ending: str) -> "WSGIApplication":
    if name == IGNORES_CONDITIONS:
        return _without_conditions(application)
    found = OBJECT_FAULTS[name] if ending else BUCKET_FAULTS[name]

    def concerned(environ: "WSGIEnvironment") -> bool:
        if ending:
            return any(key.endswith(ending) for key in _keys(environ))
        return name != "listing-denied" or "list-type=2" in environ.get("QUERY_STRING", "")

    return _refusing(application, concerned, found)


def _keys(environ: "WSGIEnvironment") -> Iterable[str]:
    """Yield the keys of the objects whose bytes are asked for: an object's own, or a copy's source."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        yield environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    if source := environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        yield unquote(source)


def _refusing(
    application: "WSGIApplication", concerned: Callable[["WSGIEnvironment"], bool], refusal: Refusal
) -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not concerned(environ):
            return application(environ, start_response)
        body = refusal.body
        length = [("Content-Length", str(len(body)))]
        start_response(refusal.status, [("Content-Type", refusal.content_type), *length])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def _without_conditions(application: "WSGIApplication") -> "WSGIApplication":
    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        kept = {name: value for name, value in environ.items() if name not in _CONDITIONS}
        return application(kept, start_response)

    return answer
