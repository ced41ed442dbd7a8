"""The sandbox's S3 server: moto on 127.0.0.1, its objects kept in a journal. Run with `python -m`.

Versioning is off, as AWS makes a bucket. Only current objects outlive the server: no old versions,
no tags, no multipart upload that was not finished.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import FakeKey, s3_backends
from moto.s3.utils import _VersionedKeyStore
from werkzeug.serving import make_server

from nexus_reimport.sandbox.composed_key import ComposedKey
from nexus_reimport.sandbox.copy_requests import CopyRequest, copy_request
from nexus_reimport.sandbox.object_faults import with_faults
from nexus_reimport.sandbox.object_journal import Composed, ObjectJournal, StoredObject
from nexus_reimport.sandbox.object_listing import (
    LARGEST_PAGE,
    InvalidListingError,
    ListedObject,
    ListingRequest,
    listing_page,
    listing_xml,
)
from nexus_reimport.sandbox.plain_requests import PlainRequest, plain_request
from nexus_reimport.sandbox.processes import LOCALHOST, restore_default_signals

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class RecordedKeys(_VersionedKeyStore):
    """A bucket's keys that know their order, and which of them the current thread has changed."""

    def __init__(self) -> None:
        super().__init__()
        self._changes = threading.local()
        self._sorted: list[str] | None = None
        self._edition = 0

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._note(key)

    def setlist(self, key: str, list_: Any) -> None:
        """Put all versions of a key, as moto does for each object it is given."""
        super().setlist(key, list_)
        self._note(key)

    def pop(self, key: str) -> None:  # type: ignore[override]  # as moto has it
        """Remove a key; KeyError where there is none."""
        super().pop(key)
        self._note(key)

    def sorted_names(self) -> list[str]:
        """Return every key in order."""
        edition, names = self._edition, self._sorted
        if names is None:
            names = sorted(list(self))  # noqa: C414 - a copy made at once, so that others may add meanwhile
            if edition == self._edition:
                self._sorted = names
        return names

    def take_changes(self) -> set[str]:
        """Return the keys this thread has changed since it last asked."""
        changes: set[str] = getattr(self._changes, "names", set())
        self._changes.names = set()
        return changes

    def _note(self, key: str) -> None:
        if not hasattr(self._changes, "names"):
            self._changes.names = set()
        self._changes.names.add(key)
        self._edition += 1
        self._sorted = None


