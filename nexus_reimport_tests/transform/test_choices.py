"""Free text to Nexus's choices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.model.nexus import APPOINTMENTS, NOTES, PATIENTS, SMS_MESSAGES
from nexus_reimport.transform import choices


@pytest.mark.parametrize("choice", PATIENTS.column("title").choices)
def test_a_title_is_known_in_any_case_with_or_without_its_dot(choice: str) -> None:
    assert {choices.title(text) for text in (choice, f"{choice}.", choice.upper(), choice.lower())} == {
        choice
    }


@pytest.mark.parametrize("text", ["", "Sir", "Master", "Mr Dr", "Doctor", "Mr.."])
def test_another_title_is_none(text: str) -> None:
    assert choices.title(text) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("M", "m", "Male", "MALE", "Man"), "M"),
        (("F", "f", "Female", "Woman", "WOMAN"), "F"),
        (("O", "Other", "Non-binary", "non binary", "Nonbinary", "X", "x"), "O"),
        (("U", "Unknown"), "U"),
    ],
)
def test_a_sex_is_known_by_its_words(texts: tuple[str, ...], expected: str) -> None:
    assert [choices.sex(text) for text in texts] == [(expected, True)] * len(texts)


def test_an_empty_sex_is_none_and_any_other_is_u() -> None:
    assert choices.sex("") == (None, True)
    assert choices.sex("?") == ("U", False)
    assert choices.sex("Males") == ("U", False)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("Scheduled", "booked", "CONFIRMED"), "scheduled"),
        (("checked_in", "Checked In", "checked-in", "Arrived"), "checked_in"),
        (("Completed", "complete", "Attended"), "completed"),
        (("Cancelled", "canceled"), "cancelled"),
        (("no_show", "No Show", "no-show", "Did not attend", "DNA"), "no_show"),
        (("", "Tentative", "sent"), None),
    ],
)
def test_appointment_statuses(texts: tuple[str, ...], expected: str | None) -> None:
    assert {choices.appointment_status(text) for text in texts} == {expected}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("Pending", "queued", "scheduled"), "pending"),
        (("Sent", "sent."), "sent"),
        (("DELIVERED",), "delivered"),
        (("Failed", "error", "Undelivered", "rejected"), "failed"),
        (("Cancelled", "canceled"), "cancelled"),
        (("", "0", "gone"), None),
    ],
)
def test_message_statuses(texts: tuple[str, ...], expected: str | None) -> None:
    assert {choices.sms_status(text) for text in texts} == {expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Clinical Notes", "clinical_notes"),
        ("CLINICAL", "clinical_notes"),
        ("clinical clinic order", "clinical_notes"),
        ("Clinic", "clinic_dates"),
        ("Important date", "clinic_dates"),
        ("Dates", "clinic_dates"),
        ("Order Notes", "order_notes"),
        ("ORDERS", "order_notes"),
        ("Admin", "admin_notes"),
        ("Administration", "admin_notes"),
        ("Referral letter", "referral"),
        ("3D Data", "3d_scan_data"),
        ("Foot scan", "3d_scan_data"),
        ("Scans", "3d_scan_data"),
        ("Workshop", "workshop_note"),
        ("Phone call", "other"),
        ("Update", "other"),
        ("", "other"),
        ("Order date", "clinic_dates"),
        ("Admin order", "order_notes"),
        ("Referral admin", "admin_notes"),
        ("Scan referral", "referral"),
        ("Workshop scan", "3d_scan_data"),
    ],
)
def test_a_kind_of_note_is_known_by_the_first_of_its_words(text: str, expected: str) -> None:
    assert choices.note_type(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("File Notes", "file-notes"), ("ERF", "erf"), ("Purchase  \torder", "purchase-order"), ("", "")],
)
def test_a_category_is_the_type_in_lower_case_with_hyphens(text: str, expected: str) -> None:
    assert choices.category(text) == expected


@given(st.text())
def test_any_text_gives_what_nexus_can_edit(text: str) -> None:
    assert choices.title(text) in (None, *PATIENTS.column("title").choices)
    assert choices.sex(text)[0] in (None, *PATIENTS.column("sex").choices)
    assert choices.appointment_status(text) in (None, *APPOINTMENTS.column("status").choices)
    assert choices.sms_status(text) in (None, *SMS_MESSAGES.column("status").choices)
    assert choices.note_type(text) in NOTES.column("note_type").choices
