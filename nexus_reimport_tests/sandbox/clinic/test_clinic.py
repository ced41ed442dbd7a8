"""The clinic's counts, shapes and bookkeeping: what an import must find, found again by other means."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import phonenumbers
import pytest

from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.sandbox.clinic import SyntheticClinic, expected, synthetic_clinic, without_optional_fields
from nexus_reimport.sandbox.clinic.docs import DOCUMENTS_FOLDER
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER

Row = dict[str, object]

KEYS = {one.entity: one.key for one in ENTITY_SETS} | {"API_Images": "id"}
UUID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}")
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+1[01]:00")


def lower(value: object) -> str:
    return str(value or "").lower()


def cleaned(value: object) -> str:
    return str(value or "").replace("\u0000", "").strip()


def staged_patients(clinic: SyntheticClinic) -> set[str]:
    rows = clinic.entities["API_Contacts"]
    return {lower(row["id"]) for row in rows if cleaned(row["nameFirst"]) or cleaned(row["nameLast"])}


def file_stems(clinic: SyntheticClinic) -> set[str]:
    keys = [entry.key for entry in clinic.objects if entry.key.endswith(".pdf")]
    return {key.rpartition("/")[2][:-4].lower() for key in keys if key.startswith(DOCUMENTS_FOLDER)}


def image_stems(clinic: SyntheticClinic) -> list[str]:
    names = [entry.key.removeprefix(IMAGES_FOLDER) for entry in clinic.objects if is_image(entry.key)]
    return [name.rpartition(".")[0] for name in names]


def is_image(key: str) -> bool:
    return key.startswith(IMAGES_FOLDER) and not key.endswith("/") and "_thumb." not in key


def owners_of_numbers(clinic: SyntheticClinic) -> dict[str, set[str]]:
    """E.164 -> the staged patients who have that number in any of their rows."""
    patients, owners = staged_patients(clinic), defaultdict(set)
    for row in clinic.entities["API_Contact_Details"]:
        if lower(row["id_key"]) in patients and lower(row["type"]) in ("phone", "mobile"):
            for number in numbers_in(row["ph"]):
                owners[number].add(lower(row["id_key"]))
    return owners


def numbers_in(value: object) -> Iterator[str]:
    try:
        number = phonenumbers.parse(str(value or ""), "AU")
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_valid_number(number):
        yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def fates(clinic: SyntheticClinic) -> dict[str, dict[str, str]]:
    """Reason by table and key, by the rules of the import and not by the generator's own books."""
    patients, stems = staged_patients(clinic), file_stems(clinic)
    entities = clinic.entities

    def appointment(row: Row) -> str | None:
        if not row["id_Contact"]:
            return "no_patient_link"
        if lower(row["id_Contact"]) not in patients:
            return "patient_not_found"
        return None if row["startDate"] else "no_start"

    def note(row: Row) -> str | None:
        if not cleaned(row["Note"]):
            return "empty_content"
        return None if lower(row["id_Key"]) in patients else "patient_not_found"

    def message(row: Row) -> str | None:
        if not cleaned(row["MessageBody"]):
            return "empty_body"
        number = row["RecipientPhoneMobile"] or row["RecipientPhoneMobileIntFormat"]
        return None if number else "no_number"

    rules: dict[str, tuple[str, Callable[[Row], str | None]]] = {
        "patients": ("API_Contacts", lambda row: None if lower(row["id"]) in patients else "no_name"),
        "appointments": ("API_event", appointment),
        "notes": ("API_Notes", note),
        "sms_messages": ("API_Messages", message),
        "documents": ("API_Docs", lambda row: None if lower(row["id"]) in stems else "no_file"),
    }
    named = {str(row.recid) for row in clinic.image_csv_rows}
    return {
        table: {lower(row[KEYS[entity]]): why for row in entities[entity] if (why := rule(row))}
        for table, (entity, rule) in rules.items()
    } | {"images": {stem: "no_metadata" for stem in image_stems(clinic) if stem not in named}}


def test_the_whole_clinic_has_the_real_clinics_counts(whole: SyntheticClinic) -> None:
    assert {entity: len(rows) for entity, rows in whole.entities.items()} == {
        "API_Contacts": 2845,
        "API_Contact_Details": 10697,
        "API_Clinic_Name": 11,
        "API_event": 15149,
        "API_Notes": 11408,
        "API_Messages": 5353,
        "API_Docs": 11274,
        "API_Images": 6664,
    }
    assert len(file_stems(whole)) == 10190


def test_the_whole_clinic_expects_the_real_clinics_results(whole: SyntheticClinic) -> None:
    outcomes = {table: (one["read"], one["published"]) for table, one in whole.expected.items()}
    assert outcomes == {
        "patients": (2845, 2842),
        "appointments": (15149, 9837),
        "notes": (11408, 11210),
        "sms_messages": (5353, 5300),
        "documents": (11274, 10190),
        "image_batches": (1661, 1661),
        "images": (6490, 6489),
    }
    assert sum(whole.expected["appointments"]["rejected"].values()) == 5312
    assert sum(whole.expected["notes"]["rejected"].values()) == 198
    assert whole.expected["documents"]["rejected"] == {"no_file": 1084}
    assert (whole.expected["documents"]["linked"], whole.expected["documents"]["unlinked"]) == (10148, 42)


