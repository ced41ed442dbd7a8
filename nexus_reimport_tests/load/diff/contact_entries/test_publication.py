"""A person's edit of one entry through publications, plans and rollbacks, in a real Nexus."""

from collections.abc import Mapping
from typing import Any

import orjson
import psycopg
from obstore.store import MemoryStore
from psycopg.types.json import Jsonb

from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.load.rollback import rollback
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.readers.patient_page import saved_address, saved_contact
from nexus_reimport.transform.contact_shape import address_json, contact_json
from nexus_reimport_tests.load.our_tables.migrations.older_shapes import set_back
from nexus_reimport_tests.load.rollback.histories import content, publish_backed_up
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table

Json = dict[str, Any]
HOME = {"type": "phone", "label": "Home", "number": "02 5550 0001"}
MOBILE = {"type": "mobile", "label": "Mobile", "number": "0491 570 156"}
NEW_HOME = {**HOME, "number": "02 5550 0009"}
EMAIL = {"label": "Email", "address": "a@example.org"}


def patients(contact: Mapping[str, object], address: Mapping[str, object] | None = None) -> StagedTable:
    json = {"contact_json": contact, "address_json": address or {}}
    return staged_table(
        PATIENTS, {"name": "ann", **{name: orjson.dumps(value).decode() for name, value in json.items()}}
    )


def publish_patients(url: str, staged: StagedTable, terms: PublicationTerms | None = None) -> Publication:
    return publish(url, "a run", AS_OF, {"patients": staged}, terms=terms or PublicationTerms())


def value(url: str, column: str = "contact_json") -> Json:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT {column} FROM patients".encode()).fetchone()  # noqa: S608 - ours
        assert row is not None
        found: Json = row[0]
        return found


def edit(url: str, column: str, to: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE patients SET {column} = %s".encode(), [Jsonb(to)])  # noqa: S608 - ours


def correct_mobile(url: str) -> None:
    """A person opens the page, corrects the mobile, saves."""
    saved = saved_contact(value(url))
    saved["mobile"]["Mobile"]["value"] = "0491 570 999"
    edit(url, "contact_json", saved)


def numbers(contact: Json) -> list[tuple[str, str]]:
    return [(one["label"], one["number"]) for one in contact["phones"]]


def test_one_edited_number_stays_and_filemakers_later_change_of_another_arrives(nexus_database: str) -> None:
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME], [EMAIL])))
    correct_mobile(nexus_database)
    now = patients(contact_json([MOBILE, NEW_HOME], [EMAIL]))
    counts = publish_patients(nexus_database, now).tables["patients"]
    assert (counts.updated, counts.edits_kept, counts.conflicts) == (1, 1, 0)
    found = value(nexus_database)
    assert numbers(found) == [("Mobile", "0491 570 999"), ("Home", "02 5550 0009")]
    assert (found["mobile"], found["email"]) == ("0491 570 999", "a@example.org")
    again = publish_patients(nexus_database, now)
    assert again.number is None
    assert again.tables["patients"].edits_kept == 1


def test_what_the_page_took_out_of_sight_comes_back_though_filemaker_is_as_it_was(
    nexus_database: str,
) -> None:
    """Reminders want the mobile at the top level, invoices the emails in a list: the page leaves neither."""
    staged = patients(
        contact_json([MOBILE, HOME], [EMAIL]), address_json([{"line1": "1 High St"}, {"line1": "2 Low Rd"}])
    )
    publish_patients(nexus_database, staged)
    correct_mobile(nexus_database)
    saved = {**saved_address(value(nexus_database, "address_json")), "street": "9 New Rd"}
    edit(nexus_database, "address_json", saved)
    publish_patients(nexus_database, staged)
    assert value(nexus_database)["mobile"] == "0491 570 999"
    address = value(nexus_database, "address_json")
    assert [one["line1"] for one in address["addresses"]] == ["9 New Rd", "2 Low Rd"]
    assert address["street"] == "9 New Rd"
    assert publish_patients(nexus_database, staged).number is None


def test_a_number_that_both_sides_changed_stays_the_persons_and_is_a_conflict_each_time(
    nexus_database: str,
) -> None:
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME], [])))
    correct_mobile(nexus_database)
    now = patients(contact_json([{**MOBILE, "number": "0491 570 111"}, NEW_HOME], []))
    first = publish_patients(nexus_database, now).tables["patients"]
    assert (first.conflicts, first.edits_kept) == (1, 0)
    assert numbers(value(nexus_database)) == [("Mobile", "0491 570 999"), ("Home", "02 5550 0009")]
    second = publish_patients(nexus_database, now)
    assert (second.number, second.tables["patients"].conflicts) == (None, 1)


def test_filemaker_goes_over_every_edit_where_the_run_says_so(nexus_database: str) -> None:
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME], [])))
    correct_mobile(nexus_database)
    now = contact_json([MOBILE, NEW_HOME], [])
    terms = PublicationTerms(options=Options(conflicts={"patients": "filemaker"}))
    assert publish_patients(nexus_database, patients(now), terms).tables["patients"].conflicts == 1
    assert value(nexus_database) == now


def test_an_edit_from_before_entries_were_kept_is_merged_where_filemaker_has_not_moved(
    nexus_database: str,
) -> None:
    staged = patients(contact_json([MOBILE, HOME], []))
    publish_patients(nexus_database, staged)
    set_back(nexus_database, 5)
    correct_mobile(nexus_database)
    publish_patients(nexus_database, staged)
    publish_patients(nexus_database, patients(contact_json([MOBILE, NEW_HOME], [])))
    assert numbers(value(nexus_database)) == [("Mobile", "0491 570 999"), ("Home", "02 5550 0009")]


