"""Reasons of rows that are Nexus's own: taken out by a publication, or left there and told of."""

from nexus_reimport.model.reasons.reason import NOTHING, Reason, Use

_TABLES = ("patients", "appointments", "notes", "sms_messages", "documents", "image_batches", "images")

POINTS_AT_NOBODY = Reason(
    "points_at_nobody",
    "The row points at somebody or something that is not in Nexus.",
    Use(("removal",), ("images",), ("batch_id",), "an imported image of nobody that no metadata names"),
    Use(("finding",), _TABLES, (), "a row of people's that points at nobody: `status --unlinked`"),
    advice="Import an old backup that says who they were: `nexus-reimport identity import`.",
)
EMPTY_BATCH = Reason(
    "empty_batch",
    "An older import made this group of photographs, and none is left in it.",
    Use(("removal",), ("image_batches",), ("image_count",), "an imported batch without images"),
    advice=NOTHING,
)
GONE_FROM_FILEMAKER = Reason(
    "gone_from_filemaker",
    "The record is gone from FileMaker, and this run was told to remove it.",
    Use(("removal",), _TABLES, ("id",), "gone from FileMaker, and taken out by `on_missing: remove`"),
    advice="Roll the publication back where it was not meant.",
)
WITHOUT_PARTNER = Reason(
    "without_partner",
    "An older import made this row, and nothing in FileMaker stands behind it.",
    Use(
        ("removal",),
        _TABLES,
        ("id",),
        "of an older import, nothing in FileMaker stands behind it, and taken out by `older_imports: remove`",
    ),
    Use(("finding",), _TABLES, ("id",), "the same, left where it is: `status --left-over`"),
    advice="Say `--older-imports TABLE=stay` or `=remove`.",
)
DOUBLED = Reason(
    "doubled",
    "An older import made this row, and a row of ours says the same.",
    Use(
        ("finding",),
        _TABLES,
        ("id",),
        "of an older import; a row of ours says the same: `status --left-over`",
    ),
    advice="Take it out, or let it stay: `--older-imports TABLE=remove` or `=stay`.",
)
