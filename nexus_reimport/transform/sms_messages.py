"""SMS messages, from FileMaker's messages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime

import orjson
import pandas as pd

from nexus_reimport.model.filemaker import MESSAGES
from nexus_reimport.model.nexus import APPOINTMENTS, SMS_MESSAGES
from nexus_reimport.model.reasons.every_table import LIMIT
from nexus_reimport.model.reasons.several_tables import NOT_A_CHOICE, PATIENT_NOT_FOUND, TOO_LONG
from nexus_reimport.model.reasons.sms_messages import (
    APPOINTMENT_NOT_FOUND,
    BAD_NUMBER,
    EMPTY_BODY,
    NO_NUMBER,
    SEVERAL_PATIENTS,
    WORDS_LEFT_OUT,
)
from nexus_reimport.transform import choices
from nexus_reimport.transform.adoption.candidates import candidates
from nexus_reimport.transform.adoption.rows_in_nexus import LivingMessage
from nexus_reimport.transform.adoption.sms_messages import AdoptableMessage, adopt_messages
from nexus_reimport.transform.adoption.texts import bare_digest, digest
from nexus_reimport.transform.extract_rows import ExtractRows, creation_instants, read_extract
from nexus_reimport.transform.identity import decide_ids
from nexus_reimport.transform.known_patients import KnownPatients, known_patients
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.phones import comparable_number, e164, leading_e164
from nexus_reimport.transform.staged import SOURCE_KEY, Accounting, Staged, column_texts

SINGLE_LENGTH = 160
PART_LENGTH = 153
NUMBER_LENGTH = SMS_MESSAGES.column("phone_number").length or 0
EXTERNAL_LENGTH = SMS_MESSAGES.column("external_message_id").length or 0

_NUMBER_FIELDS = ("RecipientPhoneMobileIntFormat", "RecipientPhoneMobile")
_SHARED = ""


def stage_sms_messages(
    messages: pd.DataFrame,
    patients: Staged,
    appointments: Staged,
    state: NexusState,
    as_of: datetime,  # noqa: ARG001 - all tables are staged by the same arguments; this one has no stamp
) -> Staged:
    """Return one message per FileMaker message that has a text and a number.

    Takes the extract frame, the staged patients and appointments, and the run's instant (aware). Rejects:
    bad_id, duplicate_id, empty_body, no_number, bad_number, limit. Where a limit left patients out, a
    message that only its number could link is rejected `limit`: the number may be theirs as well.
    """
    ledger = Accounting(SMS_MESSAGES)
    everything = read_extract(MESSAGES, messages, ledger)
    sent = _sent(everything, ledger)
    created = _created(everything, sent, ledger)
    known = known_patients(patients, state)
    numbers = _numbers(everything, ledger)
    kept = _kept(everything, known, numbers, ledger)
    texted = everything.take(kept)
    columns: dict[str, Sequence[object]] = {
        "phone_number": [numbers[place] for place in kept],
        "created_at": [created[place] for place in kept],
        "sent_at": [sent[place] for place in kept],
        "external_message_id": _external_ids(texted, ledger),
        **_text_columns(texted, ledger),
        "appointment_id": _appointments(texted, appointments, state, ledger),
    }
    columns["patient_id"] = _patients(texted, columns["phone_number"], known, patients, ledger)

    def adopted(places: Sequence[int], taken: Set[str]) -> Iterable[tuple[int, str]]:
        living = candidates(LivingMessage, known, state, taken)
        messages = _adoptable(texted.keys, columns, places) if living.rows else []
        return adopt_messages(messages, living).items()

    columns["id"] = decide_ids(texted.keys, state, ledger, (adopted,))
    constants = {"error_message": "", "notes": "", "retry_count": 0}
    return ledger.staged(texted.keys, columns, constants)


def _sent(messages: ExtractRows, ledger: Accounting) -> list[int | None]:
    found = messages.instants("SentTimestamp")
    for key, (_, reason) in zip(messages.keys, found, strict=True):
        if reason:
            ledger.warn(key, "sent_at", reason)
    return [moment for moment, _ in found]


def _created(messages: ExtractRows, sent: Sequence[int | None], ledger: Accounting) -> list[int]:
    """Return when each message was made, else when it was sent."""
    made = (moment for moment, _ in messages.instants("creationTimestamp"))
    preferred = [second if first is None else first for first, second in zip(made, sent, strict=True)]
    return creation_instants(messages, ledger, "created_at", preferred)


def _numbers(messages: ExtractRows, ledger: Accounting) -> list[str | None]:
    """Return each message's number as `phone_number` reads it, and warn of numbers among words."""
    given = zip(*(messages.texts(field) for field in _NUMBER_FIELDS), strict=True)
    read: dict[tuple[str, ...], tuple[str | None, bool]] = {}
    numbers = []
    for key, typed in zip(messages.keys, given, strict=True):
        if typed not in read:
            read[typed] = phone_number(*typed)
        number, is_part = read[typed]
        if is_part:
            ledger.warn(key, "phone_number", WORDS_LEFT_OUT)
        numbers.append(number)
    return numbers


