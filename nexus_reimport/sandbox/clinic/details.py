"""API_Contact_Details: phones, mobiles, emails and addresses, of patients and of people who are not ours."""

from dataclasses import dataclass, field
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.dirt import Dirt, DirtLedger, changing, mixed_case, setting, spread
from nexus_reimport.sandbox.clinic.figures import Figures, share
from nexus_reimport.sandbox.clinic.patients import People
from nexus_reimport.sandbox.clinic.phones import RESERVED_MOBILES, WAYS_TO_WRITE, PhoneBook, without_plus
from nexus_reimport.sandbox.clinic.words import SUBURBS, street

LABELS: Final = ("Home", "Work", "", "Home", "Velmora (mum)", "Tambix (neighbour)")
UNREADABLE_NUMBERS: Final = ("ask at the desk", "see file, two numbers there", "-")


@dataclass
class Directory:
    """The details' rows, and who has which mobile number (ten national digits)."""

    rows: list[Row] = field(default_factory=list)
    own_numbers: list[tuple[str, str]] = field(default_factory=list)
    """Number and patient id, where just one patient has the number."""
    family_numbers: list[str] = field(default_factory=list)
    book: PhoneBook = field(default_factory=PhoneBook)


def directory(figures: Figures, people: People, seed: int, scale: float, ledger: DirtLedger) -> Directory:
    """Return API_Contact_Details' rows and the numbers a message can be matched by."""
    found = Directory()
    chance = Chance(f"{seed}/details")
    _family_numbers(found, people, chance, ledger)
    for place, patient in enumerate(people.patients):
        _details_of_patient(found, place, patient, 4 * len(people.families), chance)
    for contact in people.nameless:
        found.rows.append(_phone(contact["id"], found.book.phone(), chance))
    _details_of_others(found, figures.details_of_others, chance, ledger, scale)
    while len(found.rows) < figures.details:
        patient = people.patients[chance.below(len(people.patients))]
        found.rows.append(_phone(patient["id"], found.book.phone(), chance))
    _spoil(found, seed, scale, ledger)
    return found


def _detail(owner: object, kind: str, chance: Chance) -> Row:
    return {
        "id": chance.identifier(),
        "id_key": owner,
        "type": kind,
        "Name": LABELS[chance.below(len(LABELS))],
        "ph": None,
        "Email default": None,
        "SMS Phone": None,
        "PhoneMobileIntFormat": None,
        "address 1": None,
        "address 2": None,
        "suburb": None,
        "state": None,
        "post code": None,
        "country": None,
        "Full Address one line": None,
        **record_stamps(chance),
    }


def _written(number: str, chance: Chance) -> str:
    return WAYS_TO_WRITE[chance.below(len(WAYS_TO_WRITE))](number)


def _phone(owner: object, number: str, chance: Chance) -> Row:
    return {**_detail(owner, "Phone", chance), "ph": _written(number, chance)}


def _mobile(owner: object, number: str, chance: Chance) -> Row:
    return {
        **_detail(owner, "Mobile", chance),
        "ph": _written(number, chance),
        "SMS Phone": 1,
        "PhoneMobileIntFormat": without_plus(number) if chance.percent(80) else None,
    }


def _email(owner: object, place: int, chance: Chance) -> Row:
    address = f"patient{place}@example.{'com' if chance.percent(70) else 'org'}"
    return {
        **_detail(owner, "Email", chance),
        "ph": address,
        "Email default": 1 if chance.percent(70) else None,
    }


def _address(owner: object, chance: Chance) -> Row:
    suburb, state, code = SUBURBS[chance.below(len(SUBURBS))]
    line = street(chance)
    return {
        **_detail(owner, "Address", chance),
        "address 1": line,
        "address 2": "Unit 2" if chance.percent(15) else None,
        "suburb": suburb,
        "state": state,
        "post code": code,
        "country": "Australia" if chance.percent(60) else None,
        "Full Address one line": f"{line}, {suburb} {state} {code}",
    }


