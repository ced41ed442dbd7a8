"""What Nexus holds already."""

import pytest

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.frames import NEXUS_STATE
from nexus_reimport.transform.adoption.rows_in_nexus import LivingMessage, LivingNote
from nexus_reimport.transform.exceptions import MissingContentTypeError
from nexus_reimport.transform.nexus_state import NexusState, empty_state
from nexus_reimport_tests.transform.records import PATIENT_TYPE, fm, key, line, state_of, uid


def test_a_clinic_is_found_by_filemaker_id_before_name() -> None:
    state = state_of(("clinic_filemaker_id", key(1), uid(1)), ("clinic_name", "north", uid(2)))
    assert state.clinic(key(1), "North") == uid(1)
    assert state.clinic(key(2), "", " NORTH ") == uid(2)
    assert state.clinic(None, "South") is None
    assert state.clinic("", "") is None


def test_the_first_name_that_is_known_counts() -> None:
    state = state_of(("clinic_name", "north", uid(1)), ("clinic_name", "south", uid(2)))
    assert state.clinic(None, "nowhere", "South", "North") == uid(2)


def test_a_clinician_is_found_by_id_before_name() -> None:
    state = state_of(("clinician_id", uid(1), uid(1)), ("clinician_name", "pat doe", uid(2)))
    assert state.clinician(uid(1), "Pat Doe") == uid(1)
    assert state.clinician(uid(7), "PAT DOE") == uid(2)
    assert state.clinician(None, "") is None


def test_an_appointment_type_is_found_by_id_or_name() -> None:
    state = state_of(("appointment_type_id", uid(1), uid(1)), ("appointment_type_name", "review", uid(2)))
    assert state.appointment_type(uid(1).upper()) == uid(1)
    assert state.appointment_type("Review ") == uid(2)
    assert state.appointment_type("fitting") is None


def test_a_custom_funding_source_is_found_in_any_case_and_told_as_nexus_writes_it() -> None:
    kind = "custom_funding_source_name"
    state = state_of(
        (kind, "dva", uid(1), "DVA"), (kind, "dva", uid(2), "Dva"), (kind, "aged", uid(3), "Aged")
    )
    assert [state.custom_funding_source(name) for name in ("Dva", "dva", " AGED ", "", "x")] == [
        "Dva",
        "DVA",
        "Aged",
        None,
        None,
    ]


def test_a_funding_source_is_found_by_name_only() -> None:
    state = state_of(("funding_source_name", "ndis", uid(1)))
    assert state.funding_source("NDIS") == uid(1)
    assert state.funding_source("") is None


def test_where_a_name_repeats_the_first_in_the_frame_counts() -> None:
    state = state_of(("funding_source_name", "ndis", uid(1)), ("funding_source_name", "ndis", uid(2)))
    assert state.funding_source("ndis") == uid(1)


def test_the_content_type_is_a_number() -> None:
    assert state_of(PATIENT_TYPE).content_type("patients.patient") == 17


def test_a_missing_content_type_says_what_to_do() -> None:
    with pytest.raises(MissingContentTypeError, match=r"patients\.patient.*migrations"):
        state_of().content_type("patients.patient")


def test_claims_keep_the_frames_order() -> None:
    state = state_of(("claim:documents", fm(1), uid(2)), ("claim:documents", key(1), uid(1)))
    assert state.claims("documents") == {key(1): [uid(2), uid(1)]}
    assert state.claims("patients") == {}


def test_adoptable_rows_come_back_as_they_were_in_the_frames_order() -> None:
    first = LivingMessage(uid(2), uid(9), text="t", number="n", gateway="aB", sent=5)
    second = LivingMessage(uid(1), "", text="t", number="n", gateway="ab", sent=4)
    state = state_of(line(first), line(second))
    assert state.adoptable(LivingMessage) == [first, second]
    assert state.adoptable(LivingNote) == []


def test_s3_keys_compare_exactly_and_keep_the_frames_order() -> None:
    rows = [("s3_key:images", "a/B.jpg", uid(1)), ("s3_key:images", "a/b.jpg", uid(2))]
    state = state_of(*rows, ("s3_key:images", "a/B.jpg", uid(3).upper()))
    assert state.s3_keys("images") == {"a/B.jpg": [uid(1), uid(3)], "a/b.jpg": [uid(2)]}
    assert state.s3_keys("documents") == {}


def test_a_former_uuid_leads_to_the_patients_filemaker_id() -> None:
    state = state_of(
        ("former:patients", uid(0xA).upper(), fm(1)),
        ("former:patients", uid(0xB), key(1)),
        ("former:patients", uid(0xB), key(2)),
    )
    assert state.former_patients() == {uid(0xA): key(1), uid(0xB): key(1)}


def test_of_several_identities_or_lives_the_first_in_the_frame_counts() -> None:
    state = state_of(
        ("identity:patients", fm(1), uid(1)),
        ("identity:patients", key(1), uid(2)),
        ("live:patients", key(1), uid(1), uid(5)),
        ("live:patients", key(1), uid(2), uid(6)),
        ("live:patients", key(2), uid(1), uid(7)),
    )
    assert state.identities("patients") == {key(1): uid(1)}
    assert state.live_patients() == {key(1): uid(1), key(2): uid(1)}
    assert state.patient_clinic(uid(1)) == uid(5)


def test_living_patients_have_an_id_and_a_clinic() -> None:
    state = state_of(
        ("live:patients", fm(1), uid(1).upper(), uid(5).upper()), ("live:patients", key(2), uid(2))
    )
    assert state.live_patients() == {key(1): uid(1), key(2): uid(2)}
    assert state.patient_clinic(uid(1)) == uid(5)
    assert state.patient_clinic(uid(2)) is None
    assert state.patient_clinic(uid(3)) is None


def test_an_empty_nexus_has_an_empty_state() -> None:
    assert failures(schema_of(NEXUS_STATE), empty_state(), "key").empty
    assert NexusState(empty_state()).identities("patients") == {}
