"""The thumbnails of the clinic's photographs, made beside their originals."""

import time
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import dagster as dg
import pandas as pd
from dagster_aws.s3 import S3Resource

from nexus_reimport.model.frames import THUMBNAIL_FACTS
from nexus_reimport.orchestration.asset_keys import THUMBNAILS
from nexus_reimport.orchestration.assets.failures import refusal_first
from nexus_reimport.orchestration.assets.metadata import OWNERS, Metadata, column_schema, rows_by_table
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.privacy import keeps_values_out_of_errors
from nexus_reimport.orchestration.progress import EVERY_SECONDS, StepProgress
from nexus_reimport.orchestration.resources import BucketResource
from nexus_reimport.pictures.thumbnail_record import (
    expected_facts,
    facts_frame,
    facts_of,
    image_objects_in,
    still_true,
)
from nexus_reimport.pictures.thumbnailing import ThumbnailFact, list_thumbnails, make_thumbnails, name_of
from nexus_reimport.storage.frame_store import content_version
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX


class FactsRecord:
    """The facts of this run so far, written down every few seconds: an interrupted run goes on from there.

    `known` are those that earlier runs found out. They are written down with the others, since the run
    before may have been interrupted too.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        frames: FrameIOManager,
        known: list[ThumbnailFact],
        total: int,
    ) -> None:
        self.facts: list[ThumbnailFact] = []
        self._earlier, self._total = known, total
        self._run_id, self._frames = context.run.run_id, frames
        self._progress = StepProgress(context)
        self._next = time.monotonic() + EVERY_SECONDS

    def add(self, fact: ThumbnailFact) -> None:
        """Take in one fact."""
        self.facts.append(fact)
        self._progress(len(self.facts), self._total)
        if time.monotonic() >= self._next:
            self.write()
            self._next = time.monotonic() + EVERY_SECONDS

    def write(self) -> None:
        """Write down what is known so far, if this run has found out anything."""
        if self.facts:
            frame = pd.concat([self._known, facts_frame(self.facts)], ignore_index=True)
            self._frames.save_progress(THUMBNAILS, self._run_id, frame)

    @cached_property
    def _known(self) -> pd.DataFrame:
        return facts_frame(self._earlier)


@dg.asset(
    group_name="files",
    kinds={"s3", "pillow", "parquet"},
    owners=OWNERS,
    ins={"s3_listing": dg.AssetIn(key=["files", "s3_listing"])},
    metadata={"dagster/column_schema": column_schema(THUMBNAIL_FACTS)},
)
@keeps_values_out_of_errors
def thumbnails(
    context: dg.AssetExecutionContext,
    s3_listing: pd.DataFrame,
    s3: S3Resource,
    bucket: BucketResource,
    frames: dg.ResourceParam[FrameIOManager],
) -> dg.Output[pd.DataFrame]:
    """One row per image in the bucket: its size and its thumbnail, or why it has none.

    An image whose ETag has not changed, and whose thumbnail is there, is not fetched again.
    """
    with refusal_first():
        store = bucket.store(s3)
        images = image_objects_in(s3_listing, IMAGES_PREFIX)
        known = still_true(images, _remembered(frames), list_thumbnails(store, IMAGES_PREFIX))
        missing = [image for image in images if image.key not in known]
        record = FactsRecord(context, frames, list(known.values()), len(missing))
        try:
            taken = {name_of(fact.key) for fact in known.values() if not fact.fault}
            make_thumbnails(store, missing, record.add, taken=taken)
        finally:
            record.write()
    frame = facts_frame([*known.values(), *record.facts])
    return dg.Output(
        frame,
        metadata={**rows_by_table(frame), **_told(record.facts, list(known.values()))},
        data_version=dg.DataVersion(content_version(frame)),
    )


@dataclass(frozen=True)
class KnownThumbnails:
    """The thumbnails as last made, and what is expected of pictures not looked at since they changed.

    `unseen`: the keys of those. A publication refuses them; a plan counts them.
    """

    frame: pd.DataFrame
    unseen: frozenset[str]


def known_thumbnails(frames: FrameIOManager, listing: pd.DataFrame) -> KnownThumbnails:
    """Return what is known of the thumbnails of the images of a listing; none before the first are made."""
    stored = frames.read_if_there(THUMBNAILS)
    facts = [] if stored is None else facts_of(cast("pd.DataFrame", stored))
    expected = expected_facts(image_objects_in(listing, IMAGES_PREFIX), facts)
    unseen = frozenset(fact.key for fact in expected)
    current = [fact for fact in facts if fact.key not in unseen]
    return KnownThumbnails(facts_frame([*current, *expected]), unseen)


def _remembered(frames: FrameIOManager) -> list[ThumbnailFact]:
    """Return the facts of the last materialization, then those of a run since that was interrupted."""
    stored = (frames.read_if_there(THUMBNAILS), frames.read_progress(THUMBNAILS))
    return [fact for frame in stored if frame is not None for fact in facts_of(frame)]


def _told(looked_at: list[ThumbnailFact], known: list[ThumbnailFact]) -> Metadata:
    """Return how many thumbnails were made and reused, and how many images have none, by reason."""
    faults = Counter(fact.fault for fact in (*looked_at, *known) if fact.fault)
    return {
        "made": sum(1 for fact in looked_at if not fact.fault),
        "reused": sum(1 for fact in known if not fact.fault),
        "failed": faults.total(),
        "failed_by_reason": dg.MetadataValue.json(dict(faults)),
    }
