"""What is wrong with some contacts: names, titles, numbers, dates, clinics and funding."""

from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.configuration import KNOWN_BY_NAME
from nexus_reimport.sandbox.clinic.dirt import Dirt, changing, mixed_case, setting

ACCENTED: Final = ("Zoëmbra", "Ílduvia", "Çassbix", "Łumenna", "Ñarwick", "Ørotok", "Ae\u0301phelle")
APOSTROPHES: Final = ("O'Fernbottle", "D\u2019Lampwick", "Mc'Mossgate", "N'Spoonbloom")
EMOJI: Final = ("Pebmora 🦶", "Quilwick🌿", "👞 Tambix")
RIGHT_TO_LEFT: Final = ("زنبرك", "זנגולפין", "\u200fقمر")
_UNKNOWN_FUNDING: Final = ("Cake stall", "Lamington drive", "n/a")
DOTTED_TITLES: Final = ("Mr.", "Mrs.", "Dr.", "Prof.", "MS.", " miss ")
UNKNOWN_TITLES: Final = ("Captain", "Sir", "Master")


def _clinic_by_name_only(row: Row, chance: Chance) -> None:
    row["id_Clinic"] = None if chance.percent(50) else ""


def _clinic_id_unknown_name_known(row: Row, chance: Chance) -> None:
    row["id_Clinic"] = chance.identifier()
    row["Clinic_Name"] = f" {KNOWN_BY_NAME[0].upper()} "


def _clinic_unknown(row: Row, chance: Chance) -> None:
    row["id_Clinic"] = chance.identifier()
    row["Clinic_Name"] = "Closed Long Ago"


def _no_clinic(row: Row, chance: Chance) -> None:
    row["id_Clinic"] = row["Clinic_Name"] = None if chance.percent(50) else ""


def _leading_spaces(row: Row, _chance: Chance) -> None:
    row["nameFirst"] = f"  {row['nameFirst']} "
    row["nameLast"] = f"\t{row['nameLast']}"


def _over_long_name(row: Row, chance: Chance) -> None:
    name = "nameLast" if chance.percent(50) else "nameFirst"
    row[name] = "-".join([str(row[name])] * 12)
    row["nameMiddle"] = "Wrenobel " * 14


def duplicate_of(original: Row, copy: Row) -> None:
    """Make `copy` a second record of the same person; its id and stamps stay its own."""
    for name in ("title", "nameFirst", "nameMiddle", "nameLast", "DOB", "gender", "Health Number"):
        copy[name] = original[name]


PATIENT_DIRT: Final = (
    Dirt("mixed_case_contact_id", 50, changing("id", mixed_case)),
    Dirt("accented_name", 60, setting("nameFirst", *ACCENTED)),
    Dirt("apostrophe_name", 50, setting("nameLast", *APOSTROPHES)),
    Dirt("emoji_name", 6, setting("nameFirst", *EMOJI)),
    Dirt("right_to_left_name", 12, setting("nameFirst", *RIGHT_TO_LEFT)),
    Dirt("leading_spaces_in_name", 40, _leading_spaces),
    Dirt("over_long_name", 3, _over_long_name),
    Dirt("empty_first_name", 15, setting("nameFirst", None, "", " ")),
    Dirt("empty_last_name", 10, setting("nameLast", None, "", " ")),
    Dirt("title_with_dot", 300, setting("title", *DOTTED_TITLES)),
    Dirt("over_long_title", 6, setting("title", "The Right Honourable", "Professor Emerita")),
    Dirt("unknown_title", 12, setting("title", *UNKNOWN_TITLES)),
    Dirt("unknown_gender", 20, setting("gender", "Q", "Unknown", "not stated", "?")),
    Dirt("dob_in_1776", 1, setting("DOB", "1776-07-04")),
    Dirt("dob_in_2099", 2, setting("DOB", "2099-01-31")),
    Dirt("dob_with_two_digit_year", 2, setting("DOB", "0057-03-12")),
    Dirt("over_long_health_number", 4, changing("Health Number", lambda old: f"SYN-{'0123456789' * 6}{old}")),
    Dirt("clinic_by_name_only", 120, _clinic_by_name_only),
    Dirt("clinic_id_unknown_name_known", 30, _clinic_id_unknown_name_known),
    Dirt("clinic_unknown", 8, _clinic_unknown),
    Dirt("no_clinic", 15, _no_clinic),
    Dirt("mixed_case_clinic_id", 30, changing("id_Clinic", mixed_case)),
    Dirt("unknown_funding", 25, setting("Funding", *_UNKNOWN_FUNDING)),
    Dirt("funding_in_other_case", 80, setting("Funding", "ndis", " Private ", "dva", "AGED CARE")),
    Dirt("nul_in_text_of_contact", 2, setting("NDIS notes", "Plan\u0000managed.\u000bCall first.")),
    Dirt("over_long_coordinator_name", 1, setting("NDIS Coordinator Name", "Lumenna Ladderwheel " * 12)),
)
