"""A synthetic clinic of the real clinic's shape: deterministic, dirty in known places, nobody's record."""

from nexus_reimport.sandbox.clinic.clinic import (
    ExpectedOutcome,
    SyntheticClinic,
    expected,
    next_image_csv,
    synthetic_clinic,
    without_optional_fields,
)
from nexus_reimport.sandbox.clinic.damage import Damage, damaged_a, damaged_b
from nexus_reimport.sandbox.clinic.image_csv import CSV_NAME, NEXT_CSV_NAME
from nexus_reimport.sandbox.clinic.images import ImageRow
from nexus_reimport.sandbox.clinic.objects import ClinicObject
from nexus_reimport.sandbox.clinic.odd_images import with_odd_images
from nexus_reimport.sandbox.clinic.older_import import OlderImport, older_import, older_import_known
from nexus_reimport.sandbox.clinic.peoples_rows import peoples_rows

__all__ = [
    "CSV_NAME",
    "NEXT_CSV_NAME",
    "ClinicObject",
    "Damage",
    "ExpectedOutcome",
    "ImageRow",
    "OlderImport",
    "SyntheticClinic",
    "damaged_a",
    "damaged_b",
    "expected",
    "next_image_csv",
    "older_import",
    "older_import_known",
    "peoples_rows",
    "synthetic_clinic",
    "with_odd_images",
    "without_optional_fields",
]
