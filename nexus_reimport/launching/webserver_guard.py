"""What stands before Dagster's web UI: it answers its own pages, and no page of somebody else's.

Dagster's webserver carries out a mutation that comes by GET, from any origin and for any host name: an
`<img>` of any page open in the same browser could start a rollback, though the UI listens on 127.0.0.1 only.
"""

import os
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexus_reimport.settings import UI_HOSTS

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
READING = ("GET", "HEAD")
# Beside Dagster's own policy: where there are two, a browser keeps to both.
SECURITY_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def allowed_hosts(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return the host names that the UI may be asked for: this machine's, and those of the setting."""
    given = (name.strip().lower() for name in environ.get(UI_HOSTS, "").split(","))
    return LOOPBACK_NAMES | {name for name in given if name}


class Guard:
    """An ASGI application around Dagster's: what it refuses never comes to Dagster.

    `hosts`: host names, lower case and without port, that the UI may be asked for. A name that leads to this
    machine but is another's (DNS rebinding) is refused, as is what a page of another origin asks for, but
    for a plain link to a page.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand over to Dagster."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif refusal := self.refusal(scope):
            await _refuse(scope, receive, send, *refusal)
        else:
            await self._app(scope, receive, _with_headers(send))

    def refusal(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        """Return why a request is refused, None where it is not."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _name(hosts[0]) not in self._hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, (
                f"This name is not one that the reimport's pages are served under. Add it to {UI_HOSTS}."
            )
        if not (_from_here(headers, hosts[0]) or _is_link_to_page(scope, headers)):
            return HTTPStatus.FORBIDDEN, "A page of another origin asked for this, and is refused."
        return _wrong_form(scope, headers) if scope["type"] == "http" else None


def _name(host: str) -> str:
    """Return a Host header without its port, lower case; a name that is none comes back as it is."""
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdigit() else host.lower()


def _from_here(headers: Headers, host: str) -> bool:
    """Say that no page of another origin asks. A program that is no browser says nothing of where it is."""
    origins = headers.getlist("origin")
    if origins and [urlsplit(origin).netloc.lower() for origin in origins] != [host.lower()]:
        return False
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _is_link_to_page(scope: Scope, headers: Headers) -> bool:
    """Say that a person has followed a link to a page of the UI, from a report for example."""
    return (
        scope["type"] == "http"
        and scope["method"] in READING
        and "origin" not in headers
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _wrong_form(scope: Scope, headers: Headers) -> tuple[HTTPStatus, str] | None:
    """Take writing by POST and JSON alone: a form of another page can send neither, nor GET a mutation."""
    if scope["path"].rstrip("/").endswith("/graphql") and scope["method"] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED, "GraphQL is asked by POST here."
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] not in READING and kind != "application/json":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This is asked with application/json here."
    return None


async def _refuse(scope: Scope, receive: Receive, send: Send, status: HTTPStatus, words: str) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted, a close is answered as 403.
        await send({"type": "websocket.close", "code": 1008, "reason": words})
    else:
        await PlainTextResponse(words + "\n", status, headers=SECURITY_HEADERS)(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.append(name, value)
        await send(message)

    return sending
