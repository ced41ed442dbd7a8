"""A set of frames for each run that made them: `frames/staged/notes/<run>`, and which of them there are.

An older release kept one set for all runs, `frames/staged/notes`; it is read as the set of the run that it
names, until it is forgotten.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import obstore
import pandas as pd
from obstore.store import ObjectStore

from nexus_reimport.exceptions import FrameDamaged, FrameMissing
from nexus_reimport.storage.frame_store import FRAMES, MANIFEST, FrameStore
from nexus_reimport.storage.storage_errors import tells_storage_faults

_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class StoredSet:
    """One stored set: whose frames they are (`frames/staged/notes`), of which run, since when, and where."""

    name: str
    version: str
    stored_at: datetime
    place: str


class FrameVersions:
    """The stored frames by name and by the run that made them (`version`)."""

    def __init__(self, store: ObjectStore) -> None:
        self._store, self._sets = store, FrameStore(store)

    def save(self, name: str, version: str, frames: Mapping[str, pd.DataFrame]) -> None:
        """Keep a run's frames, whole or not at all; those of other runs stay as they are."""
        self._sets.save(f"{name}/{version}", version, frames)

    def has(self, name: str, version: str) -> bool:
        """Say whether a run's frames are there; what no run has made has none."""
        return self._place(name, version) is not None

    def load(self, name: str, version: str | None) -> dict[str, pd.DataFrame]:
        """Return a run's frames. Raises FrameMissing (for no run, too) or FrameDamaged."""
        place = self._place(name, version)
        if place is None:
            raise FrameMissing(
                f"{name} has not been materialized yet: materialize it, or what comes before it."
            )
        return self._sets.load(place)

    def versions(self, name: str) -> list[str]:
        """Return the runs whose frames are there under a name, the one that stored its own last first."""
        found = [one for one in self.stored(name) if one.name == name]
        return [one.version for one in sorted(found, key=lambda one: one.stored_at, reverse=True)]

    @tells_storage_faults
    def stored(self, under: str = FRAMES) -> list[StoredSet]:
        """Return every set that is stored under a name; one that can't be read is left out."""
        found = []
        for place, entry in self._files(under):
            version = self._version_at(place) if entry["path"] == f"{place}/{MANIFEST}" else None
            if version:
                its_own = _RUN_ID.fullmatch(place.rpartition("/")[2]) or place.endswith(f"/{version}")
                name = place.rpartition("/")[0] if its_own else place
                found.append(StoredSet(name, version, entry["last_modified"], place))
        return found

    @tells_storage_faults
    def unfinished(self, under: str = FRAMES) -> list[StoredSet]:
        """Return what runs have left that is no set: the step was killed in storing, or the disk was full."""
        whole = {one.place for one in self.stored(under)}
        found = {}
        for place, entry in self._files(under):
            name, _, version = place.rpartition("/")
            if place not in whole and _RUN_ID.fullmatch(version):
                found[place] = StoredSet(name, version, entry["last_modified"], place)
        return list(found.values())

    def _files(self, under: str) -> "Iterator[tuple[str, obstore.ObjectMeta]]":
        """Yield each file that is stored under a name, and in which place."""
        for chunk in obstore.list(self._store, prefix=f"{under}/"):
            for entry in chunk:
                yield entry["path"].rpartition("/")[0], entry

    @tells_storage_faults
    def forget(self, one: StoredSet) -> None:
        """Delete a set; its manifest goes first, so that nobody takes what is left for whole."""
        self._delete(f"{one.place}/{MANIFEST}")
        for place, entry in self._files(one.place):
            # Of an older release's set, sets of runs are below.
            if place == one.place:
                self._delete(entry["path"])

    def _delete(self, path: str) -> None:
        # A plan and a run that begin together forget the same; of a folder, unlike of S3, the second is told.
        with suppress(FileNotFoundError):
            obstore.delete(self._store, path)

    def _place(self, name: str, version: str | None) -> str | None:
        """Return where a run's frames are; None where they are not."""
        places = (f"{name}/{version}", name) if version else ()
        return next((place for place in places if self._sets.version(place) == version), None)

    def _version_at(self, place: str) -> str | None:
        try:
            return self._sets.version(place)
        except FrameDamaged:
            return None