def test_where_it_is_not_known_what_was_written_the_whole_column_stays_the_persons(
    nexus_database: str,
) -> None:
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME], [])))
    set_back(nexus_database, 5)
    correct_mobile(nexus_database)
    before = value(nexus_database)
    counts = publish_patients(nexus_database, patients(contact_json([MOBILE, NEW_HOME], [])))
    assert counts.tables["patients"].conflicts == 1
    assert value(nexus_database) == before


def test_a_row_that_nobody_touched_learns_its_entries_from_an_ordinary_run(nexus_database: str) -> None:
    staged = patients(contact_json([MOBILE, HOME], []))
    publish_patients(nexus_database, staged)
    set_back(nexus_database, 5)
    publish_patients(nexus_database, staged)
    assert publish_patients(nexus_database, staged).number is None
    correct_mobile(nexus_database)
    publish_patients(nexus_database, patients(contact_json([MOBILE, NEW_HOME], [])))
    assert numbers(value(nexus_database)) == [("Mobile", "0491 570 999"), ("Home", "02 5550 0009")]


def test_lists_without_labels_and_defaults_as_a_client_of_the_api_writes_them_are_read(
    nexus_database: str,
) -> None:
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME], [EMAIL])))
    edited = {
        "phones": [{"type": "Mobile", "number": "0491 570 156"}, {"type": None, "phone": 255500003}],
        "emails": [{"address": "a@example.org"}, {"address": "own@example.org", "label": None}],
    }
    edit(nexus_database, "contact_json", edited)
    publish_patients(nexus_database, patients(contact_json([MOBILE, NEW_HOME], [EMAIL])))
    found = value(nexus_database)
    assert numbers(found) == [("Mobile", "0491 570 156"), ("Home", "02 5550 0009"), ("Phone", "255500003")]
    assert [(one["label"], one["address"]) for one in found["emails"]] == [
        ("Email", "a@example.org"),
        ("Email 2", "own@example.org"),
    ]


def test_labels_that_a_person_has_swapped_stay_swapped(nexus_database: str) -> None:
    work = {**HOME, "label": "Work", "number": "02 5550 0002"}
    publish_patients(nexus_database, patients(contact_json([HOME, work], [])))
    saved = saved_contact(value(nexus_database))
    saved["phone"] = {"Home": saved["phone"]["Work"], "Work": saved["phone"]["Home"]}
    edit(nexus_database, "contact_json", saved)
    publish_patients(nexus_database, patients(contact_json([HOME, work, MOBILE], [])))
    assert sorted(numbers(value(nexus_database))) == [
        ("Home", "02 5550 0002"),
        ("Mobile", "0491 570 156"),
        ("Work", "02 5550 0001"),
    ]


def test_a_shape_that_nobody_is_known_to_write_stays_whole(nexus_database: str) -> None:
    for strange in (
        {"edited": True},
        {},
        [1],
        {"phones": [{"type": "fax", "number": "1"}]},
        {"mobile": True},
    ):
        publish_patients(nexus_database, patients(contact_json([MOBILE], [])))
        edit(nexus_database, "contact_json", strange)
        publish_patients(nexus_database, patients(contact_json([MOBILE, NEW_HOME], [])))
        assert value(nexus_database) == strange
        edit(nexus_database, "contact_json", contact_json([MOBILE, NEW_HOME], []))


def test_a_plan_says_what_the_run_does_and_a_rollback_gives_back_the_pages_shape(nexus_database: str) -> None:
    store = MemoryStore()
    publish_backed_up(nexus_database, store, {"patients": patients(contact_json([MOBILE, HOME], [EMAIL]))}, 1)
    correct_mobile(nexus_database)
    before = content(nexus_database)
    now = {"patients": patients(contact_json([MOBILE, NEW_HOME], [EMAIL]))}
    planned = make_plan(nexus_database, now, Options(), [])
    assert planned.tables["patients"].fields == {"contact_json": 1}
    publish_backed_up(nexus_database, store, now, 2)
    assert publish_patients(nexus_database, now["patients"]).number is None
    terms = PublicationTerms(planned=planned.writes)
    rollback(nexus_database, store, "back")
    assert content(nexus_database) == before
    done = publish(nexus_database, "a run", AS_OF, now, terms=terms)
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}


def test_a_plan_over_what_an_older_release_has_written_is_what_the_run_does(nexus_database: str) -> None:
    staged = {"patients": patients(contact_json([MOBILE, HOME], [EMAIL]))}
    publish(nexus_database, "a run", AS_OF, staged)
    set_back(nexus_database, 5)
    correct_mobile(nexus_database)
    planned = make_plan(nexus_database, staged, Options(), [])
    done = publish(nexus_database, "a run", AS_OF, staged, terms=PublicationTerms(planned=planned.writes))
    assert done.tables == {name: one.counts for name, one in planned.tables.items()}
    assert numbers(value(nexus_database)) == [("Mobile", "0491 570 999"), ("Home", "02 5550 0001")]


def test_what_a_person_took_out_stays_out_and_what_filemaker_adds_arrives(nexus_database: str) -> None:
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME], [EMAIL])))
    edit(nexus_database, "contact_json", {"phone": {}, "mobile": {}, "email": {}})
    work = {**HOME, "label": "Work", "number": "02 5550 0007"}
    publish_patients(nexus_database, patients(contact_json([MOBILE, HOME, work], [EMAIL])))
    found = value(nexus_database)
    assert (numbers(found), found["emails"]) == ([("Work", "02 5550 0007")], [])
