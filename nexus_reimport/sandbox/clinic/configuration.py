"""The clinics as FileMaker has them, and the configuration that people have made in Nexus."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance, Row, record_stamps

CLINIC_NAMES: Final = (
    "Pebbleton", "Mossbucket", "Thistle Bay", "Kettle Flat", "Buttonvale", "Upper Spoon", "Lantern Hill",
    "Acorn Creek", "Copper Lane", "Willow Gate", "Ribbon Park",
)  # fmt: skip
KNOWN_BY_NAME: Final = ("Copper Lane", "Willow Gate")
"""Clinics that Nexus has without their FileMaker id."""
UNKNOWN_TO_NEXUS: Final = "Ribbon Park"
WITHOUT_FILEMAKER: Final = "Teapot House"
"""A clinic people made in Nexus; FileMaker knows nothing of it."""

CUSTOM_FUNDING: Final = {
    "NDIS": True, "Private": True, "DVA": True, "Medicare": True, "Health fund": True, "Aged Care": True,
    "Lamington drive": False,
}  # fmt: skip
"""What pages and invoices know of funding, by name, and whether it is active: one is in another case than in
FileMaker, and one is no more."""
FUNDING_NAMES: Final = ("NDIS", "Private", "DVA", "Medicare", "Health Fund", "Aged Care")
APPOINTMENT_TYPES: Final = ("Initial Assessment", "Fitting", "Review", "Shoe Repair", "Home Visit")
CLINICIAN_NAMES: Final = (
    "Ildwick Lampshade", "Bexenna Moss", "Thimpin Kettlegate", "Orouvia Spoon", "Quilesh Thornpocket",
    "Hobarde Fern",
)  # fmt: skip

_SET_UP = datetime(2024, 2, 5, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Configuration:
    """API_Clinic_Name rows, and Nexus's configuration rows by relation."""

    clinics: list[Row]
    nexus: dict[str, list[Row]]


def configuration(seed: int) -> Configuration:
    """Return both sides' configuration; it has the same size at any scale."""
    chance = Chance(f"{seed}/configuration")
    clinics = [_filemaker_clinic(name, chance) for name in CLINIC_NAMES]
    nexus_clinics = [_nexus_clinic(row, chance) for row in clinics]
    return Configuration(
        clinics=clinics,
        nexus={
            "clinics": nexus_clinics,
            "clinicians": [_clinician(name, nexus_clinics, chance) for name in CLINICIAN_NAMES],
            "funding_sources": [_funding_source(place, chance) for place in range(len(FUNDING_NAMES))],
            "custom_funding_sources": _custom_funding(Chance(f"{seed}/custom funding")),
            "appointment_types": [_appointment_type(name, chance) for name in APPOINTMENT_TYPES],
        },
    )


def _stamps() -> Row:
    return {"created_at": _SET_UP, "updated_at": _SET_UP}


def _filemaker_clinic(name: str, chance: Chance) -> Row:
    toggle = 1 if chance.percent(70) else None
    return {"id": chance.identifier(), "Name": name, "SMS Toggle": toggle, **record_stamps(chance)}


def _nexus_clinic(filemaker: Row, chance: Chance) -> Row:
    name = str(filemaker["Name"])
    without_id = name in KNOWN_BY_NAME or name == UNKNOWN_TO_NEXUS
    return {
        "id": chance.row_id(),
        "name": WITHOUT_FILEMAKER if name == UNKNOWN_TO_NEXUS else name,
        "abn": None,
        "phone": None,
        "email": "desk@example.org",
        "address_json": {},
        **_stamps(),
        "filemaker_id": None if without_id else str(filemaker["id"]).lower(),
        "color": "#3B82F6",
        "sms_reminder_template": None,
        "sms_reminders_enabled": True,
    }


def _clinician(name: str, clinics: list[Row], chance: Chance) -> Row:
    return {
        "id": chance.row_id(),
        "full_name": name,
        "credential": None,
        "email": f"{name.split()[0].lower()}@example.org",
        "phone": None,
        "role": "PEDORTHIST",
        "active": True,
        **_stamps(),
        "clinic_id": clinics[chance.below(len(clinics))]["id"],
        "professional_body_url": None,
        "registration_number": None,
        "signature_html": None,
        "signature_image": None,
        "user_id": None,
    }


def _funding_source(place: int, chance: Chance) -> Row:
    name = FUNDING_NAMES[place]
    code = name.upper().replace(" ", "_")
    return {"id": chance.row_id(), "name": name, "code": code, "active": True, "order": place, **_stamps()}


def _custom_funding(chance: Chance) -> list[Row]:
    return [
        {
            "id": chance.row_id(),
            "name": name,
            "reference_number": "",
            "display_format": "",
            "is_active": is_active,
            "notes": "",
            **_stamps(),
        }
        for name, is_active in CUSTOM_FUNDING.items()
    ]


def _appointment_type(name: str, chance: Chance) -> Row:
    return {
        "id": chance.row_id(),
        "name": name,
        "default_duration_minutes": 30,
        "is_active": True,
        **_stamps(),
    }
