"""Patients."""

from datetime import date

import pytest

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.sandbox.readers.patient_page import refused_fields
from nexus_reimport.transform.identity import derived_id
from nexus_reimport.transform.mappings import Mappings
from nexus_reimport_tests.transform.records import (
    AS_OF,
    STAMP,
    Record,
    cell,
    cells,
    contact,
    fm,
    key,
    parsed,
    patients_of,
    reasons,
    seconds,
    state_of,
    uid,
)


def test_a_contact_becomes_a_patient() -> None:
    staged = patients_of(
        contact(
            1, title="Ms.", nameMiddle="King", DOB="1915-12-10", gender="Woman", **{"Health Number": "12 3"}
        )
    )
    assert cell(staged, "source_key") == key(1)
    assert cell(staged, "id") == derived_id("patients", key(1))
    assert [cell(staged, name) for name in ("title", "first_name", "middle_names", "last_name")] == [
        "Ms",
        "Ada",
        "King",
        "Byron",
    ]
    assert cell(staged, "dob") == date(1915, 12, 10)
    assert cell(staged, "sex") == "F"
    assert cell(staged, "health_number") == "12 3"
    assert staged.read == 1
    assert reasons(staged.warnings) == []


def test_what_filemaker_does_not_say_is_null_and_names_are_never_null() -> None:
    staged = patients_of({"id": fm(1), "nameLast": " Byron "}, {"id": fm(2), "nameFirst": "Ada"})
    assert cells(staged, "first_name") == ["-", "Ada"]
    assert cells(staged, "last_name") == ["Byron", "-"]
    nulls = ("mrn", "middle_names", "dob", "sex", "title", "clinic_id", "funding_type_id", "health_number")
    assert all(cells(staged, name) == [None, None] for name in nulls)
    assert all(cells(staged, name) == [None, None] for name in ("notes", "funding_source", "archived_at"))


@pytest.mark.parametrize("blank", [None, "", " ", "\x00", "\u2003"])
def test_a_patient_with_one_name_gets_a_dash_that_nexus_can_save_and_a_warning(blank: str | None) -> None:
    staged = patients_of(contact(1, nameFirst=blank))
    assert reasons(staged.warnings) == [(key(1), "first_name", "blank_name")]
    row = {name: cell(staged, name) for name in ("first_name", "last_name", "title", "sex")}
    assert refused_fields(row) == set()


@pytest.mark.parametrize("said", ["Onlyname", ""])
def test_people_say_what_stands_for_a_name_that_there_is_not(said: str) -> None:
    staged = patients_of(contact(1, nameLast=None), mappings=Mappings(blank_name=said))
    assert cell(staged, "last_name") == said
    assert reasons(staged.warnings) == [(key(1), "last_name", "blank_name")]


def test_what_nexus_decides_starts_empty() -> None:
    staged = patients_of(contact(1))
    assert cell(staged, "emergency_json") == cell(staged, "flags_json") == "{}"
    assert cell(staged, "plan_dates_json") == "[]"
    assert cell(staged, "archived") is False
    assert cell(staged, "updated_at") == AS_OF


@pytest.mark.parametrize("names", [("", ""), (None, None), (" ", "\x00"), ("\r\n", None)])
def test_a_contact_without_any_name_is_rejected(names: tuple[str | None, str | None]) -> None:
    staged = patients_of({"id": fm(1), "nameFirst": names[0], "nameLast": names[1], "nameMiddle": "X"})
    assert reasons(staged.rejects) == [(key(1), "nameLast", "no_name")]
    assert staged.rows.empty


def test_ids_that_are_no_uuid_are_rejected() -> None:
    staged = patients_of(contact(1), {**contact(2), "id": "12"})
    assert reasons(staged.rejects) == [("12", "id", "bad_id")]
    assert staged.read == 2


def test_a_limit_takes_the_first_named_contacts_by_id_and_accounts_for_the_others() -> None:
    staged = patients_of(contact(3), contact(1), {"id": fm(0)}, contact(2), limit=2)
    assert cells(staged, "source_key") == [key(1), key(2)]
    assert reasons(staged.rejects) == [(key(0), "nameLast", "no_name"), (key(3), "id", "limit")]
    assert patients_of(contact(1), limit=0).rows.empty


