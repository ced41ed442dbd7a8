"""What of an older import's contact and address stays when it is adopted: what no script can have written."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_reimport.load.diff.contact_entries.adoption import adopted_value
from nexus_reimport.load.diff.contact_entries.columns import entry_digests, merged_value
from nexus_reimport.load.publication import PublicationTerms, publish
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.clinic.older.contact_json import DetailFailed, shape_a, shape_b, with_coms
from nexus_reimport.sandbox.readers.patient_page import saved_address, saved_contact
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.diff.contact_entries.made import ROW
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.transform.records import contact, fm, parsed, patients_of

Json = dict[str, Any]
Detail = dict[str, str | None]
ADDRESS_FIELDS = (
    "address 1",
    "address 2",
    "suburb",
    "state",
    "post code",
    "country",
    "Full Address one line",
)
NUMBERS = ("0491 570 156", "0491570157", "(02) 5550 0001", "ask at the desk", "0", "+61 491 570 158", None)
LABELS = ("Home", "home", "Work", "Primary", "", None, " Home ", "Jackie (mum)")


@st.composite
def details(draw: st.DrawFn) -> list[Detail]:
    found = []
    for place in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(("Mobile", "Phone", "MOBILE", "Email", "Address")))
        one: Detail = dict.fromkeys(("ph", "Email default", *ADDRESS_FIELDS))
        one |= {"id": fm(500 + place), "id_key": fm(1), "type": kind, "Name": draw(st.sampled_from(LABELS))}
        if kind == "Address":
            offered = st.sampled_from((None, "", "x", "1 High St"))
            one |= {field: draw(offered) for field in ADDRESS_FIELDS} | {
                "post code": draw(st.sampled_from(("0800", "2000", None)))
            }
        elif kind == "Email":
            one |= {
                "ph": draw(st.sampled_from(("a@example.org", "b@example.org"))),
                "Email default": draw(st.sampled_from((None, "1"))),
            }
        else:
            one["ph"] = draw(st.sampled_from(NUMBERS))
        found.append(one)
    return found


def imported(given: list[Detail]) -> list[tuple[Any, Any]]:
    """What each older import makes of the details, and several of them one after the other."""
    rows: list[dict[str, object]] = [dict(one) for one in given]
    made: list[tuple[Any, Any]] = [shape_b(rows), with_coms({}, {}, rows), with_coms(*shape_b(rows), rows)]
    with suppress(DetailFailed):
        made += [shape_a(rows), with_coms(*shape_a(rows), rows)]
    return made


def filemakers(given: list[Detail]) -> tuple[Json, Json]:
    staged = patients_of(contact(1), details=list(given))
    return parsed(staged, "contact_json"), parsed(staged, "address_json")


@given(details(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_what_a_script_made_of_filemakers_details_follows_filemaker(given: list[Detail], again: bool) -> None:
    contact_now, address_now = filemakers(given)
    for contact_then, address_then in imported(given):
        assert adopted_value("contact", ROW, contact_then, contact_now, is_worked_on=again) is None
        assert adopted_value("address", ROW, address_then, address_now, is_worked_on=again) is None


@given(details(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_a_number_that_a_person_put_in_stays_beside_all_of_filemakers(
    given: list[Detail], with_defaults: bool
) -> None:
    contact_now, address_now = filemakers(given)
    for contact_then, address_then in imported(given):
        mine = saved_contact(contact_then or {}, with_defaults=with_defaults)
        mine["mobile"]["Carer"] = "0400 000 000"
        outcome = adopted_value("contact", ROW, mine, contact_now, is_worked_on=True)
        assert outcome is not None
        found: Any = outcome.value
        numbers = [one["number"] for one in found["phones"]]
        assert sorted(numbers) == sorted(["0400 000 000", *(one["number"] for one in contact_now["phones"])])
        assert found["emails"] == contact_now["emails"]
        again = merged_value("contact", ROW, outcome.base, found, contact_now)
        assert again is not None
        assert again.value == found
        street = {**saved_address(address_then or {}), "street": "9 New Rd"}
        outcome = adopted_value("address", ROW, street, address_now, is_worked_on=True)
        assert outcome is not None
        found = outcome.value
        assert found["street"] == "9 New Rd"
        assert found["addresses"][1:] == address_now.get("addresses", [])
        again = merged_value("address", ROW, entry_digests("address", ROW, address_now), found, address_now)
        assert again is not None
        assert again.value == found


DETAILS: list[Detail] = [
    {"id": fm(501), "id_key": fm(1), "type": "Mobile", "Name": "Home", "ph": "0491 570 156"},
    {
        "id": fm(502),
        "id_key": fm(1),
        "type": "Email",
        "Name": "Home",
        "ph": "a@example.org",
        "Email default": "1",
    },
    {
        "id": fm(503),
        "id_key": fm(1),
        "type": "Address",
        "Name": "Home",
        "address 1": "1 High St",
        "suburb": "Glebe",
    },
]
COMPLETE = [{**dict.fromkeys(("ph", "Email default", *ADDRESS_FIELDS)), **one} for one in DETAILS]


@pytest.fixture
def edited(nexus_database: str) -> str:
    """A Nexus with a patient of the first export, whose mobile and street a person has corrected since."""
    contact_then, address_then = shape_a([dict(one) for one in COMPLETE])
    contact_json = {**(contact_then or {}), "mobile": {"home": {"value": "0491 570 999", "default": True}}}
    row = older.patient(
        "Ann",
        {"filemaker_id": "X"},
        contact_json=contact_json,
        address_json={**(address_then or {}), "street": "9 New Rd"},
        updated_at=older.IMPORTED_AT + timedelta(days=1),
    )
    older.load(nexus_database, row)
    return nexus_database


def adopt(url: str, choices: Options | None = None) -> Any:
    contact_now, address_now = filemakers(COMPLETE)
    given = {"name": "Ann", "id": uid("patient Ann"), "first_name": "Ann", "last_name": "Fernwick"}
    json = {
        "contact_json": orjson.dumps(contact_now).decode(),
        "address_json": orjson.dumps(address_now).decode(),
    }
    staged = {"patients": staged_table(PATIENTS, {**given, **json})}
    return publish(url, "a run", AS_OF, staged, terms=PublicationTerms(choices or Options()))


def values(url: str) -> tuple[Json, Json]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT contact_json, address_json FROM patients").fetchone()
        assert row is not None
        return row[0], row[1]


def test_a_persons_number_and_street_stay_beside_filemakers_when_their_patient_is_adopted(
    edited: str,
) -> None:
    counts = adopt(edited).tables["patients"]
    assert (counts.updated, counts.adopted, counts.edits_kept, counts.conflicts) == (1, 1, 1, 0)
    contact_json, address_json = values(edited)
    assert [(one["label"], one["number"]) for one in contact_json["phones"]] == [
        ("Home 2", "0491 570 999"),
        ("Home", "0491 570 156"),
    ]
    assert contact_json["email"] == "a@example.org"
    assert [one["line1"] for one in address_json["addresses"]] == ["9 New Rd", "1 High St"]
    again = adopt(edited)
    assert (again.number, again.tables["patients"].edits_kept) == (None, 1)
    assert values(edited) == (contact_json, address_json)


def test_filemakers_side_goes_over_them_where_the_run_says_so(edited: str) -> None:
    adopt(edited, Options(conflicts={"patients": "filemaker"}))
    assert values(edited) == filemakers(COMPLETE)


@pytest.mark.parametrize("on_the_page", [False, True])
def test_of_a_row_of_ours_whose_digests_are_lost_only_what_the_page_saved_can_be_a_persons(
    nexus_database: str, on_the_page: bool
) -> None:
    adopt(nexus_database)
    once, address_json = values(nexus_database)
    number = {**once["phones"][0], "number": "0491 570 999", "phone": "0491 570 999", "label": "Once"}
    once = {**once, "phones": [*once["phones"], number]}
    with psycopg.connect(nexus_database) as connection:
        connection.execute("DROP SCHEMA nexus_reimport CASCADE")
        saved = saved_contact(once) if on_the_page else once
        connection.execute("UPDATE patients SET contact_json = %s", [orjson.dumps(saved).decode()])
    counts = adopt(nexus_database).tables["patients"]
    found, address_now = values(nexus_database)
    assert counts.edits_kept == on_the_page
    assert ("0491 570 999" in [one["number"] for one in found["phones"]]) is on_the_page
    assert address_now == address_json
