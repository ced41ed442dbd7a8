"""Every source by the name of its asset, and the fields that a row of it has."""

from nexus_reimport.schemas.filemaker import ENTITY_SETS
from nexus_reimport.schemas.frames import image_csv_schema, listing_schema

FIELDS: dict[str, tuple[str, ...]] = {
    **{one.asset: one.names for one in ENTITY_SETS},
    "image_csv": tuple(map(str, image_csv_schema().columns)),
    "s3_listing": tuple(map(str, listing_schema().columns)),
}
