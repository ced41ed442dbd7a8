"""What holds of a merge of entries whatever FileMaker has, had, and people do on the page."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_reimport.load.diff.contact_entries.columns import merged_value
from nexus_reimport.sandbox.readers.appointments import has_phone
from nexus_reimport.sandbox.readers.messages import emails_for_invoices, sms_numbers, xero_contact
from nexus_reimport.sandbox.readers.paperwork import invoice_address
from nexus_reimport.sandbox.readers.patient_page import patient_page, saved_address, saved_contact
from nexus_reimport_tests.load.diff.contact_entries.made import (
    ADDRESS,
    CONTACT,
    NUMBERS,
    ROW,
    address_books,
    contacts,
    edited_contacts,
    merged,
    numbers_of,
)

many = settings(max_examples=400, deadline=None)
Json = dict[str, Any]


@given(contacts)
@many
def test_a_contact_that_nobody_changed_is_what_it_was(contact: Json) -> None:
    assert merged(CONTACT, contact, contact, contact).value == contact


@given(contacts, contacts)
@many
def test_where_nobody_edited_filemaker_is_followed_to_the_letter(before: Json, now: Json) -> None:
    for mine in (before, saved_contact(before), saved_contact(before, with_defaults=False)):
        outcome = merged(CONTACT, before, mine, now)
        assert outcome.value == now
        assert not outcome.is_clash


@given(address_books, address_books)
@many
def test_where_nobody_edited_an_address_filemaker_is_followed_to_the_letter(before: Json, now: Json) -> None:
    mine = saved_address(before) if before else {}
    for one in (before, mine):
        assert merged(ADDRESS, before, one, now).value == now


@given(contacts, contacts, st.data())
@many
def test_a_second_merge_changes_nothing(before: Json, now: Json, data: st.DataObject) -> None:
    mine = data.draw(edited_contacts(before))
    first = merged(CONTACT, before, mine, now)
    second = merged_value(CONTACT, ROW, first.base, first.value, now)
    assert second is not None
    assert second.value == first.value
    assert second.base == first.base
    assert second.is_clash == first.is_clash


@given(contacts, contacts, st.data())
@many
def test_labels_are_unique_within_a_type_and_every_reader_takes_it(
    before: Json, now: Json, data: st.DataObject
) -> None:
    value: Any = merged(CONTACT, before, data.draw(edited_contacts(before)), now).value
    labels = Counter((one["type"], one["label"]) for one in value["phones"])
    labels += Counter(("email", one["label"]) for one in value["emails"])
    assert not labels or max(labels.values()) == 1
    row = {"first_name": "A", "last_name": "B", "contact_json": value, "address_json": {}}
    shown = patient_page(row, ()).contact
    assert len(shown["phone"]) + len(shown["mobile"]) == len(value["phones"])
    assert has_phone(row) is any(one["type"] == "mobile" for one in value["phones"])
    assert len(sms_numbers(row)) >= len(value["phones"])
    assert emails_for_invoices(row) == [one["address"] for one in value["emails"]]
    assert set(xero_contact(row)) <= {"mobile", "email"}


@given(contacts, st.data())
@many
def test_with_nothing_new_in_filemaker_what_the_page_showed_is_what_it_shows(
    contact: Json, data: st.DataObject
) -> None:
    mine = data.draw(edited_contacts(contact))
    value: Any = merged(CONTACT, contact, mine, contact).value
    wanted = Counter(
        (kind, one["value"] if isinstance(one, dict) else one)
        for kind in ("phone", "mobile")
        for one in mine[kind].values()
    )
    assert Counter((one["type"], one["number"]) for one in value["phones"]) == wanted


@given(contacts, contacts, st.data())
@many
def test_one_changed_number_stays_and_all_else_follows_filemaker(
    before: Json, now: Json, data: st.DataObject
) -> None:
    mine = saved_contact(before)
    if not (mine["mobile"] or mine["phone"]):
        return
    kind = data.draw(st.sampled_from([one for one in ("mobile", "phone") if mine[one]]))
    label = data.draw(st.sampled_from(sorted(mine[kind])))
    mine[kind][label] = "0400 000 000"
    value: Any = merged(CONTACT, before, mine, now).value
    found = numbers_of(value)
    assert found.count((kind, "0400 000 000")) == 1
    others = Counter(found) - Counter([(kind, "0400 000 000")])
    wanted = Counter(numbers_of(now))
    assert others <= wanted
    # At most the one entry that the person changed is not there: FileMaker's change of it, or what it was
    assert (wanted - others).total() <= 1


@given(contacts, contacts, st.sampled_from(NUMBERS), st.booleans())
@many
def test_an_added_number_stays_beside_all_of_filemakers_and_once(
    before: Json, now: Json, number: str, spelt: bool
) -> None:
    mine = saved_contact(before)
    added = number if spelt else "0400 000 001"
    mine["mobile"]["Carer"] = added
    value: Any = merged(CONTACT, before, mine, now).value
    found = numbers_of(value)
    assert ("mobile", added) in found
    assert set(numbers_of(now)) - {("mobile", one) for one in NUMBERS} <= set(found)
    assert len(found) <= len(numbers_of(now)) + 1


@given(address_books, address_books)
@many
def test_a_corrected_address_stays_and_the_others_follow_filemaker(before: Json, now: Json) -> None:
    mine = {**saved_address(before), "street": "9 New Rd"}
    value: Any = merged(ADDRESS, before, mine, now).value
    streets = [one["line1"] for one in value["addresses"]]
    assert streets.count("9 New Rd") == 1
    wanted = Counter(one["line1"] for one in now.get("addresses", []))
    others = Counter(streets) - Counter(["9 New Rd"])
    assert others <= wanted
    assert (wanted - others).total() <= 1
    row = {"first_name": "A", "last_name": "B", "contact_json": {}, "address_json": value}
    assert all(isinstance(part, str) for part in value["addresses"][0].values())
    invoice_address(row)
    again = merged_value(ADDRESS, ROW, merged(ADDRESS, before, mine, now).base, value, now)
    assert again is not None
    assert again.value == value
