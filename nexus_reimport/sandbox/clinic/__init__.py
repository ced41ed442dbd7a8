"""A synthetic clinic of the real clinic's shape: deterministic, dirty in known places, nobody's record."""

from nexus_reimport.sandbox.clinic.clinic import (
    Outcome,
    SyntheticClinic,
    expected,
    synthetic_clinic,
    without_optional_fields,
)
from nexus_reimport.sandbox.clinic.docs import ClinicObject
from nexus_reimport.sandbox.clinic.older_import import OlderImport, older_import, older_import_known
from nexus_reimport.sandbox.clinic.peoples_rows import peoples_rows

__all__ = [
    "ClinicObject",
    "OlderImport",
    "Outcome",
    "SyntheticClinic",
    "expected",
    "older_import",
    "older_import_known",
    "peoples_rows",
    "synthetic_clinic",
    "without_optional_fields",
]
