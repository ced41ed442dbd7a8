"""What Nexus holds already, as the transforms ask for it: configuration, identities and living rows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from nexus_reimport.model.frames import NEXUS_STATE
from nexus_reimport.transform.adoption.rows_in_nexus import Living, living_rows
from nexus_reimport.transform.exceptions import MissingContentTypeError
from nexus_reimport.transform.text import name_key, uuid_text

# Whose an image's place in its batch is: of a row that we have not written; as we have written it; otherwise
# than we have, by a person's edit; and where we had written that one.
PlaceKind = Literal["foreign", "own", "edited", "written"]


@dataclass(frozen=True)
class ImagePlace:
    """Where an image is in Nexus: the UUID of its batch, and its place there."""

    batch: str
    place: int


class NexusState:
    """The frame `nexus_state` (string columns kind, key, id, detail), grouped by kind when one is asked for.

    Ids are handed out in lower case. Where a key repeats, the frame's order is the order of preference.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        columns = {name: pa.array(frame[name], pa.string()) for name in NEXUS_STATE.names}
        self._table = pa.table(columns)
        self._kinds: dict[str, dict[str, list[str]]] = {}
        self._patient_clinics: dict[str, str | None] | None = None
        self._custom_funding: defaultdict[str, list[str]] | None = None

    def clinic(self, filemaker_id: str | None, *names: str) -> str | None:
        """Return the clinic with that FileMaker id, else the first that has one of the names."""
        by_id = self._first("clinic_filemaker_id", filemaker_id or "")
        return by_id or self._named("clinic_name", names)

    def clinician(self, clinician_id: str | None, name: str) -> str | None:
        """Return the clinician with that id, else with that name."""
        return self._first("clinician_id", clinician_id or "") or self._named("clinician_name", (name,))

    def appointment_type(self, text: str) -> str | None:
        """Return the appointment type whose id or name the text is."""
        by_id = self._first("appointment_type_id", uuid_text(text) or "")
        return by_id or self._named("appointment_type_name", (text,))

    def funding_source(self, name: str) -> str | None:
        """Return the funding source with that name."""
        return self._named("funding_source_name", (name,))

    def custom_funding_source(self, name: str) -> str | None:
        """Return the name as Nexus writes it of the active custom funding source that has it in any case."""
        if self._custom_funding is None:
            self._custom_funding = defaultdict(list)
            for key, given in self._lines("custom_funding_source_name", "key", "detail"):
                self._custom_funding[name_key(key)].append(given)
        found = self._custom_funding.get(name_key(name), [])
        return name if name in found else next(iter(found), None)

    def content_type(self, name: str) -> int:
        """Return the number of a content type, or raise MissingContentTypeError."""
        found = self._first("content_type", name)
        if found is None:
            raise MissingContentTypeError(name)
        return int(found)

    def identities(self, table: str) -> dict[str, str]:
        """Return FileMaker id to the UUID kept from earlier publications."""
        return self._firsts(f"identity:{table}")

    def gone(self, table: str) -> dict[str, str]:
        """Return FileMaker id to the kept UUID of rows that have been deleted from Nexus since."""
        return self._firsts(f"gone:{table}")

    def claims(self, table: str) -> Mapping[str, list[str]]:
        """Return FileMaker id to the living rows that carry it, preferred first."""
        return self._of(f"claim:{table}")

    def adoptable(self, row_type: type[Living]) -> list[Living]:
        """Return the living rows without an identity that may be a record of FileMaker, the oldest first."""
        return living_rows(row_type, self._lines(row_type.kind(), "key", "id", "detail"))

    def s3_keys(self, table: str) -> Mapping[str, list[str]]:
        """Return S3 key to the living rows that have it and no identity, preferred first."""
        return self._of(f"s3_key:{table}")

    def stems(self, table: str) -> Mapping[str, list[str]]:
        """Return the stem of a file in the bulk copy to the living rows without an identity that have it."""
        return self._of(f"stem:{table}")

    def key_ids(self, table: str) -> Mapping[str, list[str]]:
        """Return FileMaker id in an S3 key to the living rows that say it nowhere else."""
        return self._of(f"key_id:{table}")

    def file_digests(self, table: str) -> Mapping[str, list[str]]:
        """Return the digest of an S3 key of imported files to the living rows that have it."""
        return self._of(f"file:{table}")

    def batch_days(self) -> Mapping[str, list[str]]:
        """Return patient and day (`{UUID}/{YYYY-MM-DD}`) to the imported batches without an identity."""
        return self._of("day:image_batches")

    def batches_of_images(self) -> dict[str, str]:
        """Return the UUID of an imported image to that of its batch, where the batch has no identity."""
        return self._firsts("batch_of:images")

    def image_places(self, kind: PlaceKind) -> Mapping[str, ImagePlace]:
        """Return the UUID of an image in Nexus to its place, of all images of one kind."""
        lines = self._lines(f"{kind}_place:images", "key", "id", "detail")
        return {image: ImagePlace(batch, int(place)) for image, batch, place in lines}

    def live_patients(self) -> dict[str, str]:
        """Return FileMaker id to the UUID of a patient who lives in Nexus now."""
        return self._firsts("live:patients")

    def former_patients(self) -> dict[str, str]:
        """Return UUID that a patient had in Nexus once to the patient's FileMaker id."""
        return self._firsts("former:patients")

    def patient_clinic(self, patient_id: str) -> str | None:
        """Return the clinic that a patient living in Nexus has there."""
        if self._patient_clinics is None:
            lines = self._lines("live:patients", "id", "detail")
            self._patient_clinics = {row_id.lower(): uuid_text(clinic) for row_id, clinic in reversed(lines)}
        return self._patient_clinics.get(patient_id)

    def _lines(self, kind: str, *columns: str) -> list[tuple[str, ...]]:
        table = self._table.filter(pc.equal(self._table["kind"], kind))
        return list(zip(*(table[column].to_pylist() for column in columns), strict=True))

    def _of(self, kind: str) -> Mapping[str, list[str]]:
        if kind not in self._kinds:
            grouped: defaultdict[str, list[str]] = defaultdict(list)
            for key, row_id in self._lines(kind, "key", "id"):
                grouped[_folded(kind, key)].append(row_id.lower())
            self._kinds[kind] = dict(grouped)
        return self._kinds[kind]

    def _firsts(self, kind: str) -> dict[str, str]:
        lines = reversed(self._lines(kind, "key", "id"))
        return {_folded(kind, key): row_id.lower() for key, row_id in lines}

    def _first(self, kind: str, key: str) -> str | None:
        found = self._of(kind).get(key)
        return found[0] if found else None

    def _named(self, kind: str, names: tuple[str, ...]) -> str | None:
        keys = (name_key(name) for name in names)
        return next((found for key in keys if key and (found := self._first(kind, key))), None)


def _folded(kind: str, key: str) -> str:
    """Compare names without case and ids in lower case; S3 keys exactly."""
    if kind.endswith("_name"):
        return name_key(key)
    return key if kind.startswith("s3_key:") else key.lower()


def empty_state() -> pd.DataFrame:
    """Return the state frame of a Nexus that holds nothing."""
    return NEXUS_STATE.of([])
