"""Patients, from FileMaker's contacts and their details."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pandas as pd

from nexus_reimport.model.filemaker import CONTACTS
from nexus_reimport.model.nexus import PATIENTS
from nexus_reimport.model.reasons.every_table import LIMIT
from nexus_reimport.model.reasons.patients import (
    BLANK_NAME,
    DOB_OUT_OF_RANGE,
    NO_NAME,
    UNKNOWN_FUNDING,
    UNKNOWN_FUNDING_SOURCE,
)
from nexus_reimport.model.reasons.several_tables import BAD_DATE, NOT_A_CHOICE, TOO_LONG, UNKNOWN_CLINIC
from nexus_reimport.transform import choices
from nexus_reimport.transform.clinics import ClinicFinder, clinic_names
from nexus_reimport.transform.column_values import cut, days, looked_up, nullable
from nexus_reimport.transform.contact_details import ContactCard, contact_cards
from nexus_reimport.transform.dates import day, iso_utc, microseconds, possible_days
from nexus_reimport.transform.extract_rows import ExtractRows, creation_instants, read_extract
from nexus_reimport.transform.identity import decide_ids
from nexus_reimport.transform.mappings import NOTHING_SAID, Mappings
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting, Staged
from nexus_reimport.transform.text import canonical_json, flag

_BEFORE_CHRIST = ("-", "0000-")
_FUNDING_SOURCE_LENGTH = PATIENTS.column("funding_source").length or 0
_HEALTH_NUMBER_LENGTH = PATIENTS.column("health_number").length or 0

_METADATA_FIELDS = {
    "xero_contact_id": "_kf_XeroContactID",
    "contact_type": "contactType",
    "area": "Area",
    "funding": "Funding",
    "cys_id": "CYS_ID",
}
# What Nexus's linker of coordinators reads. It takes every patient who has the block, and fails on one in it
# without a name.
_NDIS_FIELDS = {
    "coordinator_name": "NDIS Coordinator Name",
    "coordinator_email": "NDIS Coordinator Email",
    "coordinator_phone": "NDIS Coordinator Phone",
    "plan_start_date": "NDIS Plan Start Date",
    "plan_end_date": "NDIS Plan End Date",
    "notes": "NDIS notes",
}
# Where these are kept without a coordinator; the dates have columns.
_WITHOUT_COORDINATOR = {
    "ndis_coordinator_phone": "coordinator_phone",
    "ndis_coordinator_email": "coordinator_email",
    "ndis_notes": "notes",
}
_INITIAL = {"emergency_json": "{}", "flags_json": "{}", "plan_dates_json": "[]", "archived": False}


def stage_patients(
    contacts: pd.DataFrame,
    contact_details: pd.DataFrame,
    filemaker_clinics: pd.DataFrame,
    state: NexusState,
    as_of: datetime,
    limit: int | None = None,
    mappings: Mappings = NOTHING_SAID,
) -> Staged:
    """Return one patient per contact that has a name.

    Takes the extract frames of the same names and the run's instant (aware). With a limit only the first
    so many contacts by id are staged, the others are rejected `limit`. `mappings` lead from FileMaker's names
    to Nexus's. Rejects: bad_id, duplicate_id, no_name, limit.
    """
    ledger = Accounting(PATIENTS)
    everybody = read_extract(CONTACTS, contacts, ledger)
    created = creation_instants(everybody, ledger, "created_at")
    kept = _kept(everybody, limit, ledger)
    people = everybody.take(kept)
    cards = contact_cards(contact_details, set(people.keys), ledger)
    finder = ClinicFinder(clinic_names(filemaker_clinics), state, mappings)
    columns: dict[str, Sequence[object]] = {
        "id": decide_ids(people.keys, state, ledger),
        "created_at": [created[place] for place in kept],
        **_personal_columns(people, as_of, mappings.blank_name, ledger),
        "clinic_id": _clinics(people, finder, ledger),
        **_funding_columns(people, state, mappings, ledger),
        **_card_columns(people.keys, cards),
        "filemaker_metadata": _metadata(people, finder.names, as_of),
    }
    return ledger.staged(people.keys, columns, {"updated_at": microseconds(as_of), **_INITIAL})


def _kept(people: ExtractRows, limit: int | None, ledger: Accounting) -> list[int]:
    kept: list[int] = []
    names = zip(people.keys, people.texts("nameFirst"), people.texts("nameLast"), strict=True)
    for place, (key, first, last) in enumerate(names):
        if not first and not last:
            ledger.reject(key, "nameLast", NO_NAME)
        elif limit is not None and len(kept) >= limit:
            ledger.reject(key, "id", LIMIT)
        else:
            kept.append(place)
    return kept


def _personal_columns(
    people: ExtractRows, as_of: datetime, blank_name: str, ledger: Accounting
) -> dict[str, Sequence[object]]:
    def short(field: str, column: str) -> list[str]:
        return cut(people.keys, people.texts(field), column, ledger)

    def name(field: str, column: str) -> list[str]:
        return _names(people.keys, short(field, column), column, blank_name, ledger)

    return {
        "first_name": name("nameFirst", "first_name"),
        "last_name": name("nameLast", "last_name"),
        "middle_names": nullable(short("nameMiddle", "middle_names")),
        "coordinator_name": nullable(short("NDIS Coordinator Name", "coordinator_name")),
        "dob": _births(people, as_of, ledger),
        "sex": _sexes(people, ledger),
        "title": looked_up(
            people.keys, people.texts("title"), choices.title, ("title", NOT_A_CHOICE), ledger
        ),
        "health_number": _health_numbers(people, ledger),
        "ndis_plan_start_date": days(people, "NDIS Plan Start Date", "ndis_plan_start_date", ledger),
        "ndis_plan_end_date": days(people, "NDIS Plan End Date", "ndis_plan_end_date", ledger),
    }


def _names(
    keys: Sequence[str], names: Sequence[str], column: str, blank_name: str, ledger: Accounting
) -> list[str]:
    """Return the names; one that FileMaker lacks is warned of, `blank_name`.

    Nexus takes no patient back, from its page or its admin, one of whose names is blank.
    """
    for key, name in zip(keys, names, strict=True):
        if not name:
            ledger.warn(key, column, BLANK_NAME)
    return [name or blank_name for name in names]


def _births(people: ExtractRows, as_of: datetime, ledger: Accounting) -> list[object]:
    """Return dates of birth between 1850 and the run's day in Sydney; others are null and warned of."""
    first, last = possible_days(as_of)
    births: list[object] = []
    for key, text in zip(people.keys, people.texts("DOB"), strict=True):
        born = day(text)
        possible = born is not None and first <= born <= last
        if text and not possible:
            is_a_day = born is not None or text.startswith(_BEFORE_CHRIST)
            ledger.warn(key, "dob", DOB_OUT_OF_RANGE if is_a_day else BAD_DATE)
        births.append(born if possible else None)
    return births


