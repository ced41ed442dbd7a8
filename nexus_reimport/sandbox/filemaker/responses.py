"""How answers look: pages, errors as FileMaker words them, and one cut off in the middle."""

from collections.abc import Iterable

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ODATA_JSON = "application/json;odata.metadata=minimal;charset=utf-8"


def page_body(context: str, bodies: Iterable[bytes], count: int | None, next_link: str | None) -> bytes:
    """Return a page of records whose JSON is at hand."""
    head = b'{"@odata.context":' + orjson.dumps(context)
    if count is not None:
        head += b',"@odata.count":%d' % count
    tail = b"]" if next_link is None else b'],"@odata.nextLink":' + orjson.dumps(next_link)
    return head + b',"value":[' + b",".join(bodies) + tail + b"}"


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return an OData error body."""
    body = orjson.dumps({"error": {"code": code, "message": message}})
    return Response(body, status_code=status, media_type=ODATA_JSON, headers=headers)


class CutResponse(Response):
    """Promises its whole length, sends half, and hangs up."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the head and half of the body, and never the end."""
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})
