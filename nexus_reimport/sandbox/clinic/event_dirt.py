"""What is wrong with some events: odd times of day, odd days, odd ids, odd text."""

from datetime import date, timedelta
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Chance, Row
from nexus_reimport.sandbox.clinic.dirt import Dirt, changing, mixed_case, setting

MIDNIGHTS: Final = ("24:00:00", "1 day, 0:00:00")
_YEARS: Final = range(2012, 2027)


def _first_sunday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7)


def gap_day(year: int) -> date:
    """Return the day of Sydney's missing hour, 02:00 to 03:00, when daylight saving begins."""
    return _first_sunday(year, 10)


def fold_day(year: int) -> date:
    """Return the day of Sydney's double hour, 02:00 to 03:00, when daylight saving ends."""
    return _first_sunday(year, 4)


def _move(row: Row, day: date, start: str, end: str) -> None:
    row["startDate"] = row["endDate"] = day.isoformat()
    row["startTime"], row["endTime"] = start, end


def _in_gap(row: Row, chance: Chance) -> None:
    _move(row, gap_day(_YEARS[chance.below(len(_YEARS))]), "02:30:00", "03:30:00")


def _in_fold(row: Row, chance: Chance) -> None:
    _move(row, fold_day(_YEARS[chance.below(len(_YEARS))]), "02:30:00", "03:30:00")


def _across_fold(row: Row, chance: Chance) -> None:
    _move(row, fold_day(_YEARS[chance.below(len(_YEARS))]), "01:45:00", "02:15:00")


def _starts_at_midnight(row: Row, chance: Chance) -> None:
    row["startTime"] = MIDNIGHTS[chance.below(len(MIDNIGHTS))]
    row["endDate"] = (date.fromisoformat(str(row["startDate"])) + timedelta(days=1)).isoformat()
    row["endTime"] = "00:30:00"


def _end_before_start(row: Row, _chance: Chance) -> None:
    row["startTime"], row["endTime"] = row["endTime"], row["startTime"]


def _end_day_before_start(row: Row, _chance: Chance) -> None:
    row["endDate"] = (date.fromisoformat(str(row["startDate"])) - timedelta(days=7)).isoformat()


def _all_day(row: Row, chance: Chance) -> None:
    row["allDay"] = "1"
    if chance.percent(60):
        row["startTime"] = row["endTime"] = None


def _without_times(row: Row, chance: Chance) -> None:
    row["startTime"] = row["endTime"] = None if chance.percent(70) else ""


def _without_end(row: Row, _chance: Chance) -> None:
    row["endDate"] = row["endTime"] = None


def _unknown_clinic(row: Row, chance: Chance) -> None:
    row["idCal"] = chance.identifier()


def _unknown_clinician(row: Row, chance: Chance) -> None:
    row["id_Clinician"] = chance.identifier()
    row["clinician_name"] = "Locum Long Gone"


def _clinician_by_loose_name(row: Row, _chance: Chance) -> None:
    row["id_Clinician"] = ""
    row["clinician_name"] = " ILDWICK lampshade "


def _control_characters(row: Row, _chance: Chance) -> None:
    row["note"] = "Bring both\u0000 shoes.\u000bUse the side door.\rRing twice."


def _blanks_and_line_ends(row: Row, chance: Chance) -> None:
    """Leave what a form and a paste leave around and between words."""
    kinds = (
        "  Bring the old pair. \r\n",
        "Left foot\r\nfirst.\r\n",
        "\u00a0Ring\u00a0before noon. ",
        "Wide last.\t\n\n",
    )
    row["note"] = kinds[chance.below(len(kinds))]


EVENT_DIRT: Final = (
    Dirt("start_in_daylight_saving_gap", 6, _in_gap),
    Dirt("start_in_daylight_saving_fold", 6, _in_fold),
    Dirt("end_in_daylight_saving_fold", 4, _across_fold),
    Dirt("start_at_end_of_day", 12, _starts_at_midnight),
    Dirt("end_at_24_00", 30, setting("endTime", "24:00:00")),
    Dirt("end_at_1_day", 20, setting("endTime", "1 day, 0:00:00")),
    Dirt("end_before_start", 25, _end_before_start),
    Dirt("end_day_before_start", 6, _end_day_before_start),
    Dirt("all_day", 300, _all_day),
    Dirt("no_times", 60, _without_times),
    Dirt("no_end", 80, _without_end),
    Dirt("mixed_case_patient_of_event", 100, changing("id_Contact", mixed_case)),
    Dirt("mixed_case_event_id", 40, changing("id", mixed_case)),
    Dirt("event_without_clinic", 200, setting("idCal", None, "")),
    Dirt("event_of_unknown_clinic", 60, _unknown_clinic),
    Dirt("unknown_clinician", 20, _unknown_clinician),
    Dirt("clinician_by_loose_name", 20, _clinician_by_loose_name),
    Dirt("unknown_event_type", 30, setting("Type", "Picnic", "Stocktake")),
    Dirt("event_type_in_other_case", 30, setting("Type", " fitting ", "REVIEW")),
    Dirt("unknown_event_status", 20, setting("Status", "Maybe", "??", " ")),
    Dirt("control_characters_in_event", 10, _control_characters),
    Dirt(
        "long_first_sentence", 40, changing("note", lambda old: ("Longer and longer insole talk " * 9) + old)
    ),
    Dirt("blanks_and_line_ends_in_event", 80, _blanks_and_line_ends),
    Dirt("start_without_seconds", 8, setting("startTime", "9:30", "14:15")),
)
UNLINKED_EVENT_DIRT: Final = (
    Dirt("unlinked_event_without_start", 40, setting("startDate", None)),
    Dirt("unlinked_all_day", 400, _all_day),
)
