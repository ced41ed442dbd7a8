"""Reasons of photographs' files: what their bytes are, and why S3 does not give them out."""

from nexus_reimport.model.reasons.reason import NOTHING, Reason, Use, reject, warning

EMPTY = Reason(
    "empty",
    "The file has nothing in it.",
    reject("images", "s3_key", "the file has no bytes", "The photograph's file has nothing in it."),
    Use(("refusal",), ("image_csv",), (), "an empty file"),
    advice="The file has no bytes. Upload it again from its source.",
)
NOT_AN_IMAGE = Reason(
    "not_an_image",
    "The file is not a picture, whatever its name says.",
    reject("images", "s3_key", "its bytes are not an image's, whatever its name says"),
    advice="The bytes are not those of an image, whatever the name says. Look at the file.",
)
TRUNCATED = Reason(
    "truncated",
    "Part of the picture is missing: the upload was cut short. Upload it again.",
    reject("images", "s3_key", "part of the picture is missing, whether or not the file has its end mark"),
    advice="Part of the picture is missing. Upload it again from its source.",
)
DAMAGED = Reason(
    "damaged",
    "The file is damaged and can't be opened. Upload it again from its source.",
    reject("images", "s3_key", "can't be decoded"),
    advice="The file contradicts itself and cannot be decoded. Upload it again from its source.",
)
TOO_LARGE = Reason(
    "too_large",
    "The picture is too large to be opened safely.",
    reject("images", "s3_key", "would need more memory or time than one picture may"),
    advice="It would need more memory or time than one picture may. Save a smaller copy of it.",
)
UNSUPPORTED = Reason(
    "unsupported",
    "A kind of picture that can't be read here. Save it as JPEG and upload it again.",
    reject(
        "images",
        "s3_key",
        "an image of a kind that is not read: AVIF, JPEG 2000, JPEG XL, PSD, ICO, WMF",
    ),
    advice="A kind of image that is not read here. Save it as JPEG or PNG.",
)
# What a picture's own bytes may be the reason of.
UNREADABLE_PICTURES = (EMPTY, NOT_AN_IMAGE, TRUNCATED, DAMAGED, TOO_LARGE, UNSUPPORTED)

NO_END_MARKER = Reason(
    "no_end_marker",
    "The photograph is whole, though its file stops before the mark at its end.",
    warning("images", "s3_key", "the picture is whole, but the file stops before its end mark"),
    advice=NOTHING,
)

ARCHIVED = Reason(
    "archived",
    "The file lies in an archive. Restore it in the file store; then the next full run takes it.",
    reject("images", "s3_key", "in an archive class of S3 (Glacier)"),
    advice="Restore it in S3, then run again.",
)
FORBIDDEN = Reason(
    "forbidden",
    "This one file may not be read with our key. Allow it in the file store.",
    reject("images", "s3_key", "this one may not be read, others may"),
    advice="Look at its own rights in S3.",
)
ENCRYPTION_DENIED = Reason(
    "encryption_denied",
    "The file is encrypted with a key that may not be used. Allow it in the file store.",
    reject("images", "s3_key", "the key it is encrypted with may not be used, or is disabled"),
    advice="Give the AWS key the right `kms:Decrypt`.",
)
UNUSABLE_KEY = Reason(
    "unusable_key",
    "The file's name in the file store can't be used. Give it another one there.",
    reject("images", "s3_key", "`//`, `./`, `../`, a control character, or too long"),
    advice="Give it another key.",
)
REFUSED = Reason(
    "refused",
    "The file store would not give out this one file. Look at it there.",
    reject("images", "s3_key", "S3 will not give out this one, or a page for people came in its place"),
    advice="Look at it in S3.",
)
GONE = Reason(
    "gone",
    "The file was deleted while the run went on.",
    reject("images", "s3_key", "deleted after it was listed"),
    advice=NOTHING,
)
# Its bytes are not those that were listed: what the listing says of it is not true of them.
CHANGED_MEANWHILE = Reason(
    "changed_meanwhile",
    "The file was replaced while the run went on; the next run reads the new one.",
    reject("images", "s3_key", "replaced after it was listed; the next run lists and reads the new one"),
    advice="Run again.",
)
