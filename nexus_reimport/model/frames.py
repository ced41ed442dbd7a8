"""The frames that are neither extracts nor tables: files, thumbnails, rejects, the state, a plan's rows."""

from nexus_reimport.model.columns import Column, Frame

S3_LISTING = Frame(
    "files/s3_listing",
    (
        Column("key", "text", "The object's key.", distinct=True),
        Column("size", "bigint", "Exact bytes.", rules=("not_negative",)),
        Column("etag", "text", "The object's ETag, without quotes: changes when the content does."),
        Column("modified", "timestamptz", "When these bytes were first written, UTC."),
    ),
    is_ordered=False,
)

IMAGE_EXPORT = Frame(
    "files/image_csv",
    (
        Column("filemaker_id", "uuid", "FileMaker id of the image, lower case.", distinct=True),
        Column("contact", "uuid", "The patient: a FileMaker id or a Nexus UUID, lower case."),
        Column("recid", "text", "Name of the image's object, digits.", distinct=True, rules=("recid",)),
        Column("type", "text", "FileMaker's Type, trimmed; null where empty.", null=True, rules=("not_nul",)),
        Column(
            "name_of_file",
            "text",
            "FileMaker's Name_of_file, trimmed; null where empty.",
            null=True,
            rules=("not_nul",),
        ),
        Column(
            "export_date",
            "text",
            "FileMaker's NexusExportDate, trimmed; null where empty.",
            null=True,
            rules=("not_nul",),
        ),
        Column("date", "date", "The day taken.", null=True),
        Column(
            "line", "bigint", "Line of the file on which the row begins.", distinct=True, rules=("positive",)
        ),
    ),
)

_OF_A_THUMBNAIL = (
    Column(
        "width", "bigint", "Pixels across, as a viewer shows the original.", null=True, rules=("positive",)
    ),
    Column(
        "height", "bigint", "Pixels down, as a viewer shows the original.", null=True, rules=("positive",)
    ),
    Column("mime_type", "text", "Of the original's bytes, not its name.", null=True, rules=("mime_type",)),
    Column("thumbnail_key", "text", "The thumbnail's key.", null=True, rules=("not_nul",)),
    Column("thumbnail_size", "bigint", "Exact bytes of the thumbnail.", null=True, rules=("positive",)),
)
THUMBNAIL_FACTS = Frame(
    "thumbnails",
    (
        Column("key", "text", "The original's key.", distinct=True),
        Column("etag", "text", "The original's ETag when it was looked at."),
        *_OF_A_THUMBNAIL,
        Column(
            "fault",
            "text",
            "Reason code, null where there is a thumbnail.",
            null=True,
            rules=("reason_code",),
        ),
        Column(
            "warning", "text", "Code of what is amiss with a readable one.", null=True, rules=("reason_code",)
        ),
        Column("thumbnail_etag", "text", "The thumbnail's ETag, which proves its bytes.", null=True),
        Column("rules", "bigint", "By which rules it was looked at.", null=True),
    ),
    all_or=(tuple(column.name for column in _OF_A_THUMBNAIL), "fault"),
)

REJECTS = Frame(
    "rejects",
    (
        Column("table", "text", "Name of the staged table."),
        Column("key", "text", "FileMaker id of the source row, lower case."),
        Column(
            "field",
            "text",
            "FileMaker field of a reject or of a value that could not be read, else the column.",
        ),
        Column("reason", "text", "Reason code.", rules=("reason_code",)),
    ),
    is_ordered=False,
)

NEXUS_STATE = Frame(
    "nexus_state",
    (
        Column("kind", "text", "What is known: a clinic, an identity, a claim, …", rules=("state_kind",)),
        Column("key", "text", "What it is found by: an id, a name or a digest."),
        Column("id", "text", "Id of the row in Nexus."),
        Column(
            "detail", "text", "A living patient's clinic; a name; what else a row is compared by.", null=True
        ),
    ),
    is_ordered=False,
)

TOUCHED_ROWS = Frame(
    "plan",
    (
        Column("table", "text", "The published table."),
        Column("id", "text", "The row's UUID in Nexus."),
        Column("action", "text", "insert, update, archive, delete, or digest: only our own note."),
        Column("before", "text", "A digest of the row as it is; null where it isn't.", null=True),
    ),
)
