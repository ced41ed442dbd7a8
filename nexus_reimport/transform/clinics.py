"""FileMaker's own clinics, whose names lead to Nexus's where the ids do not."""

import pandas as pd

from nexus_reimport.schemas.filemaker import CLINICS
from nexus_reimport.transform.extracts import read_extract


def clinic_names(filemaker_clinics: pd.DataFrame) -> dict[str, str]:
    """Return FileMaker id (lower case) to name of FileMaker's clinics."""
    clinics = read_extract(CLINICS, filemaker_clinics)
    return dict(zip(clinics.keys, clinics.texts("Name"), strict=True))
