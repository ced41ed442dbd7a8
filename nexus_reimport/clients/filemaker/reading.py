"""One attempt at reading an entity set whole, and the proof that it is.

Links first: the server says where to go on. Where it does not, repeats itself, or brings nothing new, by key:
records after the last key, in key order. `$skip` is never trusted, since hosts have been seen to ignore it.
No `$select`: `$metadata` spells names differently from the answers, an optional field would turn the whole
request into an error, and which names need quotes differs between servers; containers never come anyway.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import httpx

from nexus_reimport.clients.exceptions import ClientError, NotFound, RequestRefused
from nexus_reimport.clients.filemaker.collection import Collection
from nexus_reimport.clients.filemaker.endpoint import Endpoint
from nexus_reimport.clients.filemaker.exceptions import (
    EmptyKeys,
    IncompleteExtract,
    MissingFields,
    RowsChangedWhileReading,
)
from nexus_reimport.clients.filemaker.pages import Page, parse_count, parse_page
from nexus_reimport.clients.filemaker.session import Session
from nexus_reimport.schemas.filemaker import EntitySet

Paging = Literal["next_link", "by_key"]
Progress = Callable[[int, int | None], None]
NAMED_KEYS = 5


@dataclass(frozen=True)
class Reading:
    """What one attempt brought, and what the server counted before and after it."""

    collection: Collection
    paging: Paging
    count_before: int
    count_after: int

    def problem(self) -> ClientError | None:
        """Return why this reading is not the whole entity set at one moment, or None: it is."""
        entity, distinct = self.collection.entity_set.entity, self.collection.distinct
        changed = self.collection.changed_keys()
        if changed:
            return changed_rows(entity, changed)
        if self.count_before != self.count_after:
            return moved_count(entity, self.count_before, self.count_after)
        if distinct > self.count_after:
            return moved_count(entity, self.count_after, distinct)
        if distinct < self.count_after:
            return incomplete(entity, self.count_after, self.collection)
        return None


def changed_rows(entity: str, keys: list[str]) -> RowsChangedWhileReading:
    """Return the error for keys that came with two contents."""
    named = ", ".join(keys[:NAMED_KEYS]) + (", …" if len(keys) > NAMED_KEYS else "")
    message = (
        f"{entity}: {len(keys)} keys came twice with different contents ({named}). Somebody was editing, or "
        "two records share one id: run again at a quiet hour; if it stays, give one of them a new id."
    )
    return RowsChangedWhileReading(message)


def moved_count(entity: str, before: int, after: int) -> RowsChangedWhileReading:
    """Return the error for records that were made or deleted meanwhile."""
    message = f"{entity}: {before} records became {after} while they were read. Run again at a quiet hour."
    return RowsChangedWhileReading(message)


def incomplete(entity: str, declared: int, collection: Collection) -> IncompleteExtract:
    """Return the error for an extract that would be short."""
    distinct = collection.distinct
    message = (
        f"{entity}: {distinct} of {declared} records received, {declared - distinct} missing "
        f"({collection.received - distinct} came twice). Nothing was taken over. Check that the account may "
        "view every record, that no two records share an id, and the paging of the OData service."
    )
    return IncompleteExtract(message)


@dataclass
class Reader:
    """Reads one entity set of one database. `pages` counts every page asked for, in all readings."""

    session: Session
    endpoint: Endpoint
    entity_set: EntitySet
    on_progress: Progress
    pages: int = 0

    def read(self) -> Reading:
        """Read all records once.

        Raises EmptyKeys and MissingFields, which reading again would not cure; everything else that is wrong
        is told by `Reading.problem`.
        """
        collection, declared = self.by_links()
        paging: Paging = "next_link"
        if collection.distinct + collection.keyless < declared:
            by_key = self.by_key(declared)
            if by_key is not None and by_key.distinct >= collection.distinct:
                collection, paging = by_key, "by_key"
        self.refuse_unusable(collection)
        return Reading(collection, paging, declared, self.count())

    def refuse_unusable(self, collection: Collection) -> None:
        """Raise for rows without a key and for fields that never came."""
        entity, key = self.entity_set.entity, self.entity_set.key
        if collection.missing_fields:
            names = ", ".join(repr(name) for name in collection.missing_fields)
            message = f"{entity}: no record has the field {names}. Give the account the right to view it."
            raise MissingFields(message)
        if collection.keyless:
            message = f"{entity}: {collection.keyless} records have no {key}. Give them one in FileMaker."
            raise EmptyKeys(message)

    def count(self) -> int:
        """Ask how many records there are now."""
        return self.session.fetch(self.endpoint.count(self.entity_set.entity), parse_count)

    def page(self, url: httpx.URL) -> Page:
        """Ask for one page."""
        self.pages += 1
        return self.session.fetch(url, parse_page)

    def by_links(self) -> tuple[Collection, int]:
        """Follow nextLink to its end; stop where it repeats, leaves the host or brings nothing new."""
        collection = Collection(self.entity_set)
        url: httpx.URL | None = self.endpoint.records(self.entity_set.entity, count="true")
        declared, visited = None, set()
        while url is not None and url not in visited:
            visited.add(url)
            page = self.page(url)
            declared = page.count if declared is None else declared
            fresh = collection.add(page.records)
            self.on_progress(collection.distinct, declared)
            url = self.endpoint.follow(url, page.next_link) if page.next_link and fresh else None
        return collection, self.count() if declared is None else declared

    def by_key(self, declared: int) -> Collection | None:
        """Read in key order, each page after the last key of the one before.

        FileMaker wants some names in double quotes and other servers none, so a spelling that is refused, or
        that does not get past the first page, gives way to the next. None where no spelling is accepted.
        """
        fullest: Collection | None = None
        for name in (self.entity_set.key, f'"{self.entity_set.key}"'):
            collection = Collection(self.entity_set)
            try:
                past_first_page = self.walk_keys(collection, name, declared)
            except (RequestRefused, NotFound):
                past_first_page = False
            if fullest is None or collection.distinct > fullest.distinct:
                fullest = collection if collection.received else fullest
            if past_first_page or collection.distinct >= declared:
                break
        return fullest

    def walk_keys(self, collection: Collection, name: str, declared: int) -> bool:
        """Fill the collection until nothing new comes; say whether it got past the first page."""
        options = {"orderby": name}
        past_first_page = False
        while True:
            page = self.page(self.endpoint.records(self.entity_set.entity, **options))
            fresh = collection.add(page.records)
            self.on_progress(collection.distinct, declared)
            if not fresh or collection.distinct >= declared or collection.last_key is None:
                return past_first_page
            past_first_page = past_first_page or "filter" in options
            options["filter"] = f"{name} gt {literal(collection.last_key)}"


def literal(text: str) -> str:
    """Return an OData string literal: in single quotes, a quote inside doubled."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
