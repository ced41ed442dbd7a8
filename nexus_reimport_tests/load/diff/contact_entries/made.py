"""Generated contacts and addresses, and what people and FileMaker do to them."""

from typing import Any

from hypothesis import strategies as st

from nexus_reimport.load.diff.contact_entries.columns import MergedColumn, entry_digests, merged_value
from nexus_reimport.model.columns import EntriesOf
from nexus_reimport.sandbox.readers.patient_page import saved_contact
from nexus_reimport.transform.contact_shape import address_json, contact_json

CONTACT: EntriesOf = "contact"
ADDRESS: EntriesOf = "address"
ROW = "6d0c6f5e-5f0e-5c0b-9a43-0c4d6f0f7a11"
NUMBERS = (
    "0491 570 156",
    "+61491570156",
    "0491 570 157",
    "(02) 5550 0001",
    "ask at the desk",
    "02 5550 0002",
)
EMAILS = ("a@example.org", "A@example.org", "b@example.org", "c@example.org")
LABELS = ("Home", "Home", "Home 2", "Home 3", "Work", "Primary", "Email", "Mobile", "", "1")

labels = st.sampled_from(LABELS)
phones = st.builds(
    lambda kind, number, label: {"type": kind, "number": number, "label": label},
    st.sampled_from(("mobile", "phone")),
    st.sampled_from(NUMBERS),
    labels,
)
emails = st.builds(
    lambda address, label: {"address": address, "label": label}, st.sampled_from(EMAILS), labels
)
addresses = st.builds(
    lambda line1, suburb, label, country: {
        "line1": line1,
        "suburb": suburb,
        "label": label,
        "country": country,
        "full_address": f"{line1}, {suburb}",
    },
    st.sampled_from(("1 High St", "2 Low Rd", "3 Side Ln", "4 Back St")),
    st.sampled_from(("", "Glebe")),
    labels,
    st.sampled_from(("", "Australia")),
)


def _once(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    return [one for place, one in enumerate(entries) if one not in entries[:place]]


contacts = st.builds(
    lambda numbers, mails: contact_json(_once(numbers), _once(mails)),
    st.lists(phones, max_size=5),
    st.lists(emails, max_size=3),
)
address_books = st.builds(lambda many: address_json(_once(many)), st.lists(addresses, max_size=4))


@st.composite
def edited_contacts(draw: st.DrawFn, contact: dict[str, Any]) -> dict[str, Any]:
    """What the page saves after a person has changed, added or taken out some of what it shows."""
    saved = saved_contact(contact, with_defaults=draw(st.booleans()))
    for section, values in saved.items():
        offered = EMAILS if section == "email" else NUMBERS
        for label in list(values):
            match draw(st.sampled_from(("keep", "keep", "keep", "change", "take out", "rename"))):
                case "change":
                    values[label] = draw(st.sampled_from(offered))
                case "take out":
                    del values[label]
                case "rename":
                    values.setdefault(draw(labels) or "New", values.pop(label))
        if draw(st.integers(0, 3)) == 0:
            values.setdefault(draw(labels) or "New", draw(st.sampled_from(offered)))
    return saved


def merged(kind: EntriesOf, base: Any, mine: Any, theirs: Any) -> MergedColumn:
    """The merge of a column whose last written value is known."""
    outcome = merged_value(kind, ROW, entry_digests(kind, ROW, base), mine, theirs)
    assert outcome is not None
    return outcome


def numbers_of(contact: dict[str, Any]) -> list[tuple[str, str]]:
    """Type and number or address of all entries of contact_json in our shape, in order."""
    listed = [(one["type"], one["number"]) for one in contact["phones"]]
    return sorted(listed + [("email", one["address"]) for one in contact["emails"]])
