"""Which clinic of Nexus's FileMaker means: by what people say of it, by its id, by its names."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from nexus_reimport.model.filemaker import CLINICS
from nexus_reimport.transform.extract_rows import read_extract
from nexus_reimport.transform.mappings import Mappings
from nexus_reimport.transform.nexus_state import NexusState


@dataclass(frozen=True)
class ClinicFinder:
    """Finds clinics of Nexus's. `names`: FileMaker id (lower case) to name of FileMaker's clinics."""

    names: Mapping[str, str]
    state: NexusState
    mappings: Mappings

    def find(self, filemaker_id: str, name: str = "") -> str | None:
        """Return the clinic: what people say of id or names comes first, then the id, then the names."""
        key = filemaker_id.lower()
        names = (name, self.names.get(key, ""))
        said = self.mappings.named("clinics", filemaker_id, *names)
        return self.state.clinic(None, said) if said else self.state.clinic(key, *names)

    def default(self) -> str | None:
        """Return the clinic of an appointment for which there is no other; None where nobody named one."""
        return self.state.clinic(None, self.mappings.default_clinic)


def clinic_names(filemaker_clinics: pd.DataFrame) -> dict[str, str]:
    """Return FileMaker id (lower case) to name of FileMaker's clinics."""
    clinics = read_extract(CLINICS, filemaker_clinics)
    return dict(zip(clinics.keys, clinics.texts("Name"), strict=True))
