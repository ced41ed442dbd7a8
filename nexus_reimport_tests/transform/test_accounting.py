"""Whatever FileMaker says, every source row is a row or a reject, and every row is one Nexus can hold."""

import random

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from nexus_reimport.model import filemaker
from nexus_reimport.model.filemaker import EntitySet
from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.patients import stage_patients
from nexus_reimport.transform.staged import Staged
from nexus_reimport_tests.transform.records import (
    AS_OF,
    PATIENT_TYPE,
    Record,
    appointments_of,
    cells,
    documents_of,
    extract,
    fm,
    messages_of,
    notes_of,
    patients_of,
    reasons,
    state_of,
    uid,
)

IDS = [None, "", "12", fm(1).lower(), *(fm(number) for number in range(1, 6))]
WORDS = [None, None, "", "1", "2016-07-01", "2016-04-03", "02:30:00", "24:00:00", "Mobile", "Email"]
WORDS += ["0412 345 678", "x" * 300, "\x00", "\x0b", "\r\n", "é\u202e👍", "\\u0000", "9999-12-31", "-1"]
STATE = state_of(
    PATIENT_TYPE,
    ("claim:patients", fm(1), uid(1)),
    ("claim:patients", fm(1), uid(2)),
    ("identity:patients", fm(2), uid(3)),
    ("live:patients", fm(2), uid(3), uid(9)),
    ("claim:appointments", fm(1), uid(4)),
    ("claim:documents", fm(3), uid(5)),
)
LINKS = frozenset({"id", "_kp_MessageID", "id_Contact", "id_Key", "id_key", "_kf_ContactID", "_kf_EventID"})
SCHEMAS = {table.name: schema_of(table.staged) for table in TABLES}


def garbage(entity: EntitySet, chance: random.Random) -> list[Record]:
    """Up to eight records of anything at all."""
    pools = {name: IDS if name in LINKS else WORDS for name in entity.names}
    return [{name: chance.choice(pool) for name, pool in pools.items()} for _ in range(chance.randrange(9))]


def check(staged: Staged, read: int, table: str) -> None:
    assert staged.read == read
    assert failures(SCHEMAS[table], staged.rows, "source_key").empty
    published = set(cells(staged, "source_key"))
    others = {key for key, _, reason in reasons(staged.rejects) if reason != "duplicate_id"}
    assert not published & others
    assert {key for key, _, reason in reasons(staged.warnings) if reason != "no_metadata"} <= published


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 10**9), st.one_of(st.none(), st.integers(0, 3)))
def test_every_source_row_is_accounted_for(seed: int, limit: int | None) -> None:
    chance = random.Random(seed)  # noqa: S311 - test data, not a secret
    contacts, details = garbage(filemaker.CONTACTS, chance), garbage(filemaker.CONTACT_DETAILS, chance)
    people = patients_of(*contacts, details=details, state=STATE, limit=limit)
    check(people, len(contacts), "patients")
    events = garbage(filemaker.EVENTS, chance)
    booked = appointments_of(*events, patients=people, state=STATE)
    check(booked, len(events), "appointments")
    written = garbage(filemaker.CLINICAL_NOTES, chance)
    check(notes_of(*written, patients=people, state=STATE), len(written), "notes")
    sent = garbage(filemaker.MESSAGES, chance)
    messages = messages_of(*sent, patients=people, appointments=booked, state=STATE)
    check(messages, len(sent), "sms_messages")
    docs = garbage(filemaker.DOCS, chance)
    check(documents_of(*docs, patients=people, state=STATE), len(docs), "documents")


def test_the_same_input_gives_the_same_rows() -> None:
    people: list[Record] = [{"id": fm(n), "nameFirst": "A", "DOB": "x"} for n in range(1, 5)]
    first, second = patients_of(*people, state=STATE), patients_of(*people[::-1], state=STATE)
    assert first.rows.equals(second.rows)
    assert first.warnings.equals(second.warnings)


def test_extracts_without_rows_are_no_trouble() -> None:
    empty = [patients_of(), appointments_of(), notes_of(), messages_of(), documents_of()]
    assert [staged.read for staged in empty] == [0] * 5


def test_a_transform_leaves_its_input_alone() -> None:
    contacts = extract(filemaker.CONTACTS, {"id": fm(1), "nameFirst": " A "})
    before = contacts.copy(deep=True)
    details, clinics = extract(filemaker.CONTACT_DETAILS), extract(filemaker.CLINICS)
    state: NexusState = state_of()
    stage_patients(contacts, details, clinics, state, AS_OF)
    pd.testing.assert_frame_equal(contacts, before)
