"""Checks of what was read: complete, of the expected shape, every id once. They stop what comes after."""

import dagster as dg
import pandas as pd

from nexus_reimport.model.filemaker import ENTITY_SETS, EntitySet
from nexus_reimport.model.frame_checks import schema_of
from nexus_reimport.model.frames import IMAGE_EXPORT, NEXUS_STATE, S3_LISTING, THUMBNAIL_FACTS
from nexus_reimport.orchestration.checks.factory import Check, Evidence, checks_for, checks_over
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport.validate.findings import (
    Finding,
    complete_finding,
    ended_finding,
    shape_finding,
    thumbnails_finding,
    unique_finding,
)
from nexus_reimport.validate.shrinking import shrinking_finding


def extract_checks(entity_set: EntitySet) -> list[Check]:
    """Return the checks of one FileMaker extract."""
    key = ("filemaker", entity_set.asset)
    schema = schema_of(entity_set.frame)
    return [
        Check(
            "complete_extract",
            "As many different ids as FileMaker itself counts.",
            lambda seen: complete_finding(seen.frame(*key), entity_set.key, seen.told("declared", *key)),
        ),
        Check(
            "shape",
            "Every expected field is there and every row has a key.",
            lambda seen: shape_finding(schema, seen.frame(*key), entity_set.key),
        ),
        Check(
            "ids_unique",
            "No two rows have the same FileMaker id, whatever its case.",
            lambda seen: unique_finding(seen.frame(*key), entity_set.key),
        ),
        shrinking_check(*key),
    ]


def shrinking_check(*key: str) -> Check:
    """Return the check of one source that it says as much as at the last publication."""
    source = "/".join(key)
    return Check(
        "not_shrunk",
        "As many rows as at the last publication, and each field says as much, but for a tenth.",
        lambda seen: shrinking_finding(
            source, seen.last_figures().get(source), seen.figures(*key), seen.options.allow_shrunk
        ),
    )


def _images(seen: Evidence) -> pd.DataFrame:
    listing = seen.frame("files", "s3_listing")
    return listing[listing["key"].str.startswith(IMAGES_PREFIX)]


def _documents_finding(listing_size: int) -> Finding:
    says = f"{listing_size} files are under the import prefixes."
    return Finding(listing_size > 0, says if listing_size else "No file is under the import prefixes.")


source_checks = [
    checks_over(
        "filemaker_checks",
        {dg.AssetKey(["filemaker", one.asset]): extract_checks(one) for one in ENTITY_SETS},
    ),
    checks_for(
        "files",
        "s3_listing",
        checks=[
            Check(
                "shape",
                "Every object has a key, a size, an ETag and a time.",
                lambda seen: shape_finding(schema_of(S3_LISTING), seen.frame("files", "s3_listing"), "key"),
            ),
            Check(
                "files_are_there",
                "The import prefixes are not empty.",
                lambda seen: _documents_finding(len(seen.frame("files", "s3_listing"))),
                blocking=False,
                severity=dg.AssetCheckSeverity.WARN,
            ),
            shrinking_check("files", "s3_listing"),
        ],
    ),
    checks_for(
        "files",
        "image_csv",
        checks=[
            Check(
                "shape",
                "Every row has a recid, an id, and whose photograph it is.",
                lambda seen: shape_finding(schema_of(IMAGE_EXPORT), seen.read_export().rows, "recid"),
            ),
            Check(
                "last_line_is_ended",
                "The export ends with the end of a line, so nothing is cut from its last field.",
                lambda seen: ended_finding(seen.told("last_line_is_ended", "files", "image_csv")),
                blocking=False,
                severity=dg.AssetCheckSeverity.WARN,
            ),
            shrinking_check("files", "image_csv"),
        ],
    ),
    checks_for(
        "thumbnails",
        checks=[
            Check(
                "shape",
                "Every image has its sizes and its thumbnail, or a fault.",
                lambda seen: shape_finding(schema_of(THUMBNAIL_FACTS), seen.frame("thumbnails"), "key"),
            ),
            Check(
                "every_thumbnail_is_there",
                "Each image listed has a thumbnail in the bucket, or a reason.",
                lambda seen: thumbnails_finding(_images(seen), seen.frame("thumbnails"), seen.uploaded()),
            ),
        ],
    ),
    checks_for(
        "nexus_state",
        checks=[
            Check(
                "shape",
                "Every entry has a kind and a key.",
                lambda seen: shape_finding(schema_of(NEXUS_STATE), seen.frame("nexus_state"), "key"),
            )
        ],
    ),
]
