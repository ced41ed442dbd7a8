"""API_Contacts: patients, the few contacts without a name, and the dirt of both."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.chance import TODAY, Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.configuration import FUNDING_NAMES, Configuration
from nexus_reimport.sandbox.clinic.dirt import DirtLedger, spread
from nexus_reimport.sandbox.clinic.figures import Figures
from nexus_reimport.sandbox.clinic.patient_dirt import PATIENT_DIRT, duplicate_of
from nexus_reimport.sandbox.clinic.words import first_name, last_name

NAMELESS: Final = ((None, None), ("", ""), ("  ", None))
GENDERS: Final = (
    "Female", "Male", "F", "M", "female", "male", "Woman", "Man", "Other", "Non-binary", "X", "", None,
    "FEMALE ",
)  # fmt: skip
_TITLES: Final = ("Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", None)
CONTACT_TYPES: Final = ("Patient", "Patient", "Client")
_FIRST_BIRTH: Final = date(1925, 1, 1)


@dataclass(frozen=True)
class People:
    """The contacts' rows and who among them a correct import stages."""

    rows: list[Row]
    patients: list[Row]
    nameless: list[Row]
    families: list[list[Row]]


def people(figures: Figures, setup: Configuration, seed: int, scale: float, ledger: DirtLedger) -> People:
    """Return API_Contacts' rows; the nameless stand among the others."""
    chance = Chance(f"{seed}/patients")
    patients = [_contact(place, setup, chance) for place in range(figures.patients)]
    families = _families(patients, figures.families)
    spread(patients[4 * len(families) :], PATIENT_DIRT, Chance(f"{seed}/patient dirt"), scale, ledger)
    _duplicates(patients, 4 * len(families), ledger, scale)
    nameless = [_nameless(place, setup, chance) for place in range(figures.nameless_contacts)]
    for row in nameless:
        ledger.reject("patients", row["id"], "no_name")
    rows = [*patients, *nameless]
    chance.shuffle(rows)
    return People(rows=rows, patients=patients, nameless=nameless, families=families)


def _contact(place: int, setup: Configuration, chance: Chance) -> Row:
    clinic = setup.clinics[chance.below(len(setup.clinics))]
    born = chance.day(_FIRST_BIRTH, TODAY)
    return {
        "id": chance.identifier(),
        "title": _TITLES[chance.below(len(_TITLES))],
        "nameFirst": first_name(chance),
        "nameMiddle": first_name(chance) if chance.percent(30) else None,
        "nameLast": last_name(chance),
        "DOB": None if chance.percent(3) else born.isoformat(),
        "gender": GENDERS[place % len(GENDERS)],
        "Health Number": f"SYN-{chance.below(10**7):07d}" if chance.percent(60) else None,
        "contactType": CONTACT_TYPES[chance.below(len(CONTACT_TYPES))],
        "Area": None,
        "Funding": FUNDING_NAMES[chance.below(len(FUNDING_NAMES))] if chance.percent(85) else None,
        "id_Clinic": clinic["id"],
        "Clinic_Name": clinic["Name"],
        "_kf_XeroContactID": chance.row_id() if chance.percent(40) else None,
        **_plan(chance),
        "Diabetes": 1 if chance.percent(20) else None,
        "CYS_ID": f"CYS{chance.below(10**5):05d}" if chance.percent(5) else None,
        **record_stamps(chance),
    }


def _plan(chance: Chance) -> Row:
    if not chance.percent(30):
        return dict.fromkeys(
            (
                "NDIS Plan Start Date",
                "NDIS Plan End Date",
                "NDIS Coordinator Name",
                "NDIS Coordinator Phone",
                "NDIS Coordinator Email",
                "NDIS notes",
            )
        )
    start = chance.day(date(2019, 1, 1), TODAY)
    coordinator = first_name(chance)
    return {
        "NDIS Plan Start Date": start.isoformat(),
        "NDIS Plan End Date": start.replace(year=start.year + 1, day=min(start.day, 28)).isoformat(),
        "NDIS Coordinator Name": f"{coordinator} {last_name(chance)}",
        "NDIS Coordinator Phone": "02 7010 0000",
        "NDIS Coordinator Email": f"{coordinator.lower()}@example.org",
        "NDIS notes": "Plan managed." if chance.percent(50) else None,
    }


def _families(patients: list[Row], count: int) -> list[list[Row]]:
    """Give each group of four patients one last name; small clinics keep most of their patients single."""
    count = min(count, len(patients) // 16)
    groups = [patients[4 * place : 4 * place + 4] for place in range(count)]
    for group in groups:
        for row in group:
            row["nameLast"] = group[0]["nameLast"]
    return groups


def _duplicates(patients: list[Row], first: int, ledger: DirtLedger, scale: float) -> None:
    """Make pairs of records of one person: same name and birthday, two ids, both patients."""
    spoilt = {key for keys in ledger.places.values() for key in keys}
    clean = [row for row in patients[first:] if str(row["id"]).lower() not in spoilt]
    for original, copy in zip(clean[0:40:2], clean[1:40:2], strict=False):
        duplicate_of(original, copy)
        ledger.note("duplicate_contact", [original["id"], copy["id"]])
        if len(ledger.places["duplicate_contact"]) >= 40 * scale:
            break


def _nameless(place: int, setup: Configuration, chance: Chance) -> Row:
    row = _contact(place, setup, chance)
    row["nameFirst"], row["nameLast"] = NAMELESS[place % len(NAMELESS)]
    return row
