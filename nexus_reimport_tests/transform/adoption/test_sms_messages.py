"""Which living message is which of FileMaker's: by the gateway's id, else by patient, text and the minute."""

from datetime import datetime, timedelta

import pytest

from nexus_reimport.transform.adoption.rows_in_nexus import LivingMessage
from nexus_reimport.transform.adoption.texts import bare_digest, digest
from nexus_reimport.transform.dates import microseconds
from nexus_reimport.transform.phones import comparable_number
from nexus_reimport_tests.transform.records import (
    Record,
    StateRow,
    cells,
    contact,
    fm,
    key,
    line,
    messages_of,
    patients_of,
    state_of,
    uid,
)

ANN = uid(1)
ALIVE: StateRow = ("claim:patients", key(1), ANN)
SENT = datetime.fromisoformat("2016-07-01T09:00:00+10:00")
TYPED, SERVICE = "0491 570 006", "61491570006"


def message(number: int, **fields: str | None) -> Record:
    return {
        "_kp_MessageID": fm(300 + number),
        "_kf_ContactID": fm(1),
        "MessageBody": "See you",
        "RecipientPhoneMobile": TYPED,
        "SentTimestamp": SENT.isoformat(),
        **fields,
    }


def row(
    number: int,
    seconds: int = 0,
    text: str = "See you",
    *,
    patient: str = ANN,
    phone: str = SERVICE,
    gateway: str = "",
) -> StateRow:
    """A message that Nexus sent so many seconds after FileMaker's."""
    return line(
        LivingMessage(
            id=uid(number),
            patient=patient,
            text=bare_digest(text),
            number=digest(comparable_number(phone)),
            gateway=gateway,
            sent=microseconds(SENT + timedelta(seconds=seconds)),
        )
    )


def adopted(messages: list[Record], *rows: StateRow) -> list[int | None]:
    """Return which row each message is, by number, None for a new one."""
    state = state_of(ALIVE, *rows)
    staged = messages_of(*messages, patients=patients_of(contact(1), state=state), state=state)
    numbers = {uid(number): number for number in range(200)}
    return [numbers.get(str(row_id)) for row_id in cells(staged, "id")]


@pytest.mark.parametrize(
    ("given_row", "expected"),
    [
        (row(3), 3),
        (row(3, 60), 3),
        (row(3, -60), 3),
        (row(3, 61), None),
        (row(3, -61), None),
        (row(3, text=" See\u00a0you\r\n"), 3),
        (row(3, text="See him"), None),
        (row(3, phone="0400 000 000"), 3),
        (row(3, patient=uid(2)), None),
        (row(3, patient=""), None),
        (row(3, gateway="gw-9"), 3),
    ],
)
def test_a_message_is_known_by_patient_text_and_minute(given_row: StateRow, expected: int | None) -> None:
    assert adopted([message(1)], given_row) == [expected]


def test_the_gateways_id_comes_first_and_is_compared_exactly() -> None:
    mine = message(1, _kf_GatewayMessageID=" gw-1")
    far = row(4, 90_000, "else", patient="", gateway="gw-1")
    assert adopted([mine], row(3), far) == [4]
    assert adopted([mine], row(3), row(4, text="else", gateway="GW-1")) == [3]


def test_a_row_with_another_id_at_the_gateway_is_another_message() -> None:
    assert adopted([message(1, _kf_GatewayMessageID="gw-1")], row(3, gateway="gw-2")) == [None]


def test_of_the_apps_two_rows_for_one_sms_the_one_with_the_gateways_id_is_the_message() -> None:
    pages, services = row(3, phone=TYPED), row(4, patient="", gateway="gw-1")
    assert adopted([message(1, _kf_GatewayMessageID="gw-1")], pages, services) == [4]
    assert adopted([message(1)], pages, services) == [3]


def test_of_several_rows_with_the_gateways_id_the_patients_own_comes_first() -> None:
    rows = (row(3, patient="", gateway="gw-1"), row(4, gateway="gw-1"))
    assert adopted([message(1, _kf_GatewayMessageID="gw-1")], *rows) == [4]
    twice = [message(n, _kf_GatewayMessageID="gw-1") for n in (1, 2)]
    assert adopted(twice, *rows) == [4, 3]


def test_a_message_of_nobody_needs_the_number_too() -> None:
    strangers = message(1, _kf_ContactID=None)
    assert adopted([strangers], row(3, patient="", phone="+61 491 570 006")) == [3]
    assert adopted([strangers], row(3, patient="", phone="0400 000 000")) == [None]
    assert adopted([strangers], row(3)) == [None]


def test_a_message_that_says_no_time_is_known_by_when_it_was_made() -> None:
    made = (SENT + timedelta(seconds=40)).isoformat()
    assert adopted([message(1, SentTimestamp=None, creationTimestamp=made)], row(3)) == [3]


def test_one_text_sent_twice_is_paired_by_time() -> None:
    later = (SENT + timedelta(seconds=30)).isoformat()
    both = [message(1, SentTimestamp=later), message(2)]
    assert adopted(both, row(3, 30), row(4)) == [3, 4]
    assert adopted(both, row(3, 25), row(4, 5)) == [3, 4]
    assert adopted(both, row(3, 30)) == [3, None]


def test_a_kept_identity_is_never_decided_again() -> None:
    assert adopted([message(1), message(2)], ("identity:sms_messages", key(302), uid(3)), row(3)) == [None, 3]
