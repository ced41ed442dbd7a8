"""SMS messages."""

import pytest

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import SMS_MESSAGES
from nexus_reimport.transform.identity import derived_id
from nexus_reimport.transform.sms_messages import phone_number, sms_count
from nexus_reimport_tests.transform.records import (
    Record,
    appointments_of,
    cell,
    cells,
    contact,
    fm,
    instants,
    key,
    messages_of,
    patients_of,
    reasons,
    seconds,
    state_of,
    uid,
)

PATIENT = derived_id("patients", key(1))
SENT = "2016-07-01T09:00:00+10:00"
SENT_AT = "1467327600000000"


def message(number: int, **fields: str | None) -> Record:
    return {
        "_kp_MessageID": fm(300 + number),
        "_kf_ContactID": fm(1),
        "MessageBody": "See you",
        "RecipientPhoneMobile": "0412 345 678",
        "SentTimestamp": SENT,
        **fields,
    }


def mobile(number: int, owner: int, ph: str) -> Record:
    return {"id": fm(500 + number), "id_key": fm(owner), "type": "Mobile", "ph": ph}


def test_a_filemaker_message_becomes_a_message() -> None:
    staged = messages_of(
        message(1, MessageStatus="Delivered", _kf_GatewayMessageID="gw-1", MessageBody=" a\rb ")
    )
    assert cell(staged, "id") == derived_id("sms_messages", key(301))
    assert cell(staged, "patient_id") == PATIENT
    assert cell(staged, "phone_number") == "+61412345678"
    assert cell(staged, "message") == "a\nb"
    assert cell(staged, "status") == "delivered"
    assert cell(staged, "external_message_id") == "gw-1"
    assert instants(staged, "sent_at") == ["2016-06-30T23:00:00+00:00"]
    assert seconds(staged, "created_at") == ["2016-10-14T00:02:28+00:00"]
    assert (cell(staged, "error_message"), cell(staged, "notes"), cell(staged, "retry_count")) == ("", "", 0)
    assert cell(staged, "cost") is None
    assert reasons(staged.warnings) == []
    assert failures(schema_of(SMS_MESSAGES.staged), staged.rows, "source_key").empty


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"MessageBody": None}, ("MessageBody", "empty_body")),
        ({"MessageBody": " \x00"}, ("MessageBody", "empty_body")),
        ({"RecipientPhoneMobile": None}, ("RecipientPhoneMobile", "no_number")),
        ({"RecipientPhoneMobile": " "}, ("RecipientPhoneMobile", "no_number")),
        ({"RecipientPhoneMobile": "ask Ada at the desk first"}, ("RecipientPhoneMobile", "bad_number")),
        ({"_kp_MessageID": "x1"}, ("_kp_MessageID", "bad_id")),
    ],
)
def test_a_message_without_text_or_number_is_rejected(
    fields: dict[str, str | None], expected: tuple[str, str]
) -> None:
    staged = messages_of(message(1, **fields))
    assert [(field, reason) for _, field, reason in reasons(staged.rejects)] == [expected]
    assert staged.read == 1


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("", ""), ("", False)),
        (("+61412345678", "0499999999"), ("+61412345678", False)),
        (("junk", "0412 345 678"), ("+61412345678", False)),
        (("", "x" * 20), ("x" * 20, False)),
        (("", "x" * 21), (None, False)),
        (("x" * 21, "12345"), ("12345", False)),
        (("", "0412 345 678 and others, too"), ("+61412345678", True)),
    ],
)
def test_the_number_is_in_e164_else_as_typed_where_it_fits(
    typed: tuple[str, str], expected: tuple[str | None, bool]
) -> None:
    assert phone_number(*typed) == expected


def test_the_international_form_comes_first() -> None:
    staged = messages_of(message(1, RecipientPhoneMobileIntFormat="+61499999999"))
    assert cell(staged, "phone_number") == "+61499999999"


def test_words_after_a_number_are_left_out_with_a_warning() -> None:
    staged = messages_of(message(1, RecipientPhoneMobile="0412 345 678 or the neighbour"))
    assert cell(staged, "phone_number") == "+61412345678"
    assert reasons(staged.warnings) == [(key(301), "phone_number", "words_left_out")]


PEOPLE = patients_of(
    contact(1),
    contact(2),
    contact(3),
    details=[
        mobile(1, 1, "(04) 12 345 678"),
        mobile(2, 1, "0412345678"),
        mobile(3, 2, "+61 499 999 999"),
        mobile(4, 3, "0499999999"),
        mobile(5, 3, "0411 111 111 ask for Jo"),
        mobile(6, 3, "junk"),
    ],
)


