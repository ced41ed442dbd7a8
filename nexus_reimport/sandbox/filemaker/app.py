"""The stand-in's web application: FileMaker's OData v4 as the reimport meets it, faults included."""

import asyncio
from collections.abc import Mapping, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from nexus_reimport.sandbox.filemaker.accounts import Accounts
from nexus_reimport.sandbox.filemaker.entities import StoredEntity
from nexus_reimport.sandbox.filemaker.exceptions import QueryRefused
from nexus_reimport.sandbox.filemaker.fading import as_shown
from nexus_reimport.sandbox.filemaker.faults import Fault, FaultPlan
from nexus_reimport.sandbox.filemaker.metadata import edmx
from nexus_reimport.sandbox.filemaker.misspelling import misspelled
from nexus_reimport.sandbox.filemaker.query import Query, parse_query
from nexus_reimport.sandbox.filemaker.responses import ODATA_JSON, CutResponse, error, page_body

PAGE_SIZE = 10_000
_Rows = Mapping[str, Sequence[Mapping[str, object]]]


class StandIn:
    """One hosted database, its accounts and its faults."""

    def __init__(
        self, entities: _Rows, *, database: str, accounts: Accounts, plan: FaultPlan, page_size: int
    ) -> None:
        self.database = database
        self.entities = {
            name: StoredEntity(name, as_shown(name, rows, plan)) for name, rows in entities.items()
        }
        self.accounts = accounts
        self.plan = plan
        self.page_size = page_size
        self.gone: dict[str, bool] = {}

    def routes(self) -> list[Route]:
        """Return the addresses the stand-in answers at."""
        base = "/fmi/odata/v4/{database}"
        return [
            Route("/sandbox/health", self.health),
            Route("/sandbox/token", self.token, methods=["POST"]),
            Route(base + "/$metadata", self.metadata),
            Route(base + "/{entity}/$count", self.count),
            Route(base + "/{entity}", self.records),
        ]

    async def health(self, _request: Request) -> Response:
        """Say that the server is up."""
        return PlainTextResponse("ok")

    async def token(self, request: Request) -> Response:
        """Hand a valid FMID token to who knows the password."""
        if request.headers.get("Authorization") != self.accounts.basic():
            return self.unauthorized()
        return JSONResponse({"token": self.accounts.next_token()})

    async def metadata(self, request: Request) -> Response:
        """Describe every entity set, not always truthfully."""
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        return Response(edmx(self.database, self.entities.values()), media_type="application/xml")

    async def count(self, request: Request) -> Response:
        """Return the number of records as plain text."""
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        entity = self.entities[request.path_params["entity"]]
        counted = self.counted(entity)
        if self.gone.get(entity.name):
            self.gone[entity.name] = False
        return PlainTextResponse(str(counted))

    async def records(self, request: Request) -> Response:
        """Return a page of records."""
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        if self.plan.has(Fault.SLOW_ANSWERS):
            await asyncio.sleep(self.plan.slow_seconds)
        try:
            body = self.page(request, self.entities[request.path_params["entity"]])
        except QueryRefused as refused:
            return error(refused.status, refused.code, str(refused))
        return self.whole_or_cut(misspelled(body, self.plan))

    def whole_or_cut(self, body: bytes) -> Response:
        """Return a page as it is, or cut in one of two ways."""
        turn = self.plan.turn(Fault.TRUNCATED_BODY, 6)
        if turn == 0:
            return CutResponse(body, media_type=ODATA_JSON)
        return Response(body[: len(body) // 2] if turn == 3 else body, media_type=ODATA_JSON)

    def page(self, request: Request, entity: StoredEntity) -> bytes:
        """Return the body of the page that a request asks for."""
        query = parse_query(request.url.query, entity.known)
        self.refuse_way(query)
        self.take_record_away(entity, query)
        positions = entity.matching(query, lambda position: self.is_served(entity, position))
        skip, top = (0, None) if self.plan.has(Fault.SKIP_IGNORED) else (query.skip, query.top)
        wanted = positions[skip:] if top is None else positions[skip : skip + top]
        served = wanted[: self.page_size]
        if served and self.plan.has(Fault.DUPLICATE_ROWS):
            served = [*served, served[0]]
        counted = self.counted(entity) if query.filter is None else len(positions)
        return page_body(
            context=f"{request.base_url}fmi/odata/v4/{self.database}/$metadata#{entity.name}",
            bodies=(entity.body(position, query.select) for position in served),
            count=counted if query.count else None,
            next_link=self.next_link(request, query, len(wanted)),
        )

    def refuse_way(self, query: Query) -> None:
        """Raise QueryRefused for a way of paging that the server does not go."""
        status = self.plan.refusal(Fault.REFUSED_NEXT_LINK, (410, 400, 404, 500)) if query.skip else None
        plain = query.order and '"' not in query.text["$orderby"]
        status = status or (self.plan.refusal(Fault.QUOTED_KEY, (400, 403, 404, 500)) if plain else None)
        if status:
            message = "syntax error in URL"
            raise QueryRefused(message, status=status)

    def next_link(self, request: Request, query: Query, wanted: int) -> str | None:
        """Return where the rest is, None where there is none."""
        if self.plan.has(Fault.SKIP_IGNORED):
            return None
        if self.plan.has(Fault.REPEATED_NEXT_LINK) and query.skip:
            return str(request.url)
        if wanted <= self.page_size:
            return None
        if self.plan.has(Fault.FOREIGN_NEXT_LINK):
            return f"https://elsewhere.invalid/fmi/odata/v4/{self.database}/next?$skip={self.page_size}"
        top = None if query.top is None else query.top - self.page_size
        return str(request.url.replace(query=query.further(query.skip + self.page_size, top)))

    def refusal(self, request: Request) -> Response | None:
        """Return the error that a request meets before anything else, None where it may go on."""
        if self.plan.has(Fault.WEB_PAGE):
            return HTMLResponse("<!DOCTYPE html><title>Maintenance</title><p>We will be back soon.</p>")
        if not self.accounts.admits(request.headers.get("Authorization", "")):
            return self.unauthorized()
        if self.plan.turn(Fault.BAD_GATEWAY_BURSTS, 5) in (1, 2):
            return PlainTextResponse("Bad Gateway", status_code=502)
        if self.plan.turn(Fault.TOO_MANY_REQUESTS, 4) == 3:
            return error(429, "429", "Too many requests", {"Retry-After": str(self.plan.retry_after)})
        if request.path_params["database"] != self.database:
            return error(404, "802", "Unable to open file")
        name = request.path_params.get("entity")
        if name is not None and name not in self.entities:
            return error(404, "-1002", f"Error: syntax error in URL at: '{name}'")
        return None

    def unauthorized(self) -> Response:
        """Return the answer to a credential that is unknown or worn out."""
        message = "Invalid user account and/or password; please try again"
        return error(401, "212", message, {"WWW-Authenticate": 'Basic realm="FileMaker"'})

    def counted(self, entity: StoredEntity) -> int:
        """Return how many records the server says there are."""
        return len(entity.rows) - bool(self.gone.get(entity.name))

    def is_served(self, entity: StoredEntity, position: int) -> bool:
        """Say whether a record is ever sent, as things are now."""
        if position == 0 and self.gone.get(entity.name):
            return False
        if not self.plan.has(Fault.SHORT_EXTRACT):
            return True
        return position < len(entity.rows) - max(1, len(entity.rows) // 100)

    def take_record_away(self, entity: StoredEntity, query: Query) -> None:
        """Let the first record go when the second page is asked for; the next count brings it back."""
        further = query.skip > 0 or query.filter is not None
        if self.plan.has(Fault.ROWS_CHANGE_WHILE_PAGING) and further and entity.name not in self.gone:
            self.gone[entity.name] = True


def create_app(
    entities: _Rows,
    *,
    database: str,
    username: str,
    password: str,
    fmid_tokens: Sequence[str] = (),
    faults: Sequence[Fault] = (),
    page_size: int = PAGE_SIZE,
    plan: FaultPlan | None = None,
) -> Starlette:
    """Return the stand-in for rows by entity set.

    `plan` takes the place of `faults` where their figures (waits, lives) matter. `POST /sandbox/token` with
    the password gives an FMID token; `GET /sandbox/health` answers ok.
    """
    plan = plan or FaultPlan(faults)
    life = plan.credential_life if plan.has(Fault.TOKEN_EXPIRES) else None
    accounts = Accounts(username, password, list(fmid_tokens), life)
    stand_in = StandIn(entities, database=database, accounts=accounts, plan=plan, page_size=page_size)
    return Starlette(routes=stand_in.routes())


def serve(app: Starlette, port: int) -> None:
    """Serve on loopback until told to stop by a signal."""
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False)