@pytest.mark.parametrize(
    ("field", "column", "length"),
    [
        ("nameFirst", "first_name", 100),
        ("nameLast", "last_name", 100),
        ("nameMiddle", "middle_names", 100),
        ("NDIS Coordinator Name", "coordinator_name", 200),
    ],
)
def test_names_are_cut_at_the_columns_length(field: str, column: str, length: int) -> None:
    fits = patients_of(contact(1, **{field: "é" * length}))
    assert (cell(fits, column), reasons(fits.warnings)) == ("é" * length, [])
    longer = patients_of(contact(1, **{field: "é" * (length - 1) + " é"}))
    assert cell(longer, column) == "é" * (length - 1)
    assert reasons(longer.warnings) == [(key(1), column, "too_long")]


def test_a_health_number_that_does_not_fit_is_null_and_kept_beside() -> None:
    fits = patients_of(contact(1, **{"Health Number": "1" * 50}))
    assert (cell(fits, "health_number"), reasons(fits.warnings)) == ("1" * 50, [])
    assert "health_number" not in parsed(fits, "filemaker_metadata")
    longer = patients_of(contact(1, **{"Health Number": "1" * 51}))
    assert cell(longer, "health_number") is None
    assert parsed(longer, "filemaker_metadata")["health_number"] == "1" * 51
    assert reasons(longer.warnings) == [(key(1), "health_number", "too_long")]


def test_a_title_outside_the_choices_is_null_and_kept_beside() -> None:
    staged = patients_of(contact(1, title="The Right Honourable"))
    assert cell(staged, "title") is None
    assert parsed(staged, "filemaker_metadata")["title"] == "The Right Honourable"
    assert reasons(staged.warnings) == [(key(1), "title", "not_a_choice")]
    assert "title" not in parsed(patients_of(contact(1, title="Dr.")), "filemaker_metadata")


def test_a_sex_nobody_knows_is_u_and_kept_beside() -> None:
    staged = patients_of(contact(1, gender="?"))
    assert cell(staged, "sex") == "U"
    assert parsed(staged, "filemaker_metadata")["gender"] == "?"
    assert reasons(staged.warnings) == [(key(1), "sex", "not_a_choice")]
    assert "gender" not in parsed(patients_of(contact(1, gender="Unknown")), "filemaker_metadata")


@pytest.mark.parametrize("text", ["1850-01-01", "2026-07-01", "1999-02-28"])
def test_a_plausible_birthday_is_kept(text: str) -> None:
    staged = patients_of(contact(1, DOB=text))
    assert (cell(staged, "dob"), reasons(staged.warnings)) == (date.fromisoformat(text), [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1849-12-31", "dob_out_of_range"),
        ("2026-07-02", "dob_out_of_range"),
        ("1776-07-04", "dob_out_of_range"),
        ("2099-01-01", "dob_out_of_range"),
        ("-0044-03-15", "dob_out_of_range"),
        ("0000-00-00", "dob_out_of_range"),
        ("12/25/1960", "bad_date"),
        ("1960-13-01", "bad_date"),
    ],
)
def test_another_birthday_is_null_with_a_warning(text: str, reason: str) -> None:
    staged = patients_of(contact(1, DOB=text))
    assert cell(staged, "dob") is None
    assert reasons(staged.warnings) == [(key(1), "dob", reason)]


CLINIC_STATE = state_of(
    ("clinic_filemaker_id", key(90), uid(90)),
    ("clinic_name", "north", uid(91)),
    ("clinic_name", "south", uid(92)),
)
CLINICS: list[Record] = [{"id": fm(94), "Name": "South"}]


@pytest.mark.parametrize(
    ("clinic_id", "name", "expected"),
    [
        (fm(90), "North", uid(90)),
        (fm(90).lower(), None, uid(90)),
        (fm(95), " NORTH ", uid(91)),
        (None, "North", uid(91)),
        (fm(94), None, uid(92)),
        (fm(94), "North", uid(91)),
    ],
)
def test_the_clinic_is_found_by_id_else_by_name(
    clinic_id: str | None, name: str | None, expected: str
) -> None:
    staged = patients_of(
        contact(1, id_Clinic=clinic_id, Clinic_Name=name), clinics=CLINICS, state=CLINIC_STATE
    )
    assert (cell(staged, "clinic_id"), reasons(staged.warnings)) == (expected, [])


