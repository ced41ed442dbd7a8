"""Requests for one object that need none of S3's finer points: a whole GET, a HEAD, a small-print-free PUT.

moto takes milliseconds of computing over each, which thousands of photographs and thumbnails would pay for.
Whatever asks for more than the object itself (ranges, conditions, checksums, tags, copies) is left to moto.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

METHODS: Final = frozenset({"GET", "HEAD", "PUT"})
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_METADATA: Final = "HTTP_X_AMZ_META_"
WITHOUT_MEANING: Final = frozenset(
    {
        "HTTP_HOST",
        "HTTP_AUTHORIZATION",
        "HTTP_USER_AGENT",
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_CONNECTION",
        "HTTP_X_AMZ_DATE",
        "HTTP_X_AMZ_CONTENT_SHA256",
        "HTTP_AMZ_SDK_INVOCATION_ID",
        "HTTP_AMZ_SDK_REQUEST",
    }
)
"""Headers that change nothing about what is asked for."""


@dataclass(frozen=True)
class PlainRequest:
    """What is asked of one object; `length` is that of the body given."""

    method: str
    key: str
    content_type: str = "binary/octet-stream"
    length: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


def plain_request(environ: "WSGIEnvironment", bucket: str) -> PlainRequest | None:
    """Return the request where it is a plain one about an object of the bucket, else None."""
    method, (_, named, key) = environ["REQUEST_METHOD"], _split(environ.get("PATH_INFO", ""))
    if method not in METHODS or named != bucket or environ.get("QUERY_STRING"):
        return None
    if "HTTP_AUTHORIZATION" not in environ or not _PLAIN_KEY.fullmatch(key):
        return None
    if not all(map(_is_harmless, environ)) or environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STR"):
        return None
    if method == "PUT" and not environ.get("CONTENT_LENGTH"):
        return None
    metadata = {
        "x-amz-meta-" + name.removeprefix(_METADATA).lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith(_METADATA)
    }
    content_type = environ.get("CONTENT_TYPE") or PlainRequest.content_type
    return PlainRequest(method, key, content_type, int(environ.get("CONTENT_LENGTH") or 0), metadata)


def _split(path: str) -> tuple[str, str, str]:
    before, _, rest = path.partition("/")
    bucket, _, key = rest.partition("/")
    return before, bucket, key


def _is_harmless(name: str) -> bool:
    return not name.startswith("HTTP_") or name in WITHOUT_MEANING or name.startswith(_METADATA)
