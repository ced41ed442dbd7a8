"""Our schema as each earlier release left it, brought to the newest by whatever writes next."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from obstore.store import MemoryStore

import nexus_reimport
from nexus_reimport.load.database import locking
from nexus_reimport.load.exceptions import PublicationError, PublicationInProgress
from nexus_reimport.load.our_tables.ledger import entries_column
from nexus_reimport.load.our_tables.migrations import NEWEST, find_version, upgrading
from nexus_reimport.load.our_tables.migrations.files import MIGRATIONS, Migration
from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, keep_former
from nexus_reimport.load.publication import Publication, publish
from nexus_reimport.load.rollback import rollback
from nexus_reimport.load.rollback.exceptions import CannotUndo
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.validate.verification import read_publications
from nexus_reimport_tests.load.our_tables.migrations.catalog import shape, versions
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import (
    BACKED_UP,
    BEN,
    WRITTEN,
    backups_of,
    load_written,
    set_back,
    staged_then,
)
from nexus_reimport_tests.load.rollback.histories import ask, content, publish_backed_up
from nexus_reimport_tests.load.staged_frames import AS_OF

KEPT = "SELECT table_name, source_key, id FROM nexus_reimport.identities ORDER BY 1, 2"
PUBLISHED = (
    "SELECT id, run_id, as_of, published_at, tables FROM nexus_reimport.publications WHERE id < 3 ORDER BY id"
)
# Ben's name, which both publications wrote.
DIGESTS = "SELECT id, first_name FROM nexus_reimport.written_patients ORDER BY id"


@pytest.fixture(scope="module")
def newest(postgres: Cluster) -> Iterator[list[tuple[object, ...]]]:
    """Our schema as a first publication makes it."""
    with ephemeral_database(postgres) as url:
        publish(url, "first", AS_OF, staged_then())
        yield shape(url)


def publish_next(url: str, version: int, run_id: str = "next", **patient: object) -> Publication:
    return publish(url, run_id, AS_OF, staged_then(2, version, **patient))


@pytest.mark.parametrize("name", WRITTEN)
def test_a_database_of_each_earlier_version_is_brought_to_the_newest_with_all_that_it_held(
    nexus_database: str, newest: list[tuple[object, ...]], name: str
) -> None:
    version = WRITTEN[name]
    load_written(nexus_database, name)
    before = [ask(nexus_database, statement) for statement in (KEPT, PUBLISHED, DIGESTS)]
    done = publish_next(nexus_database, version, last_name="Cole")
    assert (done.number, done.tables["patients"].inserted, done.tables["patients"].updated) == (3, 0, 1)
    assert done.tables["notes"].unchanged == 1
    assert shape(nexus_database) == newest
    assert [ask(nexus_database, statement) for statement in (KEPT, PUBLISHED, DIGESTS)] == before
    known = [(one.version, one.name, False, None) for one in MIGRATIONS[:version]]
    given = [(one.version, one.name, True, nexus_reimport.__version__) for one in MIGRATIONS[version:]]
    assert versions(nexus_database) == known + given


@pytest.mark.parametrize("name", WRITTEN)
def test_a_persons_edit_from_before_the_upgrade_stays_and_a_second_run_writes_nothing(
    nexus_database: str, name: str
) -> None:
    version = WRITTEN[name]
    load_written(nexus_database, name)
    ask(nexus_database, "UPDATE patients SET first_name = 'Benjamin' WHERE id = %s", BEN)
    assert publish_next(nexus_database, version).tables["patients"].edits_kept == 1
    after = content(nexus_database), shape(nexus_database), versions(nexus_database)
    assert publish_next(nexus_database, version, "again").number is None
    assert (content(nexus_database), shape(nexus_database), versions(nexus_database)) == after
    assert ask(nexus_database, "SELECT first_name FROM patients WHERE id = %s", BEN) == [("Benjamin",)]


@pytest.mark.parametrize("name", BACKED_UP)
@pytest.mark.parametrize("published_since", [True, False])
def test_a_publication_made_before_the_upgrade_is_rolled_back(
    nexus_database: str, name: str, published_since: bool
) -> None:
    store = backups_of(name)
    load_written(nexus_database, name)
    if published_since:
        publish_backed_up(nexus_database, store, staged_then(2, 3, last_name="Cole"), number=3)
    ask(nexus_database, "UPDATE notes SET note_type = 'other'")
    done = rollback(nexus_database, store, "back", to=2, edits="keep")
    assert done.undone == ((3, 2) if published_since else (2,))
    patients = ask(nexus_database, "SELECT first_name, last_name FROM patients ORDER BY first_name")
    assert patients == [("Ann", ""), ("Ben", "")]
    assert ask(nexus_database, "SELECT content, note_type FROM notes") == [("first", "other")]
    assert len(ask(nexus_database, KEPT)) == 5
    assert [row[0] for row in versions(nexus_database)] == list(range(1, NEWEST + 1))
    # What FileMaker said then is what Nexus has now.
    again = publish(nexus_database, "again", AS_OF, staged_then(1, 3)).tables
    assert (again["patients"].unchanged, again["images"].unchanged) == (2, 1)


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in BACKED_UP])
def test_a_publication_of_a_release_without_backups_cannot_be_rolled_back(
    nexus_database: str, name: str
) -> None:
    load_written(nexus_database, name)
    before = content(nexus_database), shape(nexus_database)
    with pytest.raises(CannotUndo, match="without a backup"):
        rollback(nexus_database, MemoryStore(), "back")
    assert (content(nexus_database), shape(nexus_database)) == before


@pytest.mark.parametrize("name", WRITTEN)
def test_an_upgrade_that_fails_at_any_step_leaves_everything_as_it_was(
    nexus_database: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_written(nexus_database, name)
    before = content(nexus_database), shape(nexus_database)
    for last in range(WRITTEN[name], NEWEST):
        steps = (*MIGRATIONS[WRITTEN[name] : last], Migration(last + 1, "broken", "SELECT 1 / 0"))
        monkeypatch.setattr(upgrading, "since", lambda _, steps=steps: steps)
        with pytest.raises(PublicationError):
            publish_next(nexus_database, WRITTEN[name])
        assert (content(nexus_database), shape(nexus_database)) == before
    monkeypatch.undo()
    publish_next(nexus_database, WRITTEN[name])
    assert len(versions(nexus_database)) == NEWEST


@pytest.mark.parametrize("name", ["1_records", "6_entries"])
def test_a_connection_that_is_lost_once_the_schema_is_new_leaves_the_old_one(
    postgres: Cluster, nexus_database: str, name: str
) -> None:
    load_written(nexus_database, name)
    before = content(nexus_database), shape(nexus_database)

    def end(_: Publication) -> None:
        with postgres.superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'nexus-reimport run lost'"
            )

    with pytest.raises(PublicationError):
        publish(nexus_database, "lost", AS_OF, staged_then(2, 1, last_name="Cole"), before_commit=end)
    assert (content(nexus_database), shape(nexus_database)) == before


def test_of_two_runs_at_once_one_brings_it_to_the_newest_and_both_publish(nexus_database: str) -> None:
    load_written(nexus_database, "2_photographs")
    done: list[Publication] = []
    meeting = threading.Barrier(2)

    def run(name: str) -> None:
        meeting.wait()
        done.append(publish_next(nexus_database, 2, f"run {name}", last_name=name))

    both = [threading.Thread(target=run, args=[name]) for name in ("Cole", "Dell")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(one.number or 0 for one in done) == [3, 4]
    assert len(versions(nexus_database)) == NEWEST


@pytest.mark.parametrize("name", WRITTEN)
def test_a_run_that_has_nothing_to_write_brings_it_to_the_newest_and_is_no_publication(
    nexus_database: str, newest: list[tuple[object, ...]], name: str
) -> None:
    load_written(nexus_database, name)
    before = ask(nexus_database, KEPT), ask(nexus_database, PUBLISHED)
    said: list[str] = []
    # Rows of which a later release keeps more would be written.
    ask(nexus_database, "DELETE FROM nexus_reimport.identities WHERE table_name = 'patients'")
    nothing = {"notes": staged_then(2, 1)["notes"]}
    assert publish(nexus_database, "idle", AS_OF, nothing, progress=said.append).number is None
    assert f"The schema nexus_reimport is brought from version {WRITTEN[name]} to {NEWEST}" in said
    assert shape(nexus_database) == newest
    assert ask(nexus_database, PUBLISHED) == before[1]


def test_a_first_run_that_has_nothing_to_write_leaves_no_schema(nexus_database: str) -> None:
    assert publish(nexus_database, "idle", AS_OF, {}).number is None
    assert shape(nexus_database) == []


def test_ids_imported_by_hand_bring_it_to_the_newest_and_wait_for_a_publication(
    nexus_database: str, newest: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_written(nexus_database, "1_records")
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.3)
    former = FormerIdentities({BEN: BEN}, 0)
    with psycopg.connect(nexus_database, application_name="another run") as other:
        locking.keep_publications_out(other)
        with pytest.raises(PublicationInProgress, match="another run"):
            keep_former(nexus_database, former)
    assert keep_former(nexus_database, former).added == 1
    assert shape(nexus_database) == newest


def test_who_reads_what_is_to_be_altered_for_too_long_is_named(
    nexus_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_written(nexus_database, "5_made_of")
    before = content(nexus_database), shape(nexus_database)
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.3)
    with psycopg.connect(nexus_database, application_name="pg_dump") as reader:
        reader.execute("SELECT FROM nexus_reimport.written_patients")
        with pytest.raises(PublicationInProgress, match=r"«pg_dump».*on nexus_reimport\.written"):
            publish_next(nexus_database, 5)
    assert (content(nexus_database), shape(nexus_database)) == before
    publish_next(nexus_database, 5)


def test_a_schema_in_which_there_is_the_guard_alone_gets_the_rest(
    nexus_database: str, newest: list[tuple[object, ...]]
) -> None:
    ask(nexus_database, "CREATE SCHEMA nexus_reimport")
    assert publish_next(nexus_database, 2).number == 1
    assert shape(nexus_database) == newest


def test_what_was_added_by_a_release_between_two_versions_is_no_hindrance(
    nexus_database: str, newest: list[tuple[object, ...]]
) -> None:
    load_written(nexus_database, "1_records")
    ask(nexus_database, "CREATE TABLE nexus_reimport.written_images (LIKE nexus_reimport.written_notes)")
    ask(nexus_database, "DROP TABLE nexus_reimport.written_images")
    later = next(one.text for one in MIGRATIONS if one.name == "photographs")
    ask(nexus_database, f"SET search_path TO nexus_reimport; {later}; DROP TABLE removed")
    with psycopg.connect(nexus_database) as connection:
        assert find_version(connection) == 1
    publish_next(nexus_database, 2)
    assert sorted(map(repr, shape(nexus_database))) == sorted(map(repr, newest))


@pytest.mark.parametrize("version", range(1, 7))
def test_a_dump_from_before_there_were_versions_may_be_restored_over_a_schema_that_has_them(
    nexus_database: str, newest: list[tuple[object, ...]], version: int
) -> None:
    publish_next(nexus_database, version)
    set_back(nexus_database, version, with_versions=True)
    assert len(read_publications(nexus_database)) == 1
    publish_next(nexus_database, version, last_name="Cole")
    assert sorted(map(repr, shape(nexus_database))) == sorted(map(repr, newest))


def test_each_version_is_known_by_its_columns(nexus_database: str) -> None:
    with psycopg.connect(nexus_database) as connection:
        connection.execute("CREATE SCHEMA nexus_reimport; SET search_path TO nexus_reimport")
        for one in MIGRATIONS:
            connection.execute(one.text.encode())
            assert find_version(connection) == min(one.version, 6), f"say in versions.py what {one.name} has"


def test_the_newest_version_has_a_digest_for_each_column_that_comes_from_a_source(
    nexus_database: str,
) -> None:
    publish_next(nexus_database, 2)
    found = {(row[0], row[1]) for row in shape(nexus_database) if len(row) > 2}
    for table in TABLES:
        wanted = {"id", "whole", *(column.name for column in table.named("source"))}
        wanted |= {entries_column(column) for column in table.made_of_entries}
        have = {column for relation, column in found if relation == f"written_{table.name}"}
        assert have == wanted, f"written_{table.name}: give load/state/schema/ a new file"


def test_files_are_numbered_without_a_gap_and_say_what_they_are_for() -> None:
    assert [one.version for one in MIGRATIONS] == list(range(1, NEWEST + 1))
    assert all(one.text.startswith("-- ") for one in MIGRATIONS)
    assert replace(MIGRATIONS[0], text="CREATE TABLE IF NOT EXISTS a ();\nUPDATE b SET c = 1").relations == {
        "a",
        "b",
    }
