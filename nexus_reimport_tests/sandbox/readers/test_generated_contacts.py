"""Generated details of FileMaker's, through the transform and then through every reader of Nexus."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_reimport.sandbox.readers.appointments import has_phone
from nexus_reimport.sandbox.readers.messages import emails_for_invoices, sms_numbers, xero_contact
from nexus_reimport.sandbox.readers.paperwork import invoice_address
from nexus_reimport.sandbox.readers.patient_page import patient_page
from nexus_reimport_tests.transform.records import Record, contact, fm, parsed, patients_of

NUMBERS = ("0491 570 156", "0491570157", "(02) 5550 0001", "ask at the desk", "0", "+61 491 570 158")
LABELS = (
    "Home",
    "home",
    "Home 2",
    "Work",
    "Primary",
    "Mobile",
    "Phone 1",
    "",
    None,
    " Home ",
    "Jackie (mum)",
    "1",
)
words = st.one_of(st.sampled_from(LABELS), st.text(max_size=4))


def detail(draw: st.DrawFn, place: int) -> Record:
    kind = draw(st.sampled_from(("Mobile", "Phone", "MOBILE", "phone", "Email", "Address", "Fax")))
    found: dict[str, str | None] = {"id": fm(500 + place), "id_key": fm(1), "type": kind, "Name": draw(words)}
    if kind == "Address":
        parts = ("address 1", "address 2", "suburb", "state", "post code", "country")
        return found | {part: draw(st.sampled_from((None, "", " ", "x", "1 High St"))) for part in parts}
    emails = ("a@example.org", "b@example.org", "", None)
    found["ph"] = draw(st.sampled_from(emails if kind == "Email" else (*NUMBERS, None, " ")))
    if kind == "Email":
        found["Email default"] = draw(st.sampled_from((None, "1")))
    return found


@st.composite
def details(draw: st.DrawFn) -> list[Record]:
    return [detail(draw, place) for place in range(draw(st.integers(0, 9)))]


def entries(given: list[Record], *kinds: str) -> set[tuple[str, str, str]]:
    """What FileMaker has of some types, identical ones once: type, label and number or address."""
    found = set()
    for one in given:
        kind, value = str(one["type"]).casefold(), (one.get("ph") or "").strip()
        if kind in kinds and value:
            found.add((kind, (one["Name"] or "").replace("\x00", "").strip(), value))
    return found


@given(details())
@settings(max_examples=150, deadline=None)
def test_every_phone_and_email_is_shown_exactly_once_a_mobile_as_a_mobile(given: list[Record]) -> None:
    row = readable(given)
    shown = patient_page(row, ()).contact
    for kind in ("mobile", "phone"):
        wanted = Counter(number for _, _, number in entries(given, kind))
        assert Counter(shown[kind].values()) == wanted
    shown["email"].pop("Primary", None)
    once = {address for _, _, address in entries(given, "email")}
    assert set(emails_for_invoices(row)) == once
    assert set(shown["email"].values()) | set(emails_for_invoices(row)[:1]) == once


@given(details())
@settings(max_examples=100, deadline=None)
def test_no_reader_meets_a_null_and_each_finds_the_mobile_there_is(given: list[Record]) -> None:
    row = readable(given)
    mobiles = {number for _, _, number in entries(given, "mobile")}
    assert has_phone(row) is bool(mobiles)
    assert set(xero_contact(row)) == {
        *(["mobile"] if mobiles else []),
        *(["email"] if entries(given, "email") else []),
    }
    offered = {number for _, _, number in sms_numbers(row)}
    assert offered == mobiles | {number for _, _, number in entries(given, "phone")}
    page = patient_page(row, ())
    if mobiles:
        assert page.default is not None
        assert page.default[0] == "mobile"
    assert all("None" not in line for line in [*invoice_address(row), *page.address.values()])


def readable(given: list[Record]) -> dict[str, object]:
    """The staged patient as PostgreSQL would hand it over, as far as contacts go."""
    staged = patients_of(contact(1), details=given)
    columns = ("contact_json", "address_json", "filemaker_metadata")
    return {"first_name": "Ada", "last_name": "Byron", **{name: parsed(staged, name) for name in columns}}
