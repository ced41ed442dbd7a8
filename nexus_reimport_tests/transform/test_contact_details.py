"""Phones, emails and addresses."""

from typing import cast

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


def listed(found: dict[str, object], name: str) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", found[name])


def address_json(*details: Record) -> dict[str, object]:
    return parsed(patients_of(contact(1), details=details), "address_json")


def test_a_patient_without_details_has_empty_lists() -> None:
    assert contact_json() == {"phones": [], "emails": []}
    assert address_json() == {}


def phone(kind: str, number: str, label: str, *, default: bool = False) -> dict[str, object]:
    return {"type": kind, "number": number, "phone": number, "label": label, "default": default}


def test_phones_are_listed_as_every_reader_wants_them_the_first_mobile_leading() -> None:
    found = contact_json(
        detail(1, "Phone", ph=" (02) 9876 5432 ", Name="Home"),
        detail(2, "Mobile", ph="0412 345 678", Name="Jackie (mum)"),
        detail(3, "Mobile", ph="0499 999 999"),
    )
    assert found["phones"] == [
        phone("mobile", "0412 345 678", "Jackie (mum)", default=True),
        phone("mobile", "0499 999 999", "Mobile"),
        phone("phone", "(02) 9876 5432", "Home"),
    ]
    assert found["mobile"] == "0412 345 678"


def test_labels_are_unique_within_a_type_and_one_that_is_given_stays() -> None:
    home = [detail(place, "Phone", ph=str(place), Name="Home") for place in (1, 2, 3)]
    given = detail(4, "Phone", ph="4", Name="Home 2")
    found = contact_json(*home, given, detail(5, "Mobile", ph="5", Name="Home"))
    labels = [(one["type"], one["number"], one["label"]) for one in listed(found, "phones")]
    assert labels == [
        ("mobile", "5", "Home"),
        ("phone", "1", "Home"),
        ("phone", "2", "Home 3"),
        ("phone", "3", "Home 4"),
        ("phone", "4", "Home 2"),
    ]


def test_without_a_mobile_the_first_phone_is_the_default() -> None:
    found = contact_json(detail(1, "Phone", ph="1"), detail(2, "Phone", ph="2"))
    assert found["phones"] == [phone("phone", "1", "Phone", default=True), phone("phone", "2", "Phone 2")]
    assert "mobile" not in found


def test_only_the_first_email_may_have_the_label_that_the_page_gives_it() -> None:
    first, second = (detail(place, "Email", ph=f"{place}@example.org", Name="Primary") for place in (1, 2))
    found = contact_json(first, second)
    assert [one["label"] for one in listed(found, "emails")] == ["Primary", "Primary 2"]
    found = contact_json(detail(0, "Email", ph="0@example.org", Name="Work"), first)
    assert [one["label"] for one in listed(found, "emails")] == ["Work", "Primary 2"]


def test_a_label_that_a_page_in_a_browser_loses_gets_a_number() -> None:
    found = contact_json(detail(1, "Phone", ph="1", Name="__proto__"))
    assert [one["label"] for one in listed(found, "phones")] == ["__proto__ 2"]


def test_a_type_counts_in_any_case() -> None:
    found = contact_json(detail(1, "MOBILE", ph="1"), detail(2, " email ", ph="a@example.org"))
    assert (found["mobile"], found["email"]) == ("1", "a@example.org")


def test_a_mobile_without_a_number_has_its_international_form() -> None:
    found = contact_json(
        detail(1, "Mobile", ph=" ", PhoneMobileIntFormat="+61412345678"),
        detail(2, "Mobile", ph="0499 999 999", PhoneMobileIntFormat="+61499999999"),
    )
    assert [one["number"] for one in listed(found, "phones")] == ["+61412345678", "0499 999 999"]


def test_an_email_has_its_address_in_ph_and_the_first_one_flagged_leads() -> None:
    found = contact_json(
        detail(1, "Email", ph="first@example.org", Name="Work"),
        detail(2, "Email", ph="second@example.org", **{"Email default": "1"}),
        detail(3, "Email", ph="third@example.org", **{"Email default": "1"}),
    )
    assert found["emails"] == [
        {"address": "second@example.org", "label": "Email"},
        {"address": "first@example.org", "label": "Work"},
        {"address": "third@example.org", "label": "Email 2"},
    ]
    assert found["email"] == "second@example.org"


def test_without_a_flag_the_first_email_counts() -> None:
    found = contact_json(
        detail(1, "Email", ph="first@example.org"), detail(2, "Email", ph="second@example.org")
    )
    assert found["email"] == "first@example.org"
    assert "email" not in contact_json(detail(1, "Email", ph="", **{"Email default": "1"}))


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
    assert [found[name] for name in ("street", "street2", "suburb", "state", "postcode")] == [
        "1 High St",
        "Flat 2",
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
    assert [one["number"] for one in listed(found, "phones")] == ["3", "1", "2", "4"]


def test_identical_details_are_listed_once() -> None:
    same, other = {"ph": "1", "Name": "Home"}, {"ph": "1", "Name": "Work"}
    found = contact_json(detail(1, "Phone", **same), detail(2, "Phone", **same), detail(3, "Phone", **other))
    assert len(listed(found, "phones")) == 2


def test_details_without_content_say_nothing() -> None:
    empty = contact_json(detail(1, "Phone", Name="Home"), detail(2, "Email"))
    assert (empty["phones"], empty["emails"]) == ([], [])
    assert address_json(detail(1, "Address", Name="Home")) == {}


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


def test_details_that_could_not_be_read_are_warned_of_on_their_patient_or_by_their_own_id() -> None:
    staged = patients_of(
        contact(1),
        details=[
            detail(1, "Phone", ph=None, unreadable='{"ph":"unreadable_value","Name":"unreadable_value"}'),
            detail(2, "Email", ph="a\ufffd@b.example", unreadable='{"ph":"unreadable_character"}'),
            detail(3, "Phone", ph="1", unreadable='{"id_key":"unreadable_value"}', id_key=None),
            detail(4, "Phone", ph="2", unreadable='{"ph":"unreadable_value"}', id_key=fm(77)),
        ],
    )
    assert reasons(staged.warnings) == [
        (key(1), "contact_json", "unreadable_character"),
        (key(1), "contact_json", "unreadable_value"),
        (fm(503).lower(), "contact_json", "unreadable_value"),
    ]
