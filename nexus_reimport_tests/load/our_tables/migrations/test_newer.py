"""A schema that a newer release has written is refused by everything, before any work."""

from collections.abc import Callable

import pandas as pd
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.backup import Header, dump
from nexus_reimport.load.backup.before_publication import back_up_ahead
from nexus_reimport.load.database.readiness import prove_readable, prove_writable
from nexus_reimport.load.our_tables.figures import read_last_figures
from nexus_reimport.load.our_tables.migrations import NEWEST, SchemaNewer
from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, keep_former
from nexus_reimport.load.plan.making import make_plan, read_standing
from nexus_reimport.load.publication import publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.load.rollback import rollback
from nexus_reimport.load.rollback.preview import done_by, effect_of, preview
from nexus_reimport.model.nexus import NOTES
from nexus_reimport.model.options import Options
from nexus_reimport.validate.doubled import read_left_over
from nexus_reimport.validate.lookups import read_removed, read_unlinked
from nexus_reimport.validate.row_counts import count_rows
from nexus_reimport.validate.verification import count_stale_links, read_publications, run_that_applied
from nexus_reimport_tests.load.our_tables.migrations.catalog import shape
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import staged_then
from nexus_reimport_tests.load.rollback.histories import ask, content
from nexus_reimport_tests.load.staged_frames import AS_OF

HEADER = Header("20260701T030405Z-01234567", "run", None, AS_OF)
TOUCHED = pd.DataFrame({"table": [], "id": [], "action": []}, dtype="string")
# Each opens Nexus by itself.
ENTRANCES: dict[str, Callable[[str], object]] = {
    "look first, to plan": prove_readable,
    "look first, to run": prove_writable,
    "plan": lambda url: make_plan(url, staged_then(), Options(), []),
    "plan, is it stale": read_standing,
    "run": lambda url: publish(url, "run", AS_OF, staged_then()),
    "rollback": lambda url: rollback(url, MemoryStore(), "back"),
    "rollback, preview": preview,
    "rollback, resumed": lambda url: done_by(url, ["back"]),
    "rollback, told": lambda url: effect_of(url, 1),
    "backup": lambda url: back_up_ahead(url, MemoryStore(), HEADER, TOUCHED, [NOTES]),
    "backup dump": lambda url: dump(url, MemoryStore(), HEADER),
    "identity import": lambda url: keep_former(url, FormerIdentities({}, 0)),
    "nexus_state": read_state,
    "figures": read_last_figures,
    "report": count_rows,
    "status": read_publications,
    "status --removed": lambda url: read_removed(url, NOTES),
    "status --unlinked": lambda url: read_unlinked(url, NOTES),
    "status --left-over": lambda url: read_left_over(url, NOTES),
    "resume": lambda url: run_that_applied(url, "p"),
    "checks": lambda url: count_stale_links(url, NOTES),
}


@pytest.fixture
def newer(nexus_database: str) -> str:
    """A Nexus to which a release of the next version has published."""
    publish(nexus_database, "first", AS_OF, staged_then(1))
    ask(
        nexus_database,
        "INSERT INTO nexus_reimport.schema_versions VALUES (%s, 'to_come', now(), '9.9.0')",
        NEWEST + 1,
    )
    return nexus_database


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_it_is_refused_with_both_versions_and_what_to_do(newer: str, entrance: str) -> None:
    before = content(newer), shape(newer)
    with pytest.raises(SchemaNewer) as caught:
        ENTRANCES[entrance](newer)
    message = str(caught.value)
    assert f"is of version {NEWEST + 1}, written by nexus-reimport 9.9.0" in message
    assert f"knows it up to {NEWEST}" in message
    assert (content(newer), shape(newer)) == before
