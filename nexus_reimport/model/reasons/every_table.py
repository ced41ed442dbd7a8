"""Reasons that a row of any table may have."""

from nexus_reimport.model.reasons.reason import IN_FILEMAKER, NOTHING, Reason, Use, reject, warning

BAD_ID = Reason(
    "bad_id",
    "The record's id in FileMaker is not a proper id.",
    reject("", "id, _kp_MessageID", "the row's id is no UUID"),
    Use(
        ("reject", "warning"),
        ("image_csv", "images"),
        ("id",),
        "the row's id is no UUID",
        "In the image export, the row of this photograph has an id that is not a proper one.",
    ),
    advice=IN_FILEMAKER,
)
DUPLICATE_ID = Reason(
    "duplicate_id",
    "Another record in FileMaker has the same id; the first one is used.",
    reject("", "id, _kp_MessageID", "another row has the same id"),
    Use(
        ("reject", "warning"),
        ("image_csv", "images"),
        ("id",),
        "another row has the same id; neither is used",
        "In the image export, two rows carry the same id, so neither can be trusted.",
    ),
    advice="Give one of the two records another id in FileMaker, or delete it there.",
)
LIMIT = Reason(
    "limit",
    "Left out on purpose: this run was limited to some patients.",
    reject("", "id, id_Contact, id_Key, _kf_ContactID", "left out by the run's limit"),
    reject("images", "id_Contact", "left out by the run's limit"),
    advice="Run without --limit to have all of them.",
)
DELETED_IN_NEXUS = Reason(
    "deleted_in_nexus",
    "Somebody deleted this in Nexus, and this run was told to leave it gone.",
    reject("", "id", "somebody deleted it in Nexus, and the run was told `deleted: stay`"),
    advice="To have it back, run with `--deleted TABLE=restore`.",
)
NO_TIMESTAMP = Reason(
    "no_timestamp",
    "Nothing says when the record was made; 1 January 2000 is used.",
    warning("", "created_at, uploaded_at", "nothing says when the row was made; 2000-01-01 is used"),
    advice=NOTHING,
)
UNREADABLE_VALUE = Reason(
    "unreadable_value",
    "FileMaker sent something that can't be read in place of a value; it was left empty.",
    Use(
        ("warning", "reject"),
        (),
        (),
        "FileMaker sent something that can't be read in place of a value; it is null. The field is "
        "FileMaker's ([filemaker.md](filemaker.md))",
    ),
    advice="Look at the field in FileMaker and type its value again.",
)
UNREADABLE_CHARACTER = Reason(
    "unreadable_character",
    "FileMaker sent a character that can't be read; a � stands in its place.",
    warning("", "", "a byte or half a character that no text can hold; � stands in its place"),
    advice="Look at the field in FileMaker and type the character again.",
)
CLAIMED_TWICE = Reason(
    "claimed_twice",
    "Several rows in Nexus say they are this record. One of them is kept up to date.",
    warning(
        "",
        "id",
        "several rows in Nexus carry this FileMaker id (patients, appointments, documents, images)",
    ),
    advice="Look at the others in Nexus, and delete what is too many.",
)
