"""The clinic's own commands, which read a patient's filemaker_metadata; a null in it stops them."""

from collections.abc import Iterable, Mapping

from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers.reading import ReadRow, json_object, shown_text


def synced_clinics(patients: Iterable[ReadRow], clinics: Mapping[str, object]) -> dict[object, object]:
    """Return by patient the clinic that the clinic sync would set; `clinics` are ids by name."""
    found = {}
    for patient in patients:
        metadata = json_object(patient, "filemaker_metadata")
        if metadata.get("filemaker_clinic", "") != "":
            name = shown_text(metadata["filemaker_clinic"], "filemaker_clinic").strip()
            found[patient["id"]] = clinics.get(name)
    return found


def linked_coordinators(patients: Iterable[ReadRow]) -> list[tuple[object, str]]:
    """Return patient and coordinator for each link that the coordinator linker would make."""
    found = []
    for patient in patients:
        block = json_object(patient, "filemaker_metadata").get("ndis")
        if block is None:
            continue
        if "coordinator_name" not in block:
            raise ReaderFault("ndis has no coordinator_name")
        if block["coordinator_name"] != "":
            found.append((patient["id"], shown_text(block["coordinator_name"], "coordinator_name").strip()))
            for name in block:
                shown_text(block[name], f"ndis.{name}")
    return found


def patients_by_filemaker_id(patients: Iterable[ReadRow]) -> dict[str, object]:
    """Return patients by the id that the clinic's scripts look for, in just FileMaker's own case."""
    metadata = ((patient["id"], json_object(patient, "filemaker_metadata")) for patient in patients)
    return {
        shown_text(found["filemaker_id"], "filemaker_id"): row_id
        for row_id, found in metadata
        if "filemaker_id" in found
    }