def _family_numbers(found: Directory, people: People, chance: Chance, ledger: DirtLedger) -> None:
    """Give each family one number; the first families get the reserved mobiles' second half."""
    mobiles = list(RESERVED_MOBILES[len(RESERVED_MOBILES) // 2 :])
    for family in people.families:
        number = mobiles.pop() if mobiles else found.book.mobile()
        found.family_numbers.append(number)
        rows = [_mobile(member["id"], number, chance) for member in family]
        found.rows.extend(rows)
        ledger.note("number_shared_by_a_family", [row["id"] for row in rows])


def _details_of_patient(found: Directory, place: int, patient: Row, in_families: int, chance: Chance) -> None:
    """Add what a patient usually has; who lacks what goes by place, so that totals barely vary."""
    owner = patient["id"]
    if place >= in_families and place % 10 != 3:
        alone = place - in_families
        number = RESERVED_MOBILES[alone] if alone < len(RESERVED_MOBILES) // 2 else found.book.mobile()
        found.own_numbers.append((number, str(owner)))
        found.rows.append(_mobile(owner, number, chance))
    if place % 10 != 0:
        found.rows.append(_address(owner, chance))
    if place % 10 < 7:
        found.rows.append(_phone(owner, found.book.phone(), chance))
    if place % 20 > 2:
        found.rows.append(_email(owner, place, chance))


def _details_of_others(
    found: Directory, count: int, chance: Chance, ledger: DirtLedger, scale: float
) -> None:
    """Add rows of referrers and companies; a few have the number of one patient."""
    rows = [_phone(chance.identifier(), found.book.phone(), chance) for _ in range(count)]
    found.rows.extend(rows)
    ledger.note("detail_of_a_referrer_or_company", [row["id"] for row in rows])
    shared = [
        _mobile(chance.identifier(), found.own_numbers[place][0], chance)
        for place in range(0, 5 * min(share(15, scale), len(found.own_numbers) // 5), 5)
    ]
    found.rows.extend(shared)
    ledger.note("number_shared_with_a_referrer", [row["id"] for row in shared])


def _spoil(found: Directory, seed: int, scale: float, ledger: DirtLedger) -> None:
    chance = Chance(f"{seed}/detail dirt")
    phones = [row for row in found.rows if row["type"] == "Phone"]
    spread(phones, PHONE_DIRT, chance, scale, ledger)
    spread([row for row in found.rows if row["type"] == "Email"], EMAIL_DIRT, chance, scale, ledger)
    spread(found.rows, LABEL_DIRT, Chance(f"{seed}/label dirt"), scale, ledger)
    emails = [row for row in found.rows if row["type"] == "Email" and row["Email default"]]
    ledger.note("email_in_ph_with_default_flag", [row["id"] for row in emails])


def _over_long_number(row: Row, _chance: Chance) -> None:
    row["ph"] = f"{row['ph']} or, after six, {row['ph']}"


def _padded_email(row: Row, _chance: Chance) -> None:
    row["ph"] = f" {str(row['ph']).upper()} "


PHONE_DIRT: Final = (
    Dirt("mixed_case_owner_of_detail", 60, changing("id_key", mixed_case)),
    Dirt("over_long_phone", 8, _over_long_number),
    Dirt("unreadable_phone", 9, setting("ph", *UNREADABLE_NUMBERS)),
    Dirt("empty_phone", 20, setting("ph", None, "", " ")),
    Dirt("phone_type_in_other_case", 10, setting("type", "phone", "PHONE")),
)
LABEL_DIRT: Final = (Dirt("detail_without_label", 400, setting("Name", None)),)
"""Few enough that the clinic's first export, which failed on each such patient, has most of them."""
EMAIL_DIRT: Final = (
    Dirt("email_with_spaces", 20, _padded_email),
    Dirt("empty_email", 10, setting("ph", None, "")),
)