class ObjectStore:
    """The WSGI application: moto for all but listings and plain requests, and a journal behind it."""

    def __init__(self, journal: ObjectJournal, *, bucket: str, region: str) -> None:
        self._journal = journal
        self._bucket = bucket
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._keys = RecordedKeys()
        self._backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.create_bucket(bucket, region).keys = self._keys
        for item in journal.objects():
            self._restore(item)
        self._keys.take_changes()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; a change is in the journal before its answer is sent."""
        path = environ.get("PATH_INFO", "")
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        is_listing = path.strip("/") == self._bucket and query.get("list-type") == ["2"]
        if is_listing and environ["REQUEST_METHOD"] == "GET":
            return self._list(query, start_response)
        plain = plain_request(environ, self._bucket)
        if plain and plain.method == "PUT":
            answer = self._put(plain, environ["wsgi.input"].read(plain.length), start_response)
        elif copy := copy_request(environ, self._bucket):
            answer = self._copy(copy, start_response)
        elif plain and isinstance(found := self._keys.get(plain.key), FakeKey):
            answer = _whole(found, plain.method, start_response)
        else:
            answer = self._moto(environ, start_response)
        for key in self._keys.take_changes():
            self._record(key)
        return answer

    def _put(self, request: PlainRequest, body: bytes, start_response: "StartResponse") -> Iterable[bytes]:
        if len(body) != request.length:
            return _refuse(start_response, "IncompleteBody", "The request body terminated unexpectedly")
        key = self._backend.put_object(self._bucket, request.key, body, disable_notification=True)
        key.set_metadata({**request.metadata, "Content-Type": request.content_type})
        start_response("200 OK", [("ETag", key.etag), ("Content-Length", "0")])
        return []

    def _copy(self, request: CopyRequest, start_response: "StartResponse") -> Iterable[bytes]:
        source = self._keys.get(request.source)
        if not isinstance(source, FakeKey):
            return _error(start_response, HTTPStatus.NOT_FOUND, "NoSuchKey", "There is no such key")
        has_other = request.source_etag not in (None, "*", source.etag.strip('"'))
        if has_other or (request.only_new and request.target in self._keys):
            message = "At least one of the preconditions did not hold"
            return _error(start_response, HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed", message)
        copied = self._copied(source, request)
        copied.set_metadata(source.metadata)
        return _answer(start_response, HTTPStatus.OK, _copy_xml(copied))

    def _copied(self, source: FakeKey, request: CopyRequest) -> Any:
        composed = source.composed if isinstance(source, ComposedKey) else None
        if composed is None:
            return self._backend.put_object(
                self._bucket,
                request.target,
                source.value,
                encryption=request.encryption,
                disable_notification=True,
            )
        return self._put_composed(request.target, composed, source.etag.strip('"'), request.encryption)

    def _list(self, query: dict[str, list[str]], start_response: "StartResponse") -> Iterable[bytes]:
        try:
            request = _listing_request(self._bucket, query)
            page = listing_page(self._keys.sorted_names(), request)
        except ValueError as error:
            message = str(error) if isinstance(error, InvalidListingError) else "Invalid argument"
            return _refuse(start_response, "InvalidArgument", message)
        objects = [item for key in page.keys if (item := self._listed(key))]
        return _answer(start_response, HTTPStatus.OK, listing_xml(request, page, objects))

    def _listed(self, key: str) -> ListedObject | None:
        current = self._keys.get(key)
        if not isinstance(current, FakeKey):
            return None
        return ListedObject(key, current.size, current.etag, current.last_modified)

    def _record(self, key: str) -> None:
        current = self._keys.get(key)
        if not isinstance(current, FakeKey):
            self._journal.remove(key)
            return
        headers = {name: str(value) for name, value in current.metadata.items()}
        content_type = next(
            (headers.pop(name) for name in list(headers) if name.lower() == "content-type"), ""
        )
        etag = current.etag.strip('"')
        modified = current.last_modified.replace(tzinfo=UTC)
        composed = current.composed if isinstance(current, ComposedKey) else None
        body = composed or current.value
        self._journal.write(StoredObject(key, body, modified, content_type, headers, etag))

    def _restore(self, item: StoredObject) -> None:
        restored = self._restored(item)
        # moto keeps UTC without saying so.
        restored.last_modified = item.modified.astimezone(UTC).replace(tzinfo=None)
        restored.set_metadata({**item.metadata, "Content-Type": item.content_type})

    def _restored(self, item: StoredObject) -> Any:
        if not isinstance(item.body, Composed):
            return self._backend.put_object(
                self._bucket, item.key, item.body, etag=item.etag, disable_notification=True
            )
        return self._put_composed(item.key, item.body, item.etag, None)

    def _put_composed(self, name: str, composed: Composed, etag: str, encryption: str | None) -> ComposedKey:
        key = ComposedKey(
            composed,
            name=name,
            bucket_name=self._bucket,
            account_id=self._backend.account_id,
            region_name=self._backend.region_name,
            etag=etag,
            version_id="null",
            encryption=encryption,
        )
        self._keys.setlist(name, [key])
        return key


class QuietRequestHandler(MotoRequestHandler):
    """moto's handler without a log line per request: keys name patients."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _listing_request(bucket: str, query: dict[str, list[str]]) -> ListingRequest:
    values = {name: given[0] for name, given in query.items()}
    max_keys = int(values.get("max-keys", LARGEST_PAGE))
    if max_keys < 0:
        raise InvalidListingError("max-keys must not be negative")
    if values.get("continuation-token") == "":
        raise InvalidListingError("The continuation token provided is incorrect")
    return ListingRequest(
        bucket,
        prefix=values.get("prefix", ""),
        delimiter=values.get("delimiter", ""),
        start_after=values.get("start-after", ""),
        continuation_token=values.get("continuation-token", ""),
        max_keys=min(max_keys, LARGEST_PAGE),
        is_url_encoded=values.get("encoding-type") == "url",
    )


def _whole(key: FakeKey, method: str, start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with an object's headers and, to a GET, its bytes."""
    headers = [
        ("ETag", key.etag),
        ("Last-Modified", key.last_modified_RFC1123),
        ("Content-Length", str(key.size)),
        ("Accept-Ranges", "bytes"),
        *((name, str(value)) for name, value in key.metadata.items()),
    ]
    if key.encryption:
        headers.append(("x-amz-server-side-encryption", key.encryption))
    body = [] if method == "HEAD" else [key.value]
    start_response("200 OK", headers)
    return body


def _copy_xml(key: FakeKey) -> bytes:
    return (
        '<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<LastModified>{key.last_modified_ISO8601}</LastModified><ETag>{escape(key.etag)}</ETag>"
        "</CopyObjectResult>"
    ).encode()


def _refuse(start_response: "StartResponse", code: str, message: str) -> Iterable[bytes]:
    return _error(start_response, HTTPStatus.BAD_REQUEST, code, message)


def _error(start_response: "StartResponse", status: HTTPStatus, code: str, message: str) -> Iterable[bytes]:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return _answer(start_response, status, body)


def _answer(start_response: "StartResponse", status: HTTPStatus, body: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def _leave(*_: object) -> None:
    sys.exit(0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve one bucket until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="The sandbox's S3 server.")
    parser.add_argument("--journal", type=Path, required=True, help="file that keeps the objects")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--fault", action="append", default=[], help="NAME, or NAME:END of an object's key")
    options = parser.parse_args(arguments)
    restore_default_signals()
    signal.signal(signal.SIGTERM, _leave)
    journal = ObjectJournal(options.journal)
    store = ObjectStore(journal, bucket=options.bucket, region=options.region)
    application = with_faults(store, options.fault)
    server = make_server(
        LOCALHOST, options.port, application, threaded=True, request_handler=QuietRequestHandler
    )
    try:
        server.serve_forever()
    finally:
        journal.close()


if __name__ == "__main__":
    main()