def _sexes(people: ExtractRows, ledger: Accounting) -> list[str | None]:
    found = [choices.sex(text) for text in people.texts("gender")]
    for key, (_, is_known) in zip(people.keys, found, strict=True):
        if not is_known:
            ledger.warn(key, "sex", NOT_A_CHOICE)
    return [sex for sex, _ in found]


def _health_numbers(people: ExtractRows, ledger: Accounting) -> list[str | None]:
    """Return health numbers that fit; half a number is worse than none, so a longer one becomes null."""
    texts = people.texts("Health Number")
    return looked_up(people.keys, texts, _fitting, ("health_number", TOO_LONG), ledger)


def _fitting(health_number: str) -> str | None:
    return health_number if len(health_number) <= _HEALTH_NUMBER_LENGTH else None


def _clinics(people: ExtractRows, finder: ClinicFinder, ledger: Accounting) -> list[str | None]:
    clinics = []
    given = zip(people.keys, people.texts("id_Clinic"), people.texts("Clinic_Name"), strict=True)
    for key, clinic_id, name in given:
        found = finder.find(clinic_id, name)
        if found is None and (clinic_id or name):
            ledger.warn(key, "clinic_id", UNKNOWN_CLINIC)
        clinics.append(found)
    return clinics


def _funding_columns(
    people: ExtractRows, state: NexusState, mappings: Mappings, ledger: Accounting
) -> dict[str, Sequence[object]]:
    """Return the funding type, by name, and the name by which pages and invoices know who pays."""

    def source(text: str) -> str | None:
        found = state.custom_funding_source(mappings.named("funding", text) or text)
        return found if found and len(found) <= _FUNDING_SOURCE_LENGTH else None

    keys, texts = people.keys, people.texts("Funding")
    return {
        "funding_type_id": looked_up(
            keys, texts, state.funding_source, ("funding_type_id", UNKNOWN_FUNDING), ledger
        ),
        "funding_source": looked_up(keys, texts, source, ("funding_source", UNKNOWN_FUNDING_SOURCE), ledger),
    }