@pytest.mark.parametrize(("clinic_id", "name"), [(fm(95), None), (None, "West"), (fm(95), "West")])
def test_an_unknown_clinic_is_null_with_a_warning(clinic_id: str | None, name: str | None) -> None:
    staged = patients_of(contact(1, id_Clinic=clinic_id, Clinic_Name=name), state=CLINIC_STATE)
    assert cell(staged, "clinic_id") is None
    assert reasons(staged.warnings) == [(key(1), "clinic_id", "unknown_clinic")]


def test_no_clinic_is_nothing_to_warn_of() -> None:
    assert reasons(patients_of(contact(1), state=CLINIC_STATE).warnings) == []


def test_funding_is_found_by_name_else_null_with_a_warning() -> None:
    state = state_of(("funding_source_name", "ndis", uid(5)))
    known = patients_of(contact(1, Funding=" NDIS "), state=state)
    assert cell(known, "funding_type_id") == uid(5)
    assert "unknown_funding" not in {reason for _, _, reason in reasons(known.warnings)}
    unknown = patients_of(contact(1, Funding="Lottery"), state=state)
    assert cell(unknown, "funding_type_id") is None
    assert (key(1), "funding_type_id", "unknown_funding") in reasons(unknown.warnings)
    assert parsed(unknown, "filemaker_metadata")["funding"] == "Lottery"


CUSTOM = state_of(
    ("funding_source_name", "ndis", uid(5)),
    ("custom_funding_source_name", "ndis", uid(6), "NDIS"),
    ("custom_funding_source_name", "ndis", uid(7), "ndis"),
    ("custom_funding_source_name", "aged care", uid(8), " Aged Care"),
    ("custom_funding_source_name", "x" * 51, uid(9), "x" * 51),
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" NDIS ", "NDIS"),
        ("ndis", "ndis"),
        ("Ndis", "NDIS"),
        ("AGED CARE", " Aged Care"),
        ("Plan managed", "NDIS"),
        ("plan MANAGED ", "NDIS"),
    ],
)
def test_the_funding_source_is_the_very_name_that_nexus_has_by_itself_or_by_what_people_say(
    text: str, name: str
) -> None:
    said = Mappings({"funding": {"plan managed": "NDIS"}})
    staged = patients_of(contact(1, Funding=text), state=CUSTOM, mappings=said)
    assert cell(staged, "funding_source") == name
    assert "funding_source" not in {column for _, column, _ in reasons(staged.warnings)}


@pytest.mark.parametrize("text", ["Lottery", "x" * 51, "NDIS 2"])
def test_a_funding_source_that_is_unknown_or_does_not_fit_is_null_with_a_warning(text: str) -> None:
    staged = patients_of(contact(1, Funding=text), state=CUSTOM)
    assert cell(staged, "funding_source") is None
    assert (key(1), "funding_source", "unknown_funding_source") in reasons(staged.warnings)


def test_without_funding_there_is_nothing_to_warn_of() -> None:
    staged = patients_of(contact(1, Funding=" "), state=CUSTOM)
    assert (cell(staged, "funding_source"), reasons(staged.warnings)) == (None, [])


@pytest.mark.parametrize("given", [{"id_Clinic": fm(99)}, {"Clinic_Name": "WEST"}, {"id_Clinic": fm(94)}])
def test_what_people_say_of_a_clinic_comes_before_its_id_and_name(given: dict[str, str]) -> None:
    said = Mappings({"clinics": {key(99): "North", "west": "North", "south": "North"}})
    staged = patients_of(contact(1, **given), clinics=CLINICS, state=CLINIC_STATE, mappings=said)
    assert (cell(staged, "clinic_id"), reasons(staged.warnings)) == (uid(91), [])


def test_ndis_dates_are_read_or_null_with_a_warning() -> None:
    fields = {"NDIS Plan Start Date": "2024-01-31", "NDIS Plan End Date": "31/01/2025"}
    staged = patients_of(contact(1, **fields))
    assert cell(staged, "ndis_plan_start_date") == date(2024, 1, 31)
    assert cell(staged, "ndis_plan_end_date") is None
    assert cell(staged, "plan_start_date") is None
    assert reasons(staged.warnings) == [(key(1), "ndis_plan_end_date", "bad_date")]