@pytest.mark.parametrize("scale", [0.005, 0.02, 0.1, 1.0])
def test_the_books_agree_with_the_rules_applied_to_the_rows(scale: float, whole: SyntheticClinic) -> None:
    clinic = whole if scale == 1.0 else synthetic_clinic(scale)
    found = fates(clinic)
    assert found == clinic.rejected
    found["image_batches"] = {}
    for table, outcome in clinic.expected.items():
        assert Counter(found[table].values()) == outcome["rejected"], table
        assert outcome["read"] == outcome["published"] + sum(outcome["rejected"].values())


@pytest.mark.parametrize("scale", [0.02, 1.0])
def test_messages_and_documents_belong_to_as_many_patients_as_the_books_say(
    scale: float, whole: SyntheticClinic
) -> None:
    clinic = whole if scale == 1.0 else synthetic_clinic(scale)
    patients, owners = staged_patients(clinic), owners_of_numbers(clinic)

    def found(row: Row) -> bool:
        if lower(row["_kf_ContactID"]) in patients:
            return True
        written = row["RecipientPhoneMobile"] or row["RecipientPhoneMobileIntFormat"]
        return any(len(owners[number]) == 1 for number in numbers_in(written))

    kept = [
        r
        for r in clinic.entities["API_Messages"]
        if lower(r["_kp_MessageID"]) not in clinic.rejected["sms_messages"]
    ]
    linked = sum(map(found, kept))
    assert (linked, len(kept) - linked) == tuple(
        clinic.expected["sms_messages"][k] for k in ("linked", "unlinked")
    )
    docs = [r for r in clinic.entities["API_Docs"] if lower(r["id"]) not in clinic.rejected["documents"]]
    assert sum(lower(r["id_Contact"]) in patients for r in docs) == clinic.expected["documents"]["linked"]


def test_every_row_has_every_field_of_its_entity_set_in_any_order(small: SyntheticClinic) -> None:
    for one in ENTITY_SETS:
        assert all(row.keys() == set(one.names) for row in small.entities[one.entity]), one.entity


def test_an_export_without_the_optional_fields_lacks_just_those(small: SyntheticClinic) -> None:
    entities = without_optional_fields(small)
    for one in ENTITY_SETS:
        assert all(row.keys() == one.required for row in entities[one.entity]), one.entity


def test_ids_are_distinct_uuids_in_upper_case_but_for_those_known_to_be_mixed(whole: SyntheticClinic) -> None:
    mixed = {key for name, keys in whole.dirt.items() if name.startswith("mixed_case") for key in keys}
    for entity, rows in whole.entities.items():
        ids = [str(row[KEYS[entity]]) for row in rows]
        assert len({one.lower() for one in ids}) == len(ids)
        assert all(UUID.fullmatch(one.upper()) for one in ids)
        assert all(one == one.upper() or one.lower() in mixed for one in ids)


def test_values_have_the_json_types_of_the_real_answers(whole: SyntheticClinic) -> None:
    for rows in whole.entities.values():
        assert json.loads(json.dumps(rows[:50])) == rows[:50]
        assert all(
            STAMP.fullmatch(str(row[name]))
            for row in rows
            for name in ("creationTimestamp", "modificationTimestamp")
        )
    flags = {
        ("API_Contacts", "Diabetes"),
        ("API_Contact_Details", "Email default"),
        ("API_Contact_Details", "SMS Phone"),
        ("API_Clinic_Name", "SMS Toggle"),
    }
    for entity, name in flags:
        assert {row[name] for row in whole.entities[entity]} == {1, None}
    assert {row["allDay"] for row in whole.entities["API_event"]} == {"1", "", None}


def test_files_have_exact_and_varied_sizes_under_their_keys(whole: SyntheticClinic) -> None:
    keys = [entry.key for entry in whole.objects]
    assert keys == sorted(set(keys))
    files = [entry for entry in whole.objects if entry.key.startswith(DOCUMENTS_FOLDER) and entry.body]
    assert len(files) == 10190
    assert len({len(entry.body) for entry in files}) > 300
    assert len({entry.body for entry in files}) == len(files)
    assert sum(key.endswith("/") for key in keys) == 6
    tops = {"patients", "filemaker-import", "images", "documents", "backup"}
    assert {key.split("/")[0] for key in keys} == tops


def test_expected_says_the_same_as_the_clinic(small: SyntheticClinic) -> None:
    assert expected(0.02) == small.expected


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_a_scale_that_is_not_above_zero_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale must be above zero"):
        synthetic_clinic(scale)


def test_a_larger_clinic_has_more_of_everything_but_clinics() -> None:
    tenth, fifth = synthetic_clinic(0.1), synthetic_clinic(0.2)
    for entity, rows in tenth.entities.items():
        ratio = 1 if entity == "API_Clinic_Name" else 2
        assert len(fifth.entities[entity]) == pytest.approx(ratio * len(rows), rel=0.02)
