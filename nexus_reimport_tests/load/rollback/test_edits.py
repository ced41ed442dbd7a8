"""What people did since: refused row by row, kept, or discarded; what hangs on a row keeps it in any case."""

from collections.abc import Iterator
from typing import Literal

import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.exceptions import BrokenLinks
from nexus_reimport.load.link_guard import install
from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, keep_former
from nexus_reimport.load.rollback import Conflict, Rollback, rollback
from nexus_reimport.load.rollback.exceptions import RollbackNotProved, RollbackRefused
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.diff.test_repair import batch, document, image, imported_batch, nexus
from nexus_reimport_tests.load.rollback.histories import (
    ANN,
    BEN,
    DUMP,
    FORMER,
    NOBODY,
    Content,
    Row,
    ask,
    content,
    publish_backed_up,
    staged,
)
from nexus_reimport_tests.load.staged_frames import uid

X, Y = uid("notes x"), uid("notes y")
LETTER = "INSERT INTO letters_patientletter VALUES (gen_random_uuid(), %s, 'about', 'text', now(), now())"
NOTE = "INSERT INTO notes SELECT gen_random_uuid(), 'other', 'by hand', now(), now(), 'me', %s"


@pytest.fixture(scope="module")
def published(postgres: Cluster) -> Iterator[tuple[str, MemoryStore, Content]]:
    """Ben and note x, then ann, note y, and another text of note x; the store; the content of between."""
    store = MemoryStore()
    with ephemeral_database(postgres) as url:
        publish_backed_up(url, store, staged(url, {"ben": {}}, {"x": {"content": "first"}}), 1)
        before = content(url)
        notes = {"x": {"content": "second"}, "y": {"patient_id": ANN}}
        publish_backed_up(url, store, staged(url, {"ann": {}, "ben": {"first_name": "B"}}, notes), 2)
        yield url, store, before


@pytest.fixture
def url(postgres: Cluster, published: tuple[str, MemoryStore, Content]) -> Iterator[str]:
    with ephemeral_database(postgres, template=published[0].rpartition("/")[2]) as copy:
        yield copy


@pytest.fixture
def store(published: tuple[str, MemoryStore, Content]) -> MemoryStore:
    return published[1]


@pytest.fixture
def before(published: tuple[str, MemoryStore, Content]) -> Content:
    return published[2]


def refused(url: str, store: MemoryStore) -> list[Conflict]:
    """Try to take the newest back; it is refused, nothing has changed, and every row is named."""
    now = content(url)
    with pytest.raises(RollbackRefused) as caught:
        rollback(url, store, "back")
    assert content(url) == now
    for one in caught.value.obstacles:
        assert f"{one.table} {one.id}: {one.what}" in str(caught.value)
    assert "by hand" not in str(caught.value)
    return list(caught.value.obstacles)


def take_back(url: str, store: MemoryStore, edits: Literal["keep", "discard"]) -> Rollback:
    return rollback(url, store, "back", edits=edits)


def note(url: str, row_id: str) -> list[str]:
    return [text for (text,) in ask(url, "SELECT content FROM notes WHERE id = %s", row_id)]


def test_an_edited_row_is_refused_kept_or_set_back(
    url: str, store: MemoryStore, before: Content, postgres: Cluster
) -> None:
    ask(url, "UPDATE notes SET content = 'by hand' WHERE id = %s", X)
    edited = Conflict("notes", X, "changed")
    assert refused(url, store) == [edited]
    with ephemeral_database(postgres, template=url.rpartition("/")[2]) as other:
        outcome = take_back(other, store, "keep")
        assert (outcome.kept, outcome.discarded) == ((edited,), ())
        assert outcome.tables["notes"] == {"deleted": 1, "inserted": 0, "updated": 0, "kept": 1}
        assert note(other, X) == ["by hand"]
        assert ask(other, "SELECT first_name FROM patients") == [("",)]
    outcome = take_back(url, store, "discard")
    assert (outcome.kept, outcome.discarded) == ((), (edited,))
    assert content(url) == before


