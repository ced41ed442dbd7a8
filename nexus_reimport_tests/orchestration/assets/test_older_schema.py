"""A whole run over a Nexus to which an earlier release has published."""

from nexus_reimport.load.our_tables.migrations import NEWEST
from nexus_reimport.validate.verification import read_publications
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.load.our_tables.migrations.catalog import versions
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back


def test_a_run_with_plan_and_backup_brings_the_schema_to_the_newest(make_line: MakeLine) -> None:
    line = make_line()
    assert line.run().right
    # Without digests of photographs and of entries: there is something to write of each.
    set_back(line.url, 2)
    upgraded = line.run()
    assert upgraded.right
    assert {counts["inserted"] for counts in upgraded.tables.values()} == {0}
    assert [one["number"] for one in read_publications(line.url)] == [2, 1]
    assert len(versions(line.url)) == NEWEST
