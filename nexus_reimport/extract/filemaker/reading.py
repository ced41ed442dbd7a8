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

from nexus_reimport.exceptions import (
    AccessDenied,
    ClientError,
    NotFound,
    RequestRefused,
    ServerBusy,
    ServerFailed,
    UnexpectedAnswer,
)
from nexus_reimport.extract.filemaker.collection import Collection
from nexus_reimport.extract.filemaker.endpoint import Endpoint
from nexus_reimport.extract.filemaker.exceptions import (
    EmptyKeys,
    IncompleteExtract,
    MissingFields,
    RowsChangedWhileReading,
    UnreadableValue,
)
from nexus_reimport.extract.filemaker.pages import Page, parse_count, parse_page
from nexus_reimport.extract.filemaker.session import Session
from nexus_reimport.model.filemaker import EntitySet

Paging = Literal["next_link", "by_key"]
Progress = Callable[[int, int | None], None]
NAMED_KEYS = 5
# What one way of paging may meet where another would not: an expired link, a name that must be quoted,
# quotes that something on the way does not let through, a query that the engine breaks at.
REFUSALS = (RequestRefused, NotFound, AccessDenied, ServerFailed, ServerBusy, UnexpectedAnswer)


@dataclass(frozen=True)
class Reading:
    """What one attempt brought, what the server counted around it, and what it last refused."""

    collection: Collection
    paging: Paging
    count_before: int
    count_after: int
    refusal: ClientError | None = None

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
            return incomplete(entity, self.count_after, self.collection, self.refusal)
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


def incomplete(
    entity: str, declared: int, collection: Collection, refusal: ClientError | None
) -> IncompleteExtract:
    """Return the error for an extract that would be short, with what was last refused on the way."""
    distinct = collection.distinct
    message = (
        f"{entity}: {distinct} of {declared} records received, {declared - distinct} missing "
        f"({collection.received - distinct} came twice). Nothing was taken over. Check that the account may "
        "view every record, that no two records share an id, and the paging of the OData service."
    )
    return IncompleteExtract(f"{message} Refused on the way: {refusal}" if refusal else message)


@dataclass
class Reader:
    """Reads one entity set of one database. `pages` counts every page asked for, in all readings.

    `refusal`: why the last page that was refused was.
    """

    session: Session
    endpoint: Endpoint
    entity_set: EntitySet
    on_progress: Progress
    pages: int = 0
    refusal: ClientError | None = None

    def read(self) -> Reading:
        """Read all records once.

        Raises EmptyKeys, MissingFields and UnreadableValue, which reading again would not cure, and what a
        link was refused with where keys are of no use; all else that is wrong is told by `Reading.problem`.
        """
        self.refusal = None
        collection, declared = self.by_links()
        paging: Paging = "next_link"
        if collection.distinct + collection.keyless < declared:
            refused_link = self.refusal
            by_key = self.by_key(declared)
            if by_key is not None and by_key.distinct >= collection.distinct:
                collection, paging = by_key, "by_key"
            elif by_key is None and refused_link:
                raise refused_link
        self.refuse_unusable(collection)
        return Reading(collection, paging, declared, self.count(), self.refusal)

    def refuse_unusable(self, collection: Collection) -> None:
        """Raise for rows without a key, and for fields that never came or can't be read at all."""
        entity, key = self.entity_set.entity, self.entity_set.key
        if collection.missing_fields:
            names = ", ".join(repr(name) for name in collection.missing_fields)
            message = f"{entity}: no record has the field {names}. Give the account the right to view it."
            raise MissingFields(message)
        if collection.lost_fields:
            names = ", ".join(repr(name) for name in collection.lost_fields)
            message = (
                f"{entity}: not one value of the field {names} can be read, so it is not for single records. "
                "Nothing was taken over. See in FileMaker what the field holds."
            )
            raise UnreadableValue(message)
        if collection.keyless:
            unread = collection.unreadable[key]
            how = f", {unread} of them one that can't be read" if unread else ""
            message = (
                f"{entity}: {collection.keyless} records have no {key}{how}. Give them one in FileMaker."
            )
            raise EmptyKeys(message)

    def count(self) -> int:
        """Ask how many records there are now."""
        return self.session.fetch(self.endpoint.count(self.entity_set.entity), parse_count)

    def page(self, url: httpx.URL) -> Page:
        """Ask for one page."""
        self.pages += 1
        return self.session.fetch(url, lambda body: parse_page(body, self.entity_set.names))

    def by_links(self) -> tuple[Collection, int]:
        """Follow nextLink to its end; stop where it repeats, leaves the host, is refused or brings nothing.

        And where more came than is counted: that is never a proof, and a server may link on for ever.
        """
        collection = Collection(self.entity_set)
        url = self.endpoint.records(self.entity_set.entity, count="true")
        page, visited = self.page(url), {url}
        declared = self.count() if page.count is None else page.count
        while True:
            fresh = collection.add(page.records)
            self.on_progress(collection.distinct, declared)
            link = self.endpoint.follow(url, page.next_link) if page.next_link and fresh else None
            if link is None or link in visited or collection.distinct > declared:
                return collection, declared
            visited.add(link)
            following = self.linked(link)
            if following is None:
                return collection, declared
            url, page = link, following

    def linked(self, url: httpx.URL) -> Page | None:
        """Return the page behind a link; None where it is refused, for then keys may still lead there."""
        try:
            return self.page(url)
        except REFUSALS as refusal:
            self.refusal = refusal
            return None

    def by_key(self, declared: int) -> Collection | None:
        """Read in key order, each page after the last key of the one before.

        FileMaker wants some names in double quotes and other servers none, so a spelling that is refused, by
        whatever status, or that does not get past the first page, gives way to the next. None where no
        spelling is accepted.
        """
        fullest: Collection | None = None
        for name in (self.entity_set.key, f'"{self.entity_set.key}"'):
            collection = Collection(self.entity_set)
            try:
                past_first_page = self.walk_keys(collection, name, declared)
            except REFUSALS as refusal:
                if isinstance(refusal, ServerBusy) and isinstance(self.refusal, ServerBusy):
                    # Two ways were busy to the last try: it is not the way.
                    raise
                self.refusal, past_first_page = refusal, False
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