@pytest.mark.parametrize(
    ("link", "number", "patient", "warning"),
    [
        (fm(2).lower(), "0412 345 678", 2, None),
        (None, "0412 345 678", 1, None),
        (fm(9), "61412345678", 1, None),
        (None, "0411111111", 3, None),
        (None, "0499 999 999", None, "several_patients"),
        (None, "0488 888 888", None, "patient_not_found"),
        (fm(9), "0488 888 888", None, "patient_not_found"),
        (None, "junk", None, "patient_not_found"),
    ],
)
def test_the_patient_is_found_by_id_else_by_a_number_only_one_has(
    link: str | None, number: str, patient: int | None, warning: str | None
) -> None:
    staged = messages_of(message(1, _kf_ContactID=link, RecipientPhoneMobile=number), patients=PEOPLE)
    assert cell(staged, "patient_id") == (derived_id("patients", key(patient)) if patient else None)
    expected = [(key(301), "patient_id", warning)] if warning else []
    assert reasons(staged.warnings) == expected


def test_a_patient_living_in_nexus_only_is_linked_by_id() -> None:
    staged = messages_of(message(1, _kf_ContactID=fm(7)), state=state_of(("live:patients", key(7), uid(7))))
    assert cell(staged, "patient_id") == uid(7)


def test_under_a_limit_no_number_decides_whose_a_message_is() -> None:
    people = patients_of(contact(1), contact(2), details=[mobile(1, 1, "0412345678")], limit=1)
    staged = messages_of(
        message(1), message(2, _kf_ContactID=fm(2)), message(3, _kf_ContactID=None), patients=people
    )
    assert cells(staged, "source_key") == [key(301)]
    assert reasons(staged.rejects) == [
        (key(302), "_kf_ContactID", "limit"),
        (key(303), "_kf_ContactID", "limit"),
    ]


def test_the_appointment_is_found_by_its_event() -> None:
    booked = appointments_of({"id": fm(101), "id_Contact": fm(1), "startDate": "2016-07-01"})
    state = state_of(("claim:appointments", key(105), uid(5)), ("claim:appointments", key(101), uid(6)))
    staged = messages_of(
        message(1, _kf_EventID=fm(101).lower()),
        message(2, _kf_EventID=fm(102)),
        message(3),
        message(4, _kf_EventID=fm(105)),
        appointments=booked,
        state=state,
    )
    assert cells(staged, "appointment_id") == [derived_id("appointments", key(101)), None, None, uid(5)]
    assert reasons(staged.warnings) == [(key(302), "appointment_id", "appointment_not_found")]


@pytest.mark.parametrize(
    ("status", "expected", "warnings"),
    [(None, "sent", []), ("FAILED", "failed", []), ("Posted", "sent", ["not_a_choice"])],
)
def test_a_status_nobody_knows_is_sent(status: str | None, expected: str, warnings: list[str]) -> None:
    staged = messages_of(message(1, MessageStatus=status))
    assert cell(staged, "status") == expected
    assert [reason for _, _, reason in reasons(staged.warnings)] == warnings


@pytest.mark.parametrize(
    ("length", "parts"), [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)]
)
def test_a_message_has_one_part_up_to_160_characters_then_one_per_153(length: int, parts: int) -> None:
    assert sms_count("x" * length) == parts
    assert cell(messages_of(message(1, MessageBody="x" * length)), "sms_count") == parts


@pytest.mark.parametrize(
    ("text", "expected", "warnings"),
    [
        ("2016-07-01T09:00:00", ["2016-06-30T23:00:00+00:00"], []),
        ("2016-04-03T02:30:00", ["2016-04-02T15:30:00+00:00"], ["ambiguous_time"]),
        ("2016-10-02T02:30:00", ["2016-10-01T16:30:00+00:00"], ["nonexistent_time"]),
        ("just now", [], ["bad_timestamp"]),
        (None, [], []),
    ],
)
def test_sent_at_has_an_offset_or_is_sydney_time(
    text: str | None, expected: list[str], warnings: list[str]
) -> None:
    staged = messages_of(message(1, SentTimestamp=text))
    assert instants(staged, "sent_at") == expected
    assert reasons(staged.warnings) == [(key(301), "sent_at", reason) for reason in warnings]


def test_without_a_creation_timestamp_a_message_was_made_when_it_was_sent() -> None:
    changed = "2020-01-01T00:00:00Z"
    staged = messages_of(message(1, creationTimestamp=None, modificationTimestamp=changed))
    assert seconds(staged, "created_at") == ["2016-06-30T23:00:00+00:00"]


def test_a_gateway_id_that_does_not_fit_becomes_empty() -> None:
    assert cell(messages_of(message(1, _kf_GatewayMessageID="g" * 100)), "external_message_id") == "g" * 100
    longer = messages_of(message(1, _kf_GatewayMessageID="g" * 101))
    assert cell(longer, "external_message_id") == ""
    assert reasons(longer.warnings) == [(key(301), "external_message_id", "too_long")]
