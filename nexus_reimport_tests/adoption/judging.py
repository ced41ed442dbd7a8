"""What a reimport made of rows whose origin is known: judged by the sandbox's book, table by table.

Nothing here knows how a row is recognised. The book says where each came from, and Nexus what it is now.
"""

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from nexus_reimport.model.columns import Table
from nexus_reimport.model.nexus import IMAGES, NOTES, TABLES
from nexus_reimport.sandbox.clinic.older import Book
from nexus_reimport_tests.line import query, relations

Digests = Mapping[str, Mapping[str, str]]
"""Of each relation its rows by id, each row as the digest of all its columns."""


def digests(url: str) -> Digests:
    """Every row of every table of Nexus."""
    return _by_id(url, sql.SQL("md5(t::text)"))


def likenesses(url: str) -> Digests:
    """Every row by what an import wrote into it: rows that differ in their id and stamps only are alike."""
    return _by_id(url, sql.SQL("md5((to_jsonb(t) - '{id,created_at,updated_at,uploaded_at}'::text[])::text)"))


def _by_id(url: str, digest: sql.SQL) -> Digests:
    with psycopg.connect(url) as connection:
        statement = sql.SQL("SELECT t.id::text, {} FROM {} t")
        return {
            name: dict(connection.execute(statement.format(digest, sql.Identifier(name))).fetchall())
            for name in relations(url)
        }


def identities(url: str) -> dict[str, dict[str, str]]:
    """By table the id of each record that is published, by its source key."""
    found: dict[str, dict[str, str]] = {table.name: {} for table in TABLES}
    statement = "SELECT table_name, source_key, id::text FROM nexus_reimport.identities"
    for name, key, row_id in query(url, statement):
        found[name][key] = row_id
    return found


def undone_edits(url: str, book: Book) -> dict[str, set[str]]:
    """By relation the ids of rows in which a person's edit is no longer as the person left it."""
    found: dict[str, set[str]] = {}
    for relation, edits in book.edits.items():
        statement = f"SELECT id::text, to_jsonb(t) FROM {relation} t WHERE id = ANY (%s::uuid[])"  # noqa: S608 - ours
        rows = query(url, statement, list(edits))
        now: dict[str, dict[str, Any]] = dict(rows)
        found[relation] = {
            row_id
            for row_id, values in edits.items()
            if any(now.get(row_id, {}).get(column) != value for column, value in values.items())
        }
    return found


@dataclass(frozen=True)
class Before:
    """Nexus before the run: all rows, which of them are alike, and where each came from.

    `texts`: of each record that is a note, patient and text; two that are equal are one to a silent row.
    """

    rows: Digests
    alike: Digests
    book: Book
    texts: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def came_from(self, relation: str, row_id: str, key: str) -> bool:
        """Say that a row is the record's, or so like one that is that no reader can tell them apart."""
        sources, alike = self.book.sources.get(relation, {}), self.alike[relation]
        return row_id in sources and (
            sources[row_id] == key
            or any(alike.get(row_id) == alike.get(other) for other in self._rows_of(relation, key))
            or (row_id in self.book.silent and self._say_the_same(sources[row_id], key))
        )

    def found_by_another(self, key: str, taken: Mapping[str, str]) -> bool:
        """Say that a record's silent row was taken for another record of the same text."""
        return any(
            row_id in self.book.silent and row_id in taken and self._say_the_same(taken[row_id], key)
            for row_id in self._rows_of(NOTES.relation, key)
        )

    def _say_the_same(self, one: str, other: str) -> bool:
        return one in self.texts and self.texts[one] == self.texts.get(other)

    def gone_on_with(self, table: Table) -> set[str]:
        """Return the rows of imports that people have put something of their own into.

        An image in a batch that somebody has called otherwise is still an import's own.
        """
        edits = self.book.edits.get(table.relation, {}) if table is not IMAGES else {}
        return {*self.book.worked_on, *edits, *self.book.shared}

    def _rows_of(self, relation: str, key: str) -> list[str]:
        return self._by_key.setdefault(relation, _reversed(self.book.sources.get(relation, {}))).get(key, [])

    _by_key: dict[str, dict[str, list[str]]] = field(default_factory=dict, repr=False, compare=False)


def _reversed(sources: Mapping[str, str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row_id, key in sources.items():
        found[key].append(row_id)
    return found


@dataclass(frozen=True)
class Verdict:
    """Of one table, rows by id and records by key. `imported`: how many rows imports had left.

    `right`: taken for their own record. `wrong`: for another's. `taken`: a person's, for a record. `missed`:
    records with a row of their own that got a new one all the same. `doubled`: an import's rows that stand
    beside the row of their record; `gone_on_with`: of the rows beside, those that people have put something
    into. `lost`: rows gone that had to stay. `touched`: people's rows that are not as they were. `unedited`:
    an import's rows that lost what a person had put in.
    """

    table: str
    published: int
    imported: int
    right: Set[str]
    wrong: Set[str]
    taken: Set[str]
    missed: Set[str]
    doubled: Set[str]
    gone_on_with: Set[str]
    lost: Set[str]
    touched: Set[str]
    unedited: Set[str]

    @property
    def faults(self) -> dict[str, list[str]]:
        """What must never be, by name. What is missed or doubled is for the caller to weigh."""
        names = ("wrong", "taken", "lost", "touched", "unedited")
        return {name: sorted(found) for name in names if (found := getattr(self, name))}


def judge(
    table: Table, before: Before, after: Digests, published: Mapping[str, str], undone: Set[str] = frozenset()
) -> Verdict:
    """Judge one table. `published`: its identities. `undone`: of its relation, see undone_edits."""
    relation, book = table.relation, before.book
    then, now = before.rows[relation], after[relation]
    sources, people = book.sources.get(relation, {}), book.people.get(relation, set())
    kept = {row_id: key for key, row_id in published.items() if row_id in then}
    right = {row_id for row_id, key in kept.items() if before.came_from(relation, row_id, key)}
    knowable = sources.keys() - book.unknowable.get(relation, set())
    told = {sources[row_id] for row_id in knowable}
    beside = (knowable & then.keys() & now.keys()) - kept.keys()
    may_go = sources.keys() - before.gone_on_with(table) - kept.keys()
    return Verdict(
        table.name,
        len(published),
        len(sources),
        right=right,
        wrong=kept.keys() - right - people,
        taken=kept.keys() & people,
        missed={
            key
            for key in told & published.keys()
            if published[key] not in then and not (table is NOTES and before.found_by_another(key, kept))
        },
        doubled={row_id for row_id in beside if sources[row_id] in published},
        gone_on_with=beside & before.gone_on_with(table),
        lost=then.keys() - now.keys() - may_go,
        touched={row_id for row_id in people if now.get(row_id) != then[row_id]},
        unedited=undone & kept.keys(),
    )


def peoples_touched(before: Before, after: Digests) -> dict[str, list[str]]:
    """By relation, of all of Nexus, the ids of people's rows that are not as they were."""
    return differing(
        {
            relation: {row_id: before.rows[relation][row_id] for row_id in ids}
            for relation, ids in before.book.people.items()
        },
        {
            relation: {row_id: now for row_id, now in after[relation].items() if row_id in ids}
            for relation, ids in before.book.people.items()
        },
    )


def differing(one: Digests, other: Digests) -> dict[str, list[str]]:
    """By relation the ids of rows that differ, or that only one of the two has."""
    found = {
        relation: sorted(row_id for row_id, _ in rows.items() ^ other.get(relation, {}).items())
        for relation, rows in one.items()
    }
    return {relation: list(dict.fromkeys(ids)) for relation, ids in found.items() if ids}
