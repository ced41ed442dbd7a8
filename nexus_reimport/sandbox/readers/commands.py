"""The clinic's own commands, which read a patient's filemaker_metadata; a null in it stops them."""

from collections.abc import Iterable, Mapping

from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers.reading import Row, json_object, text_of


def synced_clinics(patients: Iterable[Row], clinics: Mapping[str, object]) -> dict[object, object]:
    """Return by patient the clinic that the clinic sync would set; `clinics` are ids by name."""
    found = {}
    for patient in patients:
        metadata = json_object(patient, "filemaker_metadata")
        if metadata.get("filemaker_clinic", "") != "":
            name = text_of(metadata["filemaker_clinic"], "filemaker_clinic").strip()
            found[patient["id"]] = clinics.get(name)
    return found


def linked_coordinators(patients: Iterable[Row]) -> list[tuple[object, str]]:
    """Return patient and coordinator for each link that the coordinator linker would make."""
    found = []
    for patient in patients:
        block = json_object(patient, "filemaker_metadata").get("ndis")
        if block is None:
            continue
        if "coordinator_name" not in block:
            raise ReaderFault("ndis has no coordinator_name")
        if block["coordinator_name"] != "":
            found.append((patient["id"], text_of(block["coordinator_name"], "coordinator_name").strip()))
            for name in block:
                text_of(block[name], f"ndis.{name}")
    return found


def patients_by_filemaker_id(patients: Iterable[Row]) -> dict[str, object]:
    """Return patients by the id that the clinic's scripts look for, in just FileMaker's own case."""
    metadata = ((patient["id"], json_object(patient, "filemaker_metadata")) for patient in patients)
    return {
        text_of(found["filemaker_id"], "filemaker_id"): row_id
        for row_id, found in metadata
        if "filemaker_id" in found
    }
