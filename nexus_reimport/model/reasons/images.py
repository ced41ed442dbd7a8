"""Reasons of photographs: rows of the image export, objects without one, and thumbnails that are missing."""

from nexus_reimport.model.reasons.reason import IMAGE_CSV, IN_THE_EXPORT, Reason, Use, reject, warning

MATERIALIZE_THUMBNAILS = "Materialize `thumbnails`; the next full run does."


def _of_a_row(field: str, meaning: str) -> Use:
    """Return the use of a row of the export: a reject, and a warning where the row has no object."""
    return Use(("reject", "warning"), (IMAGE_CSV, "images"), (field,), meaning)


BAD_RECID = Reason(
    "bad_recid",
    "In the image export, the row's number is not a number.",
    _of_a_row("recid", "not digits; the key is the line"),
    advice=IN_THE_EXPORT,
)
DUPLICATE_RECID = Reason(
    "duplicate_recid",
    "In the image export, two different rows have the same number.",
    _of_a_row("recid", "rows of this recid differ"),
    advice=IN_THE_EXPORT,
)
NO_CONTACT = Reason(
    "no_contact",
    "In the image export, the row names no patient.",
    _of_a_row("id_Contact", "the row names no patient"),
    advice=IN_THE_EXPORT,
)
BAD_CONTACT = Reason(
    "bad_contact",
    "In the image export, the patient's id is not a proper id.",
    _of_a_row("id_Contact", "neither a FileMaker id nor a UUID"),
    advice=IN_THE_EXPORT,
)
NO_OBJECT = Reason(
    "no_object",
    "The image export has a row, but the photograph is not in the file store.",
    warning("images", "s3_key", "a row without an object; the key is the recid"),
    advice="Copy the photograph to S3.",
)
SEVERAL_OBJECTS = Reason(
    "several_objects",
    "Another file of the same name is the photograph.",
    reject("images", "recid", "another object of that name is the image: the first by key that can be read"),
    advice="Look at the others in S3 where the first is wrong.",
)
NO_THUMBNAIL = Reason(
    "no_thumbnail",
    "No small picture was made yet. The next full run makes it.",
    reject("images", "s3_key", "not looked at yet"),
    advice=MATERIALIZE_THUMBNAILS,
)
STALE_THUMBNAIL = Reason(
    "stale_thumbnail",
    "The photograph changed after its small picture was made. The next full run mends it.",
    reject("images", "s3_key", "the object has changed since"),
    advice=MATERIALIZE_THUMBNAILS,
)
SHARED_THUMBNAIL = Reason(
    "shared_thumbnail",
    "Another photograph would have its small picture under the same name.",
    reject("images", "s3_key", "another object's thumbnail lies under the same key"),
    advice="Give one of the two another name in S3.",
)
THUMBNAIL_TO_MAKE = Reason(
    "thumbnail_to_make",
    "No small picture was made yet. A run that publishes makes it.",
    warning(
        "images", "s3_thumbnail_key", "not looked at yet: a plan counts it, a publication does not take it"
    ),
    advice=MATERIALIZE_THUMBNAILS,
)
NO_BATCH = Reason(
    "no_batch",
    "Its group of photographs was deleted in Nexus and stays gone, or is not ready; then the "
    "next full run mends it.",
    reject("images", "s3_key", "its batch was deleted in Nexus and stays gone, or is not staged"),
    advice="Materialize `staged/image_batches` where it is not staged.",
)
DATE_OUT_OF_RANGE = Reason(
    "date_out_of_range",
    "The photograph's date is before 1850 or in the future; it was left empty.",
    warning(
        "images",
        "date_taken",
        "before 1850 or after the run's day: null, and the batch is `Unknown Date`",
    ),
    advice=IN_THE_EXPORT,
)
