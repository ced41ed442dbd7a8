"""Reasons of documents alone."""

from nexus_reimport.model.reasons.reason import Reason, reject, warning

NO_FILE = Reason(
    "no_file",
    "The record in FileMaker has no file in the file store.",
    reject("documents", "id", "S3 has no file for it"),
    advice="Copy the file to S3, or delete the record in FileMaker.",
)
SEVERAL_FILES = Reason(
    "several_files",
    "Several files have this id; the newest is used.",
    warning("documents", "s3_key", "more than one file has this id; the newest is taken"),
    advice="Look at the older ones in S3 where the newest is wrong.",
)