def test_of_an_edited_row_all_but_the_edited_fields_is_set_back(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    first: dict[str, Row] = {"ann": {"first_name": "A", "last_name": "B", "sex": "F"}, "ben": {"sex": "M"}}
    then: dict[str, Row] = {"ann": {"first_name": "C", "last_name": "D", "sex": None}, "ben": {"sex": "O"}}
    publish_backed_up(url, store, staged(url, first), 1)
    ask(url, "UPDATE patients SET title = 'Dr' WHERE id = %s", ANN)
    publish_backed_up(url, store, staged(url, then), 2)
    ask(url, "UPDATE patients SET last_name = 'by hand', mrn = 'M' WHERE id = %s", ANN)
    outcome = take_back(url, store, "keep")
    assert outcome.kept == (Conflict("patients", ANN, "edited"),)
    assert outcome.tables["patients"] == {"deleted": 0, "inserted": 0, "updated": 2, "kept": 0}
    columns = "SELECT first_name, last_name, sex, title, mrn FROM patients WHERE id = %s"
    assert ask(url, columns, ANN) == [("A", "by hand", "F", "Dr", "M")]
    counts = publish_backed_up(url, store, staged(url, then), 3).tables["patients"]
    assert (counts.updated, counts.conflicts, counts.edits_kept) == (2, 1, 1)
    assert ask(url, columns, ANN) == [("C", "by hand", None, "Dr", "M")]


def test_a_row_edited_where_nothing_is_known_of_its_fields_stays_whole(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    publish_backed_up(url, store, staged(url, {"ann": {"first_name": "A"}}), 1)
    publish_backed_up(url, store, staged(url, {"ann": {"first_name": "C"}}), 2)
    ask(url, "UPDATE patients SET last_name = 'by hand'")
    ask(url, "DELETE FROM nexus_reimport.written_patients")
    assert take_back(url, store, "keep").kept == (Conflict("patients", ANN, "changed"),)
    assert ask(url, "SELECT first_name, last_name FROM patients") == [("C", "by hand")]


def test_a_row_deleted_since_is_refused_left_gone_or_brought_back(
    url: str, store: MemoryStore, before: Content, postgres: Cluster
) -> None:
    ask(url, "DELETE FROM notes WHERE id = %s", X)
    assert refused(url, store) == [Conflict("notes", X, "deleted")]
    with ephemeral_database(postgres, template=url.rpartition("/")[2]) as other:
        take_back(other, store, "keep")
        assert note(other, X) == []
    take_back(url, store, "discard")
    assert content(url) == before


def test_a_row_that_we_removed_and_somebody_made_again_came_back(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    nexus(url, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"))
    before = content(url)
    publish_backed_up(url, store, staged(url, {"ben": {}}))
    nexus(url, imported_batch("old", BEN))
    used = Conflict("patients", BEN, "in use")
    assert refused(url, store) == [used, Conflict("image_batches", uid("batch old"), "came back")]
    outcome = take_back(url, store, "discard")
    assert [one.what for one in outcome.discarded] == ["came back"]
    assert content(url) == before


def test_what_somebody_set_back_by_hand_is_no_obstacle(url: str, store: MemoryStore, before: Content) -> None:
    ask(url, "DELETE FROM notes WHERE id = %s", Y)
    rollback(url, store, "back")
    assert content(url) == before


@pytest.mark.parametrize("hangs", ["letter", "note", "batch", "document"])
def test_a_patient_with_something_of_peoples_stays(url: str, store: MemoryStore, hangs: str) -> None:
    match hangs:
        case "letter":
            ask(url, LETTER, ANN)
        case "note":
            ask(url, NOTE, ANN)
        case "batch":
            nexus(url, batch("own", ANN))
        case _:
            nexus(url, document("own", ANN))
    assert refused(url, store) == [Conflict("patients", ANN, "in use")]
    outcome = take_back(url, store, "discard" if hangs == "letter" else "keep")
    assert outcome.kept == (Conflict("patients", ANN, "in use"),)
    assert ask(url, "SELECT count(*) FROM patients WHERE id = %s", ANN) == [(1,)]
    assert note(url, Y) == []
    for records in ("identities", "written_patients"):
        [(count,)] = ask(url, f"SELECT count(*) FROM nexus_reimport.{records} WHERE id = %s", ANN)  # noqa: S608 - ours
        assert count == 1


POINTING = {
    "to somebody": (
        "INSERT INTO contact_relationships SELECT gen_random_uuid(), id, %s, id, gen_random_uuid(), 'parent',"
        " NULL, true, now(), now() FROM django_content_type WHERE model = 'patient'"
    ),
    "from somebody": (
        "INSERT INTO contact_relationships SELECT gen_random_uuid(), id, gen_random_uuid(), id, %s, 'parent',"
        " NULL, true, now(), now() FROM django_content_type WHERE model = 'patient'"
    ),
    "an email": (
        "INSERT INTO sent_emails SELECT gen_random_uuid(), NULL, '', '', '', '', '', false, '', NULL, 'sent',"
        " '', '', '', upper(%s), '', '', now(), 'me'"
    ),
    "JSON": (
        "INSERT INTO xero_sync_logs SELECT gen_random_uuid(), '', '', to_jsonb('of ' || upper(%s)),"
        " NULL, '', '', NULL, '', 1, now()"
    ),
    "Xero's log": (
        "INSERT INTO xero_sync_logs SELECT gen_random_uuid(), '', '', NULL, NULL, '', 'patient', %s::uuid,"
        " '', 1, now()"
    ),
    "the admin's log": (
        "INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag, change_message,"
        " content_type_id) SELECT now(), %s, '', 2, '', id FROM django_content_type WHERE model = 'patient'"
    ),
}


@pytest.mark.parametrize("link", POINTING)
def test_a_patient_whom_anything_points_at_stays_though_postgresql_knows_no_link(
    url: str, store: MemoryStore, link: str
) -> None:
    ask(url, POINTING[link], ANN)
    assert refused(url, store) == [Conflict("patients", ANN, "in use")]
    assert take_back(url, store, "keep").kept == (Conflict("patients", ANN, "in use"),)
    assert ask(url, "SELECT count(*) FROM patients WHERE id = %s", ANN) == [(1,)]


def test_what_is_attached_to_another_kind_of_row_does_not_hang_on_a_patient(
    url: str, store: MemoryStore
) -> None:
    [(clinic,)] = ask(url, "SELECT id FROM django_content_type WHERE model = 'clinic'")
    nexus(url, batch("clinic", ANN, content_type_id=clinic))
    rollback(url, store, "back")
    assert ask(url, "SELECT count(*) FROM patients WHERE id = %s", ANN) == [(0,)]


def test_a_row_kept_for_its_edit_keeps_what_it_points_at(url: str, store: MemoryStore) -> None:
    ask(url, "UPDATE notes SET content = 'by hand' WHERE id = %s", Y)
    found = [Conflict("patients", ANN, "in use"), Conflict("notes", Y, "changed")]
    assert refused(url, store) == found
    assert take_back(url, store, "keep").kept == tuple(found)
    assert note(url, Y) == ["by hand"]


def test_what_hangs_on_a_row_keeps_all_that_the_row_points_at(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    visit = {"visit": {"patient_id": ANN}}
    publish_backed_up(url, store, staged(url, {"ann": {}, "ben": {}}, appointments=visit))
    reminder = (
        "INSERT INTO reminders (id, appointment_id, title, due_date, completed, created_at, updated_at)"
        " VALUES (gen_random_uuid(), %s, 'call', now(), false, now(), now())"
    )
    ask(url, reminder, uid("appointments visit"))
    found = [
        Conflict("patients", ANN, "in use"),
        Conflict("appointments", uid("appointments visit"), "in use"),
    ]
    assert refused(url, store) == found
    assert take_back(url, store, "discard").kept == tuple(found)
    assert ask(url, "SELECT id::text FROM patients") == [(ANN,)]


@pytest.mark.parametrize("deleted", ["DELETE FROM patients WHERE id = %s", "SELECT %s"])
def test_a_document_of_ours_is_not_set_back_to_a_patient_who_is_gone(
    nexus_database: str, deleted: str
) -> None:
    url, store = nexus_database, MemoryStore()
    people: dict[str, dict[str, object]] = {"ann": {}, "ben": {}}
    publish_backed_up(url, store, staged(url, people, documents={"d": {"object_id": ANN}}), 1)
    publish_backed_up(url, store, staged(url, people, documents={"d": {"object_id": BEN}}), 2)
    ask(url, deleted, ANN)
    if deleted.startswith("SELECT"):
        assert rollback(url, store, "back").kept == ()
        return
    found = [Conflict("documents", uid("documents d"), "orphaned")]
    assert refused(url, store) == found
    assert take_back(url, store, "discard").kept == tuple(found)


def test_a_link_that_something_breaks_on_the_way_is_noticed(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    for number, name in enumerate(("a", "b")):
        publish_backed_up(url, store, staged(url, {"ben": {}}, documents={"d": {"file_name": name}}), number)
    ask(url, "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.object_id := gen_random_uuid(); RETURN NEW; END $$")  # fmt: skip
    ask(url, "CREATE TRIGGER lose BEFORE UPDATE ON documents_document FOR EACH ROW EXECUTE FUNCTION lose()")
    with pytest.raises(BrokenLinks, match=r"documents\.object_id: 1"):
        rollback(url, store, "back")


def test_a_row_is_not_brought_back_to_a_patient_who_is_gone(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    publish_backed_up(url, store, staged(url, {"ann": {}, "ben": {}}, {"x": {"patient_id": ANN}}), 1)
    publish_backed_up(url, store, staged(url, {"ann": {}, "ben": {}}, {"x": {"patient_id": BEN}}), 2)
    ask(url, "DELETE FROM patients WHERE id = %s", ANN)
    found = [Conflict("notes", X, "orphaned")]
    assert refused(url, store) == found
    assert take_back(url, store, "discard").kept == tuple(found)
    assert ask(url, "SELECT patient_id::text FROM notes") == [(BEN,)]


def test_relinked_uploads_go_back_to_whom_they_pointed_at(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    nexus(url, batch("own", FORMER), image("own", "own", "images/1/2/3.jpg"), document("own", FORMER))
    keep_former(url, FormerIdentities({FORMER: uid("key ann")}, 0))
    before = content(url)
    publish_backed_up(url, store, staged(url, {"ann": {}}))
    assert ask(url, "SELECT object_id::text FROM images_batch") == [(ANN,)]
    assert rollback(url, store, "back").kept == ()
    assert content(url) == before


def test_the_guard_is_named_where_it_will_not_have_a_row_point_at_nobody_again(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    nexus(url, batch("own", FORMER))
    keep_former(url, FormerIdentities({FORMER: uid("key ann")}, 0))
    publish_backed_up(url, store, staged(url, {"ann": {}}))
    install(url)
    after = content(url)
    with pytest.raises(BrokenLinks, match="guard"):
        rollback(url, store, "back")
    assert content(url) == after


def test_a_former_identity_imported_since_stays(url: str, store: MemoryStore, before: Content) -> None:
    keep_former(url, FormerIdentities({NOBODY: uid("key ann")}, 0))
    rollback(url, store, "back")
    found = content(url)
    assert len(found.pop("nexus_reimport.former_identities")) == 1
    assert found == before


def test_a_trigger_that_changes_rows_is_noticed(url: str, store: MemoryStore) -> None:
    ask(url, "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$")  # fmt: skip
    ask(url, "CREATE TRIGGER stamp BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION stamp()")
    after = content(url)
    with pytest.raises(RollbackNotProved, match="notes: 1"):
        rollback(url, store, "back")
    assert content(url) == after


def test_a_row_whose_place_is_taken_is_named_by_its_table(nexus_database: str) -> None:
    url, store = nexus_database, MemoryStore()
    one, other = uid("filemaker one"), uid("filemaker two")
    publish_backed_up(url, store, staged(url, {"ben": {}}, documents={"d": {"filemaker_id": one}}), 1)
    publish_backed_up(url, store, staged(url, {"ben": {}}, documents={"d": {"filemaker_id": other}}), 2)
    nexus(url, document("own", BEN, filemaker_id=one))
    with pytest.raises(RollbackNotProved, match="documents_document: a row of somebody's"):
        rollback(url, store, "back")


def test_the_list_of_rows_is_cut_and_the_whole_is_in_the_exception() -> None:
    rows = [Conflict("notes", uid(str(number)), "changed") for number in range(30)]
    error = RollbackRefused(rows)
    assert error.obstacles == tuple(rows)
    assert "in use: 30." in str(error)
    assert "and 10 more" in str(error)
