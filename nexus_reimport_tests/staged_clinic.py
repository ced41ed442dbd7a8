"""The synthetic clinic staged by the transforms alone, from sources that a test may change: without a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from nexus_reimport.extract.filemaker.collection import Collection
from nexus_reimport.load.diff.diff import StagedTable
from nexus_reimport.load.our_tables.figures import MadeOf
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.filemaker import ENTITY_SETS, EntitySet
from nexus_reimport.orchestration.assets.publishing import staged_tables
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.transform.appointments import stage_appointments
from nexus_reimport.transform.documents import stage_documents
from nexus_reimport.transform.image_csv import parse_image_csv
from nexus_reimport.transform.images import stage_image_batches, stage_images
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.notes import stage_notes
from nexus_reimport.transform.patients import stage_patients
from nexus_reimport.transform.sms_messages import stage_sms_messages
from nexus_reimport.transform.source_figures import SourceFigures, figures_of
from nexus_reimport_tests.transform.image_records import FILE, thumbnails_of
from nexus_reimport_tests.transform.records import AS_OF, listing

EXPORT, LISTING = "files/image_csv", "files/s3_listing"


@dataclass(frozen=True)
class Sources:
    """Every source as it is stored, by asset."""

    frames: Mapping[str, pd.DataFrame]

    def having(self, frames: Mapping[str, pd.DataFrame]) -> "Sources":
        """The same, with other frames by asset."""
        return replace(self, frames={**self.frames, **frames})

    @property
    def figures(self) -> dict[str, SourceFigures]:
        """How much each says."""
        return {name: figures_of(frame) for name, frame in self.frames.items()}

    @property
    def made_of(self) -> MadeOf:
        """What a publication of them is made of; the code is always the same."""
        return MadeOf("code", {}, self.figures)


def extracted(entity_set: EntitySet, rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """The rows of an entity set as the client stores them."""
    collection = Collection(entity_set)
    collection.add([dict(row) for row in rows])
    return collection.frame()


def sources_of(clinic: SyntheticClinic) -> Sources:
    """The sources of a clinic."""
    export = parse_image_csv(clinic.image_csv, FILE)
    files = listing(*((one.key, len(one.body)) for one in clinic.objects))
    extracts = {f"filemaker/{one.asset}": extracted(one, clinic.entities[one.entity]) for one in ENTITY_SETS}
    return Sources({**extracts, EXPORT: export.rows, LISTING: files})


def staged(url: str, sources: Sources, as_of: datetime = AS_OF) -> dict[str, StagedTable]:
    """What is to be published of sources into a Nexus as it is now."""
    state = NexusState(read_state(url))
    extracts = (sources.frames[f"filemaker/{one.asset}"] for one in ENTITY_SETS)
    contacts, details, clinics, events, notes, messages, docs = extracts
    export, files = sources.frames[EXPORT], sources.frames[LISTING]
    people = stage_patients(contacts, details, clinics, state, as_of)
    booked = stage_appointments(events, clinics, people, state, as_of)
    made = thumbnails_of(files)
    batches = stage_image_batches(export, files, made, people, state, as_of)
    return staged_tables(
        {
            "patients": people,
            "appointments": booked,
            "notes": stage_notes(notes, people, state, as_of),
            "sms_messages": stage_sms_messages(messages, people, booked, state, as_of),
            "documents": stage_documents(docs, files, people, state, "bucket", as_of),
            "image_batches": batches,
            "images": stage_images(
                export, people.rejects.iloc[:0], files, made, people, batches, state, as_of
            ),
        }
    )