def _card_columns(keys: Sequence[str], cards: Mapping[str, ContactCard]) -> dict[str, Sequence[object]]:
    nobody = ContactCard()
    ordered = [cards.get(key, nobody) for key in keys]
    return {
        "contact_json": [canonical_json(card.contact()) for card in ordered],
        "address_json": [canonical_json(card.address()) for card in ordered],
    }


def _metadata(people: ExtractRows, names: Mapping[str, str], as_of: datetime) -> list[str]:
    """Return what FileMaker knows and Nexus has no column for, and the originals of what did not fit.

    What FileMaker does not say is left out: Nexus's own commands stop at a null. The id is as FileMaker
    writes it, since they compare it so.
    """
    stamp = {"imported_at": iso_utc(as_of), "import_source": "filemaker"}
    rows = zip(
        people.texts("id"),
        _clinics_of(people, names),
        _columns_of(people, _METADATA_FIELDS),
        map(_ndis, _columns_of(people, _NDIS_FIELDS)),
        map(flag, people.texts("Diabetes")),
        _originals(people),
        strict=True,
    )
    return [
        canonical_json(
            {"filemaker_id": key, **clinic, **fields, **ndis, "diabetes": diabetes, **originals, **stamp}
        )
        for key, clinic, fields, ndis, diabetes, originals in rows
    ]


def _columns_of(people: ExtractRows, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """Return by patient the texts of some fields, under other names; those that are empty are left out."""
    columns = {name: people.texts(field) for name, field in fields.items()}
    return [
        {name: texts[place] for name, texts in columns.items() if texts[place]}
        for place in range(len(people.keys))
    ]


def _ndis(values: Mapping[str, str]) -> dict[str, object]:
    if "coordinator_name" in values:
        return {"ndis": {name: values.get(name, "") for name in _NDIS_FIELDS}}
    return {name: values[field] for name, field in _WITHOUT_COORDINATOR.items() if field in values}


def _clinics_of(people: ExtractRows, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the clinic's name, or FileMaker's id of a clinic that has none."""
    found = []
    for name, clinic_id in zip(people.texts("Clinic_Name"), people.texts("id_Clinic"), strict=True):
        known = name or names.get(clinic_id.lower())
        unnamed = {"id_clinic": clinic_id} if clinic_id else {}
        found.append({"filemaker_clinic": known} if known else unnamed)
    return found


def _originals(people: ExtractRows) -> list[dict[str, str]]:
    """Return per patient the texts that fit no choice or no column."""
    originals: list[dict[str, str]] = [{} for _ in people.keys]
    for name, field, is_kept in _LOSSY:
        for place, text in enumerate(people.texts(field)):
            if text and not is_kept(text):
                originals[place][name] = text
    return originals


_LOSSY: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("title", "title", choices.title),
    ("gender", "gender", lambda text: choices.sex(text)[1]),
    ("health_number", "Health Number", _fitting),
)