def test_filemaker_metadata_holds_what_nexus_has_no_column_for() -> None:
    fields = {
        "_kf_XeroContactID": "x-1",
        "NDIS Coordinator Phone": "02",
        "NDIS Coordinator Email": "c@example.org",
        "NDIS notes": "n\x00o",
        "NDIS Coordinator Name": "Kim",
        "NDIS Plan Start Date": "2024-01-31",
    }
    staged = patients_of(
        contact(
            1,
            contactType="Client",
            Area="N",
            Funding="F",
            Diabetes="1",
            CYS_ID="9",
            Clinic_Name="W",
            **fields,
        )
    )
    assert parsed(staged, "filemaker_metadata") == {
        "filemaker_id": fm(1),
        "filemaker_clinic": "W",
        "xero_contact_id": "x-1",
        "contact_type": "Client",
        "area": "N",
        "funding": "F",
        "cys_id": "9",
        "diabetes": True,
        "ndis": {
            "coordinator_name": "Kim",
            "coordinator_email": "c@example.org",
            "coordinator_phone": "02",
            "plan_start_date": "2024-01-31",
            "plan_end_date": "",
            "notes": "no",
        },
        "imported_at": "2026-07-01T02:30:00+00:00",
        "import_source": "filemaker",
    }
    assert cell(staged, "coordinator_name") == "Kim"
    assert parsed(patients_of(contact(1, Diabetes="0")), "filemaker_metadata")["diabetes"] is False


@pytest.mark.parametrize("name", [None, "", " "])
def test_without_a_coordinator_there_is_no_ndis_block_and_nothing_of_it_is_lost(name: str | None) -> None:
    fields = {"NDIS Coordinator Phone": "02", "NDIS notes": "n", "NDIS Coordinator Name": name}
    found = parsed(patients_of(contact(1, **fields)), "filemaker_metadata")
    assert "ndis" not in found
    assert (found["ndis_coordinator_phone"], found["ndis_notes"]) == ("02", "n")
    assert "ndis_coordinator_email" not in found


def test_the_metadata_has_no_null_and_the_id_as_filemaker_writes_it() -> None:
    found = parsed(
        patients_of({**contact(1), "id": f" {fm(1)[:8]}{fm(1)[8:].lower()} "}), "filemaker_metadata"
    )
    assert found == {
        "filemaker_id": f"{fm(1)[:8]}{fm(1)[8:].lower()}",
        "diabetes": False,
        "import_source": "filemaker",
        "imported_at": "2026-07-01T02:30:00+00:00",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Clinic_Name": "West", "id_Clinic": fm(94)}, {"filemaker_clinic": "West"}),
        ({"id_Clinic": fm(94)}, {"filemaker_clinic": "South"}),
        ({"id_Clinic": fm(95)}, {"id_clinic": fm(95)}),
        ({"Clinic_Name": " ", "id_Clinic": ""}, {}),
        ({}, {}),
    ],
)
def test_the_metadata_names_the_clinic_as_well_as_it_can(
    fields: dict[str, str], expected: dict[str, str]
) -> None:
    staged = patients_of(contact(1, **fields), clinics=CLINICS)
    found = parsed(staged, "filemaker_metadata")
    assert {name: found[name] for name in ("filemaker_clinic", "id_clinic") if name in found} == expected


def test_created_at_is_filemakers_and_distinct_even_next_to_rejects() -> None:
    both = patients_of(contact(1), contact(2), contact(3))
    assert seconds(both, "created_at") == ["2016-10-14T00:02:28+00:00"] * 3
    assert len(set(cells(both, "created_at"))) == 3
    assert cells(patients_of(contact(1), {"id": fm(2)}, contact(3)), "created_at") == [
        cells(both, "created_at")[0],
        cells(both, "created_at")[2],
    ]
    assert STAMP.endswith("+10:00")


def test_staged_patients_hold_their_schema() -> None:
    awkward = contact(1, nameFirst="a" * 200, nameLast="\x00\x0b", title="x" * 50, DOB="1776-01-01")
    staged = patients_of(awkward, contact(2))
    assert failures(schema_of(PATIENTS.staged), staged.rows, "source_key").empty
