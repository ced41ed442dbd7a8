"""Reasons that some tables share, though what follows from them may differ."""

from nexus_reimport.model.reasons.reason import IN_FILEMAKER, NOTHING, Reason, Use, reject, warning

PATIENT_NOT_FOUND = Reason(
    "patient_not_found",
    "The patient is neither in FileMaker nor in Nexus.",
    reject(
        "appointments",
        "id_Contact",
        "the patient is neither staged nor in Nexus",
        "The patient of this appointment is neither in FileMaker nor in Nexus.",
    ),
    reject(
        "notes",
        "id_Key",
        "the patient is neither staged nor in Nexus",
        "The patient this note belongs to is neither in FileMaker nor in Nexus.",
    ),
    warning(
        "sms_messages",
        "patient_id",
        "nobody has that id or that number; null",
        "Nobody has this id or number. The message is kept, without a patient.",
    ),
    warning(
        "documents",
        "object_id",
        "kept without a link",
        "The document's patient is not known. It is kept, without a patient.",
    ),
    reject(
        "images",
        "id_Contact",
        "the patient is neither staged nor in Nexus",
        "The patient this photograph belongs to is neither in FileMaker nor in Nexus.",
    ),
    advice="Correct the link in FileMaker, or bring the patient back there.",
)
BAD_DATE = Reason(
    "bad_date",
    "A date could not be read.",
    warning(
        "patients",
        "dob, ndis_plan_start_date, ndis_plan_end_date",
        "not a date; null",
        "A date could not be read and was left empty.",
    ),
    warning(
        "notes",
        "created_at",
        "the day can't be read; the creation time is taken",
        "The note's day could not be read; the time the note was made is used.",
    ),
    warning(
        "documents",
        "document_date",
        "can't be read; null",
        "The document's date could not be read and was left empty.",
    ),
    Use(
        ("reject", "warning"),
        ("image_csv", "images"),
        ("date",),
        "not a date",
        "In the image export, the date of this photograph is not a date.",
    ),
    advice=IN_FILEMAKER,
)
TOO_LONG = Reason(
    "too_long",
    "A text was longer than Nexus allows; it was cut or left empty.",
    # Whatever has a length may be cut: a new column need not be named here.
    warning("patients", "", "a name or another text: cut to the column's length"),
    warning("patients", "health_number", "does not fit; null, the original is in `filemaker_metadata`"),
    warning("notes", "", "the account's name or another text: cut to the column's length"),
    warning("sms_messages", "external_message_id", "does not fit; left empty"),
    warning("documents", "", "the file's name, the category or another text: cut to the column's length"),
    warning(
        "images",
        "",
        "the category, the file's name or another text: cut to the column's length",
        "A text was longer than Nexus allows and was cut.",
    ),
    advice="Shorten it in FileMaker where what was lost matters.",
)
NOT_A_CHOICE = Reason(
    "not_a_choice",
    "The value is none that Nexus knows; the usual one is used.",
    warning(
        "patients",
        "title, sex",
        "no such choice; title null, sex U",
        "The title or sex is none that Nexus knows; the original is kept beside it.",
    ),
    warning(
        "appointments",
        "status",
        "the status maps to no choice; decided by time",
        "The status is none that Nexus knows; it was decided by the date.",
    ),
    warning(
        "sms_messages",
        "status",
        "`sent` is taken",
        "The status is none that Nexus knows; the message counts as sent.",
    ),
    advice=IN_FILEMAKER,
)
UNKNOWN_CLINIC = Reason(
    "unknown_clinic",
    "Nexus does not have this clinic.",
    warning(
        "patients",
        "clinic_id",
        "neither id nor name is in Nexus; null",
        "Nexus does not have the patient's clinic; it was left empty.",
    ),
    warning(
        "appointments",
        "clinic_id",
        "the calendar is no clinic in Nexus; the patient's clinic is taken",
        "Nexus does not have the calendar's clinic; the patient's clinic is used.",
    ),
    advice="Name it under `[clinics]` in mappings.toml.",
)
AMBIGUOUS_TIME = Reason(
    "ambiguous_time",
    "The clock was turned back that day and the hour happened twice; the first is used.",
    warning("appointments", "start_time, end_time", "the hour occurs twice that day; the first is taken"),
    warning("sms_messages", "sent_at", "the hour occurs twice that day; the first is taken"),
    advice=NOTHING,
)
NONEXISTENT_TIME = Reason(
    "nonexistent_time",
    "The clock was turned forward and the hour never happened; it was moved on.",
    warning("appointments", "start_time, end_time", "the hour does not occur that day; moved on"),
    warning("sms_messages", "sent_at", "the hour does not occur that day; moved on"),
    advice=IN_FILEMAKER,
)
NO_METADATA = Reason(
    "no_metadata",
    "There is a file, but no record says whose it is.",
    warning(
        "documents",
        "s3_key",
        "a file in S3 has no record in FileMaker; left alone",
        "There is a file without a record in FileMaker. It was left alone.",
    ),
    reject(
        "images",
        "recid",
        "no row has this recid",
        "The photograph is in the file store, but the image export has no row for it, "
        "so nobody knows whose it is.",
    ),
    advice="Look whose it is; export the images again where the export is older than the file.",
)
KEY_TOO_LONG = Reason(
    "key_too_long",
    "The file's name is longer than Nexus allows.",
    reject("documents", "id", "the object's key does not fit the column"),
    reject("images", "s3_key", "the object's key, or its thumbnail's, does not fit the column"),
    advice="Give the file a shorter name in the file store.",
)
FILE_TOO_BIG = Reason(
    "file_too_big",
    "The file is bigger than Nexus can note down.",
    reject("documents", "id", "the size does not fit the column"),
    reject("images", "s3_key", "the size does not fit the column"),
    advice="Put a smaller copy in its place.",
)