def phone_number(*typed: str) -> tuple[str | None, bool]:
    """Return the number to keep, and whether words beside it were left out.

    The first valid number in E.164, else the first that fits as typed, else the first that a text begins
    with; "" if none was typed, None if none can be kept.
    """
    present = [text for text in typed if text]
    valid = (number for text in present if (number := e164(text)))
    fitting = (text for text in present if len(text) <= NUMBER_LENGTH)
    whole = next(valid, None) or next(fitting, None if present else "")
    if whole is not None:
        return whole, False
    leading = next((number for text in present if (number := leading_e164(text))), None)
    return leading, leading is not None


def _kept(
    messages: ExtractRows, known: KnownPatients, numbers: Sequence[str | None], ledger: Accounting
) -> list[int]:
    kept = []
    bodies, patients = messages.texts("MessageBody"), messages.ids("_kf_ContactID")
    rows = zip(messages.keys, bodies, numbers, patients, strict=True)
    for place, (key, body, number, patient) in enumerate(rows):
        if not body:
            ledger.reject(key, "MessageBody", EMPTY_BODY)
        elif not number:
            ledger.reject(key, "RecipientPhoneMobile", BAD_NUMBER if number is None else NO_NUMBER)
        elif known.cut and known.fault(patient):
            ledger.reject(key, "_kf_ContactID", LIMIT)
        else:
            kept.append(place)
    return kept


def _text_columns(texted: ExtractRows, ledger: Accounting) -> dict[str, Sequence[object]]:
    bodies = texted.texts("MessageBody")
    statuses = []
    for key, text in zip(texted.keys, texted.texts("MessageStatus"), strict=True):
        status = choices.sms_status(text)
        if text and status is None:
            ledger.warn(key, "status", NOT_A_CHOICE)
        statuses.append(status or "sent")
    return {"message": bodies, "status": statuses, "sms_count": [sms_count(body) for body in bodies]}


def sms_count(message: str) -> int:
    """Return how many parts a message is sent in: one up to 160 characters, else 153 in each."""
    return 1 if len(message) <= SINGLE_LENGTH else -(-len(message) // PART_LENGTH)


def _external_ids(texted: ExtractRows, ledger: Accounting) -> list[str]:
    """Return the gateway's ids; half an id is worse than none, so one that does not fit becomes empty."""
    external = texted.texts("_kf_GatewayMessageID")
    for key, text in zip(texted.keys, external, strict=True):
        if len(text) > EXTERNAL_LENGTH:
            ledger.warn(key, "external_message_id", TOO_LONG)
    return [text if len(text) <= EXTERNAL_LENGTH else "" for text in external]


def _appointments(
    texted: ExtractRows, appointments: Staged, state: NexusState, ledger: Accounting
) -> list[str | None]:
    """Return the appointment staged for each message's event, else the one living in Nexus."""
    ids = {key: living[0] for key, living in state.claims(APPOINTMENTS.name).items()}
    ids.update(_pairs(appointments, SOURCE_KEY, "id"))
    given = (texted.texts("_kf_EventID"), texted.ids("_kf_EventID"))
    found = []
    for key, text, event in zip(texted.keys, *given, strict=True):
        appointment = ids.get(event or "")
        if text and appointment is None:
            ledger.warn(key, "appointment_id", APPOINTMENT_NOT_FOUND)
        found.append(appointment)
    return found


def _patients(
    texted: ExtractRows, numbers: Sequence[object], known: KnownPatients, patients: Staged, ledger: Accounting
) -> list[str | None]:
    """Return each message's patient: by id, else by the number where just one patient has it, else None."""
    found = [known.find(patient) for patient in texted.ids("_kf_ContactID")]
    owners = number_owners(patients) if None in found else {}
    for place, key in enumerate(texted.keys):
        if found[place] is None:
            owner = owners.get(str(numbers[place]))
            found[place] = owner or None
            if not owner:
                reason = SEVERAL_PATIENTS if owner == _SHARED else PATIENT_NOT_FOUND
                ledger.warn(key, "patient_id", reason)
    return found


def number_owners(patients: Staged) -> dict[str, str]:
    """Return E.164 number to the one patient (UUID) who has it; "" where several have it."""
    owners: dict[str, str] = {}
    for patient, contact in _pairs(patients, "id", "contact_json"):
        typed = [one["number"] for one in orjson.loads(contact)["phones"]]
        numbers = {e164(text) or leading_e164(text) for text in typed}
        for number in numbers - {None}:
            owners[str(number)] = _SHARED if number in owners else patient
    return owners


def _pairs(staged: Staged, *columns: str) -> Iterator[tuple[str, str]]:
    first, second = (column_texts(staged.rows, column) for column in columns)
    return ((str(one), str(two)) for one, two in zip(first, second, strict=True))


def _adoptable(
    keys: Sequence[str], columns: Mapping[str, Sequence[object]], places: Sequence[int]
) -> list[AdoptableMessage]:
    """Return the messages at the places, as living rows are compared with them."""
    names = ("patient_id", "message", "phone_number", "external_message_id", "sent_at", "created_at")
    found = []
    for place in places:
        patient, message, number, gateway, sent, created = (columns[name][place] for name in names)
        found.append(
            AdoptableMessage(
                place=place,
                key=keys[place],
                patient=str(patient or ""),
                text=bare_digest(str(message)),
                number=digest(comparable_number(str(number))),
                gateway=str(gateway),
                sent=int(str(created if sent is None else sent)),
            )
        )
    return found
