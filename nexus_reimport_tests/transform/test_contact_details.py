"""Phones, emails and addresses."""

from nexus_reimport_tests.transform.records import (
    Record,
    cells,
    contact,
    fm,
    key,
    parsed,
    patients_of,
    reasons,
)


def detail(number: int, kind: str | None, **fields: str | None) -> Record:
    return {"id": fm(500 + number), "id_key": fm(1), "type": kind, **fields}


def contact_json(*details: Record) -> dict[str, object]:
    return parsed(patients_of(contact(1), details=details), "contact_json")


def address_json(*details: Record) -> dict[str, object]:
    return parsed(patients_of(contact(1), details=details), "address_json")


def test_a_patient_without_details_has_empty_lists() -> None:
    assert contact_json() == {"phones": [], "emails": [], "mobile": None, "email": None}
    nothing = {"street": None, "suburb": None, "state": None, "postcode": None}
    assert address_json() == {"addresses": [], **nothing}


def test_phones_are_listed_with_type_number_label() -> None:
    found = contact_json(
        detail(1, "Phone", ph=" (02) 9876 5432 ", Name="Home"),
        detail(2, "Mobile", ph="0412 345 678", Name="Jackie (mum)"),
        detail(3, "Mobile", ph="0499 999 999"),
    )
    assert found["phones"] == [
        {"type": "Phone", "number": "(02) 9876 5432", "label": "Home"},
        {"type": "Mobile", "number": "0412 345 678", "label": "Jackie (mum)"},
        {"type": "Mobile", "number": "0499 999 999", "label": ""},
    ]
    assert found["mobile"] == "0412 345 678"


def test_a_type_counts_in_any_case() -> None:
    found = contact_json(detail(1, "MOBILE", ph="1"), detail(2, " email ", ph="a@example.org"))
    assert (found["mobile"], found["email"]) == ("1", "a@example.org")


def test_a_mobile_without_a_number_has_its_international_form() -> None:
    found = contact_json(
        detail(1, "Mobile", ph=" ", PhoneMobileIntFormat="+61412345678"),
        detail(2, "Mobile", ph="0499 999 999", PhoneMobileIntFormat="+61499999999"),
    )
    assert [phone["number"] for phone in found["phones"]] == ["+61412345678", "0499 999 999"]  # type: ignore[attr-defined]  # parsed JSON


def test_an_email_has_its_address_in_ph_and_the_first_one_flagged_leads() -> None:
    found = contact_json(
        detail(1, "Email", ph="first@example.org", Name="Work"),
        detail(2, "Email", ph="second@example.org", **{"Email default": "1"}),
        detail(3, "Email", ph="third@example.org", **{"Email default": "1"}),
    )
    assert found["emails"] == [
        {"address": "second@example.org", "label": ""},
        {"address": "first@example.org", "label": "Work"},
        {"address": "third@example.org", "label": ""},
    ]
    assert found["email"] == "second@example.org"


def test_without_a_flag_the_first_email_counts() -> None:
    found = contact_json(
        detail(1, "Email", ph="first@example.org"), detail(2, "Email", ph="second@example.org")
    )
    assert found["email"] == "first@example.org"
    assert contact_json(detail(1, "Email", ph="", **{"Email default": "1"}))["email"] is None


def test_addresses_are_listed_and_the_first_is_on_top() -> None:
    first = {
        "address 1": "1 High St",
        "address 2": "Flat 2",
        "suburb": "Hill",
        "state": "NSW",
        "post code": "2000",
        "country": "Australia",
        "Full Address one line": "1 High St, Hill",
    }
    found = address_json(detail(1, "Address", Name="Home", **first), detail(2, "Address", suburb="Dale"))
    entry = {
        "line1": "1 High St",
        "line2": "Flat 2",
        "suburb": "Hill",
        "state": "NSW",
        "postcode": "2000",
        "country": "Australia",
        "label": "Home",
        "full_address": "1 High St, Hill",
    }
    second = {**dict.fromkeys(entry, ""), "suburb": "Dale"}
    assert found["addresses"] == [entry, second]
    assert [found[name] for name in ("street", "suburb", "state", "postcode")] == [
        "1 High St",
        "Hill",
        "NSW",
        "2000",
    ]


def test_details_come_in_order_of_creation_then_id() -> None:
    early, late = {"creationTimestamp": "2010-01-01T00:00:00Z"}, {"creationTimestamp": "2020-01-01T00:00:00Z"}
    found = contact_json(
        detail(4, "Mobile", ph="4", **late),
        detail(3, "Mobile", ph="3", **early),
        detail(2, "Mobile", ph="2", **late),
        detail(1, "Mobile", ph="1", creationTimestamp="2015-01-01T00:00:00Z"),
    )
    assert [phone["number"] for phone in found["phones"]] == ["3", "1", "2", "4"]  # type: ignore[attr-defined]  # parsed JSON


def test_identical_details_are_listed_once() -> None:
    same, other = {"ph": "1", "Name": "Home"}, {"ph": "1", "Name": "Work"}
    found = contact_json(detail(1, "Phone", **same), detail(2, "Phone", **same), detail(3, "Phone", **other))
    assert len(found["phones"]) == 2  # type: ignore[arg-type]  # parsed JSON


def test_details_without_content_say_nothing() -> None:
    empty = contact_json(detail(1, "Phone", Name="Home"), detail(2, "Email"))
    assert (empty["phones"], empty["emails"]) == ([], [])
    assert address_json(detail(1, "Address", Name="Home"))["addresses"] == []


def test_details_of_referrers_and_companies_are_nobodys() -> None:
    others = [detail(1, "Fax", ph="1"), {**detail(2, "Mobile", ph="2"), "id_key": None}]
    staged = patients_of(contact(2), details=others)
    assert parsed(staged, "contact_json")["phones"] == []
    assert reasons(staged.warnings) == []


def test_an_owner_is_found_in_any_case_and_a_detail_needs_no_id() -> None:
    odd: Record = {"id": None, "id_key": fm(1).lower(), "type": "Mobile", "ph": "1"}
    assert contact_json(odd)["mobile"] == "1"


def test_a_detail_of_another_type_is_warned_of_on_its_patient() -> None:
    staged = patients_of(contact(1), details=[detail(1, "Fax", ph="1"), detail(2, None, ph="2")])
    assert parsed(staged, "contact_json")["phones"] == []
    assert set(reasons(staged.warnings)) == {(key(1), "contact_json", "unknown_detail_type")}


def test_every_patient_has_the_own_details_only() -> None:
    details = [detail(1, "Mobile", ph="1"), {**detail(2, "Mobile", ph="2"), "id_key": fm(2)}]
    first, second = cells(patients_of(contact(1), contact(2), details=details), "contact_json")
    assert '"mobile":"1"' in str(first)
    assert '"mobile":"2"' in str(second)
