"""Sources that go blank or change in parts, generated field by field: what the checks of sources let through.

Under a tenth of a field may go without a word of theirs, and another value in its place is none of their
business. What of it reaches Nexus is counted by column, and held here against pandas' own count.
"""

from collections.abc import Callable, Iterator, Sequence

import pandas as pd
import pytest

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.plan.making import Planned, make_plan
from nexus_reimport.load.publication import PublicationTerms, publish
from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.clinic import synthetic_clinic
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.line import load_state
from nexus_reimport_tests.staged_clinic import Sources, sources_of, staged
from nexus_reimport_tests.transform.records import AS_OF

Values = Sequence[object]
ROUNDS = 3
# Neither the ids of records, nor when each was made, which says in which order they are taken.
KEPT = {*(one.key for one in ENTITY_SETS), "creationTimestamp"}


def null_in_a_part(values: Values) -> Values:
    """A twelfth, spread; under what the checks of sources stop."""
    return [None if place % 12 == 5 else one for place, one in enumerate(values)]


def another_row_s(values: Values) -> Values:
    """Each row has what the next one had."""
    return [*values[1:], *values[:1]]


WAYS: dict[str, Callable[[Values], Values]] = {
    "null in a part": null_in_a_part,
    "another row's": another_row_s,
}


@pytest.fixture(scope="module")
def published(postgres: Cluster) -> Iterator[tuple[str, Sources]]:
    """A clinic that is published once."""
    with ephemeral_database(postgres) as url:
        clinic = synthetic_clinic(0.1)
        load_state(url, "empty", clinic)
        sources = sources_of(clinic)
        publish(url, "first", AS_OF, staged(url, sources), terms=PublicationTerms(made_of=sources.made_of))
        yield url, sources


def altered(sources: Sources, way: str, turn: int) -> Sources:
    """Each third field of every source of FileMaker, gone that way."""
    frames = {}
    for one in ENTITY_SETS:
        name = f"filemaker/{one.asset}"
        fields = [field for field in one.names if field not in KEPT][turn::ROUNDS]
        frame = sources.frames[name]
        frames[name] = frame.assign(
            **{
                field: pd.array(WAYS[way](frame[field].tolist()), dtype=frame[field].dtype)
                for field in fields
            }
        )
    return sources.having(frames)


def lost_and_changed(before: StagedTable, after: StagedTable, column: Column) -> tuple[int, int, int]:
    """In how many rows a column lost a value and changed it, and in how many there was one, by pandas."""
    was = before.rows.set_index("id")[column.name].astype("string").str.strip()
    now = after.rows.set_index("id")[column.name].astype("string").str.strip()
    kept = was.index.intersection(now.index)
    was, now = was.loc[kept].fillna(""), now.loc[kept].fillna("")
    had, has = was != "", now != ""
    return int((had & ~has).sum()), int((had & has & (was != now)).sum()), int(had.sum())


def must_be_told(table: Table, before: StagedTable, after: StagedTable) -> Iterator[tuple[str, str]]:
    """What is well beyond the bar: columns and kinds. Objects are counted by entries, so not here."""
    for column in table.named("source"):
        if column.kind != "jsonb":
            lost, changed, had = lost_and_changed(before, after, column)
            if lost > max(21, 0.06 * had):
                yield f"{table.name}.{column.name}", "lose"
            if changed > max(21, 0.22 * had):
                yield f"{table.name}.{column.name}", "change"


def named_in(plan: Planned, column: str) -> int:
    """In how many rows a plan says that a column changes."""
    table, _, name = column.partition(".")
    return plan.tables[table].fields[name]


@pytest.mark.parametrize("way", WAYS)
def test_what_goes_blank_or_changes_below_the_checks_of_sources_stops_the_publication_by_its_column(
    published: tuple[str, Sources], way: str
) -> None:
    url, sources = published
    first, told = staged(url, sources), set()
    for turn in range(ROUNDS):
        now = altered(sources, way, turn)
        tables = staged(url, now)
        plan = make_plan(url, tables, Options(), [], made_of=now.made_of)
        found = {(one.column, one.kind) for one in plan.excesses}
        expected = {
            one for name, table in BY_NAME.items() for one in must_be_told(table, first[name], tables[name])
        }
        assert expected <= found
        for column in expected:
            assert named_in(plan, column[0]) > 20
        told |= found
    assert len(told) >= 15
    assert {column.partition(".")[0] for column, _ in told} >= {"patients", "appointments"}
