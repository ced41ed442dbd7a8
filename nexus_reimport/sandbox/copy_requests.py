"""Requests to copy an object inside the bucket, with the conditions that S3 knows and moto does not.

A copy also costs moto the object's bytes; here a composed object is copied as what it is composed of.
Copies with finer points (replaced metadata, tags, parts, other buckets) are left to moto.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from nexus_reimport.sandbox.plain_requests import WITHOUT_MEANING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SOURCE: Final = "HTTP_X_AMZ_COPY_SOURCE"
_SOURCE_IF_MATCH: Final = "HTTP_X_AMZ_COPY_SOURCE_IF_MATCH"
_IF_NONE_MATCH: Final = "HTTP_IF_NONE_MATCH"
_ENCRYPTION: Final = "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION"
_KNOWN: Final = WITHOUT_MEANING | {_SOURCE, _SOURCE_IF_MATCH, _IF_NONE_MATCH, _ENCRYPTION}


@dataclass(frozen=True)
class CopyRequest:
    """What is to be copied where; `source_etag` is what the source must have, without quotes.

    `only_new`: nothing may be there yet. `encryption`: as asked for, or none.
    """

    source: str
    target: str
    source_etag: str | None = None
    only_new: bool = False
    encryption: str | None = None


def copy_request(environ: "WSGIEnvironment", bucket: str) -> CopyRequest | None:
    """Return the request where it asks for no more than a copy inside the bucket, else None."""
    if environ["REQUEST_METHOD"] != "PUT" or _SOURCE not in environ or environ.get("QUERY_STRING"):
        return None
    if any(name.startswith("HTTP_") and name not in _KNOWN for name in environ):
        return None
    # WSGI hands bytes on as if they were Latin-1.
    path = environ.get("PATH_INFO", "").encode("latin-1").decode()
    _, _, named = path.partition("/")
    own, _, target = named.partition("/")
    other, _, source = unquote(environ[_SOURCE].removeprefix("/")).partition("/")
    if {own, other} != {bucket} or "?" in environ[_SOURCE]:
        return None
    wanted = environ.get(_SOURCE_IF_MATCH)
    return CopyRequest(
        source,
        target,
        wanted.strip('"') if wanted else None,
        environ.get(_IF_NONE_MATCH) == "*",
        environ.get(_ENCRYPTION),
    )
