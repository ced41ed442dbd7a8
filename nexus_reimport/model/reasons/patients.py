"""Reasons of patients alone."""

from nexus_reimport.model.reasons.reason import IN_FILEMAKER, Reason, reject, warning

NO_NAME = Reason(
    "no_name",
    "The contact has neither a first nor a last name.",
    reject("patients", "nameLast", "neither first nor last name"),
    advice=IN_FILEMAKER,
)
DOB_OUT_OF_RANGE = Reason(
    "dob_out_of_range",
    "The date of birth is before 1850 or in the future; it was left empty.",
    warning("patients", "dob", "before 1850 or in the future; null"),
    advice=IN_FILEMAKER,
)
UNKNOWN_FUNDING = Reason(
    "unknown_funding",
    "Nexus does not have the patient's funding source; it was left empty.",
    warning("patients", "funding_type_id", "no such funding source in Nexus; null"),
    advice="Make a funding source of that name in Nexus, or correct the name in FileMaker.",
)
UNKNOWN_FUNDING_SOURCE = Reason(
    "unknown_funding_source",
    "Nexus has no active funding source of that name; invoices will have none.",
    warning(
        "patients",
        "funding_source",
        "no such custom funding source is active in Nexus, or its name is over 50 characters; null",
    ),
    advice="Name it under `[funding]` in mappings.toml, or make one of that name in Nexus.",
)
BLANK_NAME = Reason(
    "blank_name",
    "FileMaker lacks one of the patient's names; a dash, or what the settings say, is used.",
    warning("patients", "first_name, last_name", "FileMaker has none; `-`, or what people say"),
    advice=IN_FILEMAKER,
)
UNKNOWN_DETAIL_TYPE = Reason(
    "unknown_detail_type",
    "A contact detail is no phone, mobile, email or address; it was kept as it is.",
    warning("patients", "contact_json", "a detail that is no phone, mobile, email or address"),
    advice="Give the detail one of these types in FileMaker.",
)
