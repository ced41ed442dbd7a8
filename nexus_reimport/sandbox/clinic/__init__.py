"""A synthetic clinic of the real clinic's shape: deterministic, dirty in known places, nobody's record."""

from nexus_reimport.sandbox.clinic.clinic import (
    Outcome,
    SyntheticClinic,
    expected,
    synthetic_clinic,
    without_optional_fields,
)
from nexus_reimport.sandbox.clinic.docs import ClinicObject

__all__ = [
    "ClinicObject",
    "Outcome",
    "SyntheticClinic",
    "expected",
    "synthetic_clinic",
    "without_optional_fields",
]
