"""The query options of a request, read and checked; how they are written into a nextLink."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote, unquote

from nexus_reimport.sandbox.filemaker.exceptions import QueryRefused

KNOWN = frozenset({"$top", "$skip", "$count", "$select", "$filter", "$orderby", "$format"})


@dataclass(frozen=True)
class Query:
    """What a request asks for. `order`: properties, True for descending; `text`: options as sent."""

    text: dict[str, str]
    top: int | None = None
    skip: int = 0
    count: bool = False
    select: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    filter: str | None = None

    def further(self, skip: int, top: int | None) -> str:
        """Return the query string of the page that starts `skip` records on."""
        options = {**self.text, "$skip": str(skip)}
        if top is not None:
            options["$top"] = str(top)
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())


def parse_query(query_string: str, properties: Collection[str]) -> Query:
    """Return the options of a query string.

    Raises QueryRefused for unknown options, numbers that aren't, and properties that do not exist (where
    `properties` is empty, any do).
    """
    text = options_of(query_string)
    order = tuple(order_of(part) for part in split_names(text.get("$orderby", "")))
    select = tuple(part.strip('"') for part in split_names(text.get("$select", "")))
    for name in (*select, *(name for name, _ in order)):
        if properties and name not in properties:
            message = f"Field '{name}' does not exist"
            raise QueryRefused(message, code="102")
    return Query(
        text=text,
        top=whole_number(text, "$top"),
        skip=whole_number(text, "$skip") or 0,
        count=text.get("$count", "false") == "true",
        select=select,
        order=order,
        filter=text.get("$filter"),
    )


def options_of(query_string: str) -> dict[str, str]:
    """Return the system query options by name; those without a dollar sign are a client's own."""
    options = {}
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        name = unquote(name)
        if name.startswith("$"):
            if name not in KNOWN:
                message = f"query option '{name}' is not supported"
                raise QueryRefused(message)
            options[name] = unquote(value)
    return options


def split_names(text: str) -> list[str]:
    """Return the parts between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def order_of(part: str) -> tuple[str, bool]:
    """Return a property and whether it is ordered downwards."""
    name, _, direction = part.rpartition(" ")
    if direction in ("asc", "desc") and name:
        return name.strip().strip('"'), direction == "desc"
    return part.strip('"'), False


def whole_number(options: dict[str, str], name: str) -> int | None:
    """Return the number of an option, None where it isn't given."""
    if name not in options:
        return None
    if not options[name].isdigit():
        message = f"{name} is not a number"
        raise QueryRefused(message)
    return int(options[name])
