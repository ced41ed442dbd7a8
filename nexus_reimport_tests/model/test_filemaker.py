"""FileMaker's entity sets."""

import pytest

from nexus_reimport.model.filemaker import BY_ASSET, CONTACTS, ENTITY_SETS, EVENTS, MESSAGES, EntitySet

AUDIT = {"creationTimestamp", "modificationTimestamp", "creationAccountName", "modificationAccountName"}


def test_the_entity_sets_are_those_of_the_records_line() -> None:
    assert {one.asset: one.entity for one in ENTITY_SETS} == {
        "contacts": "API_Contacts",
        "contact_details": "API_Contact_Details",
        "clinics": "API_Clinic_Name",
        "events": "API_event",
        "notes": "API_Notes",
        "messages": "API_Messages",
        "docs": "API_Docs",
    }
    assert BY_ASSET["messages"] is MESSAGES


@pytest.mark.parametrize("entity", ENTITY_SETS, ids=lambda entity: entity.asset)
def test_an_entity_set_has_its_key_and_says_who_changed_it(entity: EntitySet) -> None:
    assert entity.key == ("_kp_MessageID" if entity is MESSAGES else "id")
    assert {entity.key, *AUDIT} <= entity.required
    assert len(set(entity.names)) == len(entity.names)
    assert all(one.description for one in entity.fields)


def test_only_fields_that_some_hosts_lack_are_optional() -> None:
    optional = {one.asset: set(one.names) - one.required for one in ENTITY_SETS}
    assert optional.pop("events") == {"id_Clinician", "clinician_name", "Type", "Status"}
    assert optional.pop("contacts") == {"CYS_ID"}
    assert not any(optional.values())


def test_names_are_written_as_the_json_has_them() -> None:
    assert {"Health Number", "NDIS notes", "_kf_XeroContactID"} <= CONTACTS.required
    assert {"post code", "id_key", "Email default"} <= BY_ASSET["contact_details"].required
    assert {"idCal", "Consult Notes"} <= EVENTS.required
    assert {"id_Key", "Note Type"} <= BY_ASSET["notes"].required
