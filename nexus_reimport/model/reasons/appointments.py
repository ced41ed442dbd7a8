"""Reasons of appointments alone."""

from nexus_reimport.model.reasons.reason import IN_FILEMAKER, Reason, reject, warning

NO_PATIENT_LINK = Reason(
    "no_patient_link",
    "The appointment names no patient.",
    reject("appointments", "id_Contact", "the event names no patient"),
    advice="Name the patient in FileMaker, where the event is an appointment.",
)
NO_START = Reason(
    "no_start",
    "The appointment has no start date.",
    reject("appointments", "startDate", "no start date"),
    advice=IN_FILEMAKER,
)
BAD_START = Reason(
    "bad_start",
    "The appointment's start can't be read.",
    reject("appointments", "startDate", "the start can't be read"),
    advice=IN_FILEMAKER,
)
END_BEFORE_START = Reason(
    "end_before_start",
    "The appointment ends before it starts; the start is used for both.",
    warning("appointments", "end_time", "the start is taken"),
    advice=IN_FILEMAKER,
)
BAD_END = Reason(
    "bad_end",
    "The appointment's end can't be read; the start is used for both.",
    warning("appointments", "end_time", "can't be read; the start is taken"),
    advice=IN_FILEMAKER,
)
NO_CLINIC = Reason(
    "no_clinic",
    "Neither the calendar nor the patient says which clinic. Nexus can't list a day with it.",
    warning(
        "appointments",
        "clinic_id",
        "the patient has none either; null, and the list of that day fails in Nexus",
    ),
    reject("appointments", "idCal", "the same, where the run holds such appointments back"),
    advice="Name a `default_clinic`, or the calendar's clinic, in mappings.toml.",
)
DEFAULT_CLINIC = Reason(
    "default_clinic",
    "Neither the calendar nor the patient says which clinic; the default is used.",
    warning("appointments", "clinic_id", "the patient has none either; the default clinic is taken"),
    advice="Name the calendar's clinic under `[clinics]` in mappings.toml where the default is wrong.",
)
UNKNOWN_CLINICIAN = Reason(
    "unknown_clinician",
    "Nexus does not have this clinician; it was left empty.",
    warning("appointments", "clinician_id", "no such clinician in Nexus; null"),
    advice="Name them under `[clinicians]` in mappings.toml.",
)
UNKNOWN_TYPE = Reason(
    "unknown_type",
    "Nexus does not have this type of appointment; it was left empty.",
    warning("appointments", "appointment_type_id", "no such type in Nexus; null"),
    advice="Name it under `[appointment_types]` in mappings.toml.",
)
ADOPTION_UNDECIDED = Reason(
    "adoption_undecided",
    "An older import's row in Nexus may be this record, or another. It was left alone.",
    warning(
        "appointments",
        "id",
        "a row of an older import may be this record or another's, so it was left alone",
    ),
    advice="Look at both in Nexus, and delete the one that is too many.",
)
