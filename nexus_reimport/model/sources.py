"""Every source by the name of its asset, and the fields that a row of it has."""

from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.frames import IMAGE_EXPORT, S3_LISTING

FIELDS: dict[str, tuple[str, ...]] = {
    **{one.asset: one.names for one in ENTITY_SETS},
    "image_csv": IMAGE_EXPORT.names,
    "s3_listing": S3_LISTING.names,
}
