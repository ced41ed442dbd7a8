"""What is planned is what is applied: over generated states of FileMaker and Nexus, and any choices.

`NEXUS_REIMPORT_TEST_PAIRS` sets how many pairs are tried.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from nexus_reimport.publish.deciding import StagedTable
from nexus_reimport.publish.planning import Planned, make_plan
from nexus_reimport.publish.publication import Publication, Terms, publish
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.line import query, relations, tuples_written
from nexus_reimport_tests.publish.deeds import do
from nexus_reimport_tests.publish.staged_frames import AS_OF
from nexus_reimport_tests.publish.worlds import (
    Record,
    World,
    forget_everything,
    import_long_ago,
    staged,
    worlds,
)

PAIRS = int(os.environ.get("NEXUS_REIMPORT_TEST_PAIRS", "100"))
Staged = Mapping[str, StagedTable]


@pytest.fixture(scope="module")
def database(postgres: Cluster) -> Iterator[str]:
    """A Nexus with our own schema in it: making that anew each time would take longer than the test."""
    with ephemeral_database(postgres) as url:
        publish(url, "first", AS_OF, staged(url, {"patients": {"patients 0": Record(0, 0)}}))
        yield url


@pytest.fixture(scope="module")
def seen() -> Iterator[Counter[str]]:
    """How often each count was not nought: pairs in which nothing happens would prove nothing."""
    counted: Counter[str] = Counter()
    yield counted
    if PAIRS >= 100:
        assert set(SEEN_AT_LEAST_ONCE) <= set(counted)


SEEN_AT_LEAST_ONCE = (
    "inserted",
    "updated",
    "unchanged",
    "rejected",
    "missing",
    "conflicts",
    "edits_kept",
    "restored",
    "relinked",
    "removed",
    "archived",
)


@given(worlds())
@settings(
    max_examples=PAIRS,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_what_is_planned_is_what_is_applied_and_a_plan_writes_nothing(
    database: str, seen: Counter[str], world: World
) -> None:
    bring_about(database, world)
    now = staged(database, world.now, world.stays)
    before = everything(database), tuples_written(database)
    planned = make_plan(database, now, world.choices, [])
    assert (everything(database), tuples_written(database)) == before
    applied = publish(database, "now", AS_OF, now, terms=Terms(world.choices, "p", planned.writes))
    assert_same(database, planned, applied, now)
    again = make_plan(database, now, world.choices, [])
    assert not any(again.writes.values())
    assert again.touched.empty
    for table in applied.tables.values():
        seen.update(name for name, count in asdict(table).items() if count)


def bring_about(url: str, world: World) -> None:
    """Bring Nexus to where the world has it before the run that is planned."""
    forget_everything(url)
    import_long_ago(url, world.older)
    publish(url, "before", AS_OF, staged(url, world.before))
    for deed in world.deeds:
        do(url, deed)


def assert_same(url: str, planned: Planned, applied: Publication, now: Staged) -> None:
    """Counts, rows and actions that were applied are those that were planned."""
    assert {name: one.counts for name, one in planned.tables.items()} == applied.tables
    for name, counts in applied.tables.items():
        assert counts.read == counts.inserted + counts.updated + counts.unchanged + counts.rejected
        assert counts.read == len(now[name].rows) + len(now[name].rejected_keys)
    assert (applied.number is None) == (not any(planned.writes.values())) == planned.touched.empty
    written = query(
        url,
        "SELECT table_name, id::text, action, before::text FROM nexus_reimport.changes"
        " WHERE publication = %s",
        applied.number,
    )
    touched = planned.touched.astype(object).where(planned.touched.notna(), None)
    assert sorted(map(str, written)) == sorted(map(str, touched.itertuples(index=False, name=None)))


def everything(url: str) -> dict[str, list[str]]:
    """Every row of every table, Nexus's and our own."""
    names = [f"public.{name}" for name in relations(url)]
    names += [f"nexus_reimport.{name}" for name in relations(url, "nexus_reimport")]
    with psycopg.connect(url) as connection:
        rows = " UNION ALL ".join(f"SELECT '{name}', t::text FROM {name} t" for name in names)  # noqa: S608 - ours
        found: dict[str, list[str]] = {}
        for name, row in connection.execute(f"{rows} ORDER BY 1, 2".encode()):
            found.setdefault(name, []).append(row)
    return found
