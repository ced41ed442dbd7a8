"""What is planned is what is applied: over generated states of FileMaker and Nexus, and any choices.

`NEXUS_REIMPORT_TEST_PAIRS` sets how many pairs are tried.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.plan.making import Planned, make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.model.counts import COUNTED
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.deeds import do
from nexus_reimport_tests.load.staged_frames import AS_OF
from nexus_reimport_tests.load.worlds import (
    Pair,
    Record,
    World,
    forget_everything,
    import_long_ago,
    staged,
    worlds,
)
from nexus_reimport_tests.writes import last_writes

PAIRS = int(os.environ.get("NEXUS_REIMPORT_TEST_PAIRS", "100"))
PAIRS_OF_A_WORLD = 5
Staged = Mapping[str, StagedTable]


@dataclass(frozen=True)
class Nexus:
    """A Nexus by its URL, and a connection for what others do to it and for looking at it."""

    url: str
    others: Connection


@pytest.fixture(scope="module")
def nexus(postgres: Cluster) -> Iterator[Nexus]:
    """A Nexus with our own schema in it: making that anew each time would take longer than the test."""
    with ephemeral_database(postgres) as url, psycopg.connect(url, autocommit=True) as others:
        publish(url, "first", AS_OF, staged(others, url, {"patients": {"patients 0": Record(0, 0)}}))
        yield Nexus(url, others)


@pytest.fixture(scope="module")
def seen() -> Iterator[Counter[str]]:
    """How often each count was not nought: pairs in which nothing happens would prove nothing."""
    counted: Counter[str] = Counter()
    yield counted
    if PAIRS >= 100:
        assert set(SEEN_AT_LEAST_ONCE) <= set(counted)


SEEN_AT_LEAST_ONCE = ("rejected", *COUNTED)


@given(worlds(PAIRS_OF_A_WORLD))
@settings(
    max_examples=PAIRS // PAIRS_OF_A_WORLD,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_is_planned_is_what_is_applied_and_a_plan_writes_nothing(
    nexus: Nexus, seen: Counter[str], world: World
) -> None:
    forget_everything(nexus.others)
    import_long_ago(nexus.others, world.older)
    for pair in world.pairs:
        for deed in pair.deeds:
            do(nexus.others, deed)
        seen.update(planned_and_applied(nexus, pair))


def planned_and_applied(nexus: Nexus, pair: Pair) -> Counter[str]:
    """Plan, apply, and plan once more; return how many tables had each count."""
    url, others = nexus.url, nexus.others
    now = staged(others, url, pair.source, pair.stays)
    before = everything(others), last_writes(url, others)
    planned = make_plan(url, now, pair.choices, [])
    assert (everything(others), last_writes(url, others)) == before
    applied = publish(url, "now", AS_OF, now, terms=PublicationTerms(pair.choices, "p", planned.writes))
    assert_same(others, planned, applied, now)
    again = make_plan(url, now, pair.choices, [])
    assert not any(again.writes.values())
    assert again.touched.empty
    tables = applied.tables.values()
    return Counter(name for table in tables for name, count in asdict(table).items() if count)


def assert_same(nexus: Connection, planned: Planned, applied: Publication, now: Staged) -> None:
    """Counts, rows and actions that were applied are those that were planned."""
    assert {name: one.counts for name, one in planned.tables.items()} == applied.tables
    for name, counts in applied.tables.items():
        assert counts.read == counts.inserted + counts.updated + counts.unchanged + counts.rejected
        assert counts.read == len(now[name].rows) + len(now[name].rejected_keys)
    assert (applied.number is None) == (not any(planned.writes.values())) == planned.touched.empty
    written = nexus.execute(
        "SELECT table_name, id::text, action, before::text FROM nexus_reimport.changes"
        " WHERE publication = %s",
        [applied.number],
    )
    lines = written.fetchall()
    for name, counts in applied.tables.items():
        actions = Counter(action for table, _, action, _ in lines if table == name)
        assert (actions["insert"], actions["delete"]) == (counts.inserted, counts.removed)
        assert counts.missing_kept <= counts.missing <= counts.missing_kept + counts.removed + counts.archived
    touched = planned.touched.astype(object).where(planned.touched.notna(), None)
    assert sorted(map(str, lines)) == sorted(map(str, touched.itertuples(index=False, name=None)))


def everything(nexus: Connection) -> list[tuple[str, str]]:
    """Every row of every table, Nexus's and our own."""
    tables = nexus.execute(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname IN ('public', 'nexus_reimport')"
    )
    rows = " UNION ALL ".join(f"SELECT '{name}', t::text FROM {name} t" for (name,) in tables)  # noqa: S608 - ours
    return nexus.execute(f"{rows} ORDER BY 1, 2".encode()).fetchall()
