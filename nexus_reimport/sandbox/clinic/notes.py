"""API_Notes: clinical and other notes, the empty ones, and the dirt of their text."""

from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.chance import TODAY, Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.dirt import Dirt, DirtLedger, changing, mixed_case, setting, spread
from nexus_reimport.sandbox.clinic.figures import Figures, share
from nexus_reimport.sandbox.clinic.patients import People
from nexus_reimport.sandbox.clinic.words import paragraph

NOTE_TYPES: Final = (
    "Clinical Notes", "Clinical Notes", "Clinical Notes", "clinical", "Clinic Dates", "Order Notes",
    "Admin Notes", "Referral", "3D Scan Data", "Workshop Note", "Phone call", "", None, "Scan", "ADMIN",
    "Important date",
)  # fmt: skip
EMPTY_CONTENTS: Final = (
    None, "", " ", "\u0000", "\u000b", "\r\n \t", "\u0000\u000b \u0000", "\r\r", "\u00a0",
)  # fmt: skip
"""All that is left of these after cleaning is nothing."""
NBSP: Final = "\u00a0"
_FIRST_DAY: Final = date(2010, 3, 1)


def notes(figures: Figures, people: People, seed: int, scale: float, ledger: DirtLedger) -> list[Row]:
    """Return API_Notes' rows: kept ones and rejected ones, shuffled together."""
    chance = Chance(f"{seed}/notes")
    ids = [str(row["id"]).upper() for row in people.patients]
    kept = [_note(ids[chance.below(len(ids))], chance) for _ in range(figures.notes)]
    spread(kept, NOTE_DIRT, Chance(f"{seed}/note dirt"), scale, ledger)
    _same_text_twice(kept, share(60, scale), ledger)
    empty = [_empty_note(place, ids, chance) for place in range(figures.empty_notes)]
    strangers = _of_unknown_patients(figures, people, chance)
    for rows, reason in ((empty, "empty_content"), (strangers, "patient_not_found")):
        for row in rows:
            ledger.reject("notes", row["id"], reason)
    rows = [*kept, *empty, *strangers]
    chance.shuffle(rows)
    return rows


def _note(patient: str | None, chance: Chance) -> Row:
    return {
        "id": chance.identifier(),
        "id_Key": patient,
        "Date": chance.day(_FIRST_DAY, TODAY).isoformat() if chance.percent(85) else None,
        "Note": paragraph(chance, most=5),
        "Note Type": NOTE_TYPES[chance.below(len(NOTE_TYPES))],
        **record_stamps(chance),
    }


def _empty_note(place: int, ids: list[str], chance: Chance) -> Row:
    """Return a note without content; every tenth has no known patient either."""
    row = _note(chance.identifier() if place % 10 == 9 else ids[chance.below(len(ids))], chance)
    row["Note"] = EMPTY_CONTENTS[place % len(EMPTY_CONTENTS)]
    return row


def _of_unknown_patients(figures: Figures, people: People, chance: Chance) -> list[Row]:
    """Return notes of patients who are gone; the first are nameless contacts', every eighth is nobody's."""
    rows = [_note(chance.identifier(), chance) for _ in range(figures.notes_of_unknown_patients)]
    for row, nameless in zip(rows, people.nameless, strict=False):
        row["id_Key"] = nameless["id"]
    for row in rows[7::8]:
        row["id_Key"] = None if chance.percent(50) else ""
    return rows


def _same_text_twice(kept: list[Row], pairs: int, ledger: DirtLedger) -> None:
    """Make pairs of notes with one patient and one text; both are notes of their own."""
    spoilt = {key for keys in ledger.places.values() for key in keys}
    clean = [row for row in kept if str(row["id"]).lower() not in spoilt]
    for first, second in zip(clean[0 : 2 * pairs : 2], clean[1 : 2 * pairs : 2], strict=False):
        second["id_Key"], second["Note"] = first["id_Key"], first["Note"]
        ledger.note("same_text_twice", [first["id"], second["id"]])


def _with_nul(old: str) -> str:
    return f"{old[:10]}\u0000{old[10:]}\u0000"


def _with_carriage_returns(old: str) -> str:
    return old.replace(". ", ".\r") + "\rSeen by the desk.\r\n"


def _very_long(old: str) -> str:
    return "\n".join([old] * 300)


NOTE_DIRT: Final = (
    Dirt("nul_in_note", 40, changing("Note", _with_nul)),
    Dirt("vertical_tab_in_note", 60, changing("Note", lambda old: old.replace(". ", ".\u000b") + "\u000b")),
    Dirt("carriage_return_in_note", 200, changing("Note", _with_carriage_returns)),
    Dirt("very_long_note", 20, changing("Note", _very_long)),
    Dirt("emoji_in_note", 20, changing("Note", lambda old: f"👟 {old} 🦶🏽")),
    Dirt("right_to_left_note", 10, setting("Note", "ملاحظة عن حذاء أزرق.", "הערה על נעל כחולה.")),
    Dirt("spaces_around_note", 50, changing("Note", lambda old: f"  \n{old}\n\n ")),
    Dirt("mixed_case_patient_of_note", 100, changing("id_Key", mixed_case)),
    Dirt("mixed_case_note_id", 40, changing("id", mixed_case)),
    Dirt("note_without_account", 80, setting("creationAccountName", None, "")),
    Dirt(
        "no_break_spaces_in_note",
        40,
        changing("Note", lambda old: f"\u00a0{old.replace(' ', NBSP, 3)}\u00a0"),
    ),
    Dirt("note_of_a_number", 6, setting("Note", "38", "4152", "0")),
    Dirt("note_of_a_date", 6, setting("Note", "12/03/2019", "7/11/2021")),
)
