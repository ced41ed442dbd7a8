"""What is already known of thumbnails: facts as frames, and which of them still hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields

import pandas as pd
import pyarrow as pa

from nexus_reimport.clients.thumbnailing import GONE, SEVERAL_OBJECTS, ImageObject, ThumbnailFact

_TYPES: dict[str, pa.DataType] = {"width": pa.int64(), "height": pa.int64(), "thumbnail_size": pa.int64()}
SCHEMA = pa.schema([(one.name, _TYPES.get(one.name, pa.string())) for one in fields(ThumbnailFact)])


def facts_frame(facts: Iterable[ThumbnailFact]) -> pd.DataFrame:
    """Return facts as a frame in order of key, one column a field."""
    ordered = sorted(facts, key=lambda fact: fact.key)
    table = pa.Table.from_pylist([asdict(fact) for fact in ordered], schema=SCHEMA)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def facts_of(frame: pd.DataFrame) -> list[ThumbnailFact]:
    """Return the facts that a frame holds."""
    records = pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False).to_pylist()
    return [ThumbnailFact(**record) for record in records]


def image_objects_in(listing: pd.DataFrame, prefix: str) -> list[ImageObject]:
    """Return the objects of a listing (`key`, `size`, `etag`) that are under a prefix."""
    found = listing[listing["key"].str.startswith(prefix)]
    columns = (found[name].to_list() for name in ("key", "size", "etag"))
    return [ImageObject(*values) for values in zip(*columns, strict=True)]


def still_true(
    objects: Sequence[ImageObject], facts: Iterable[ThumbnailFact], uploaded: Mapping[str, int]
) -> dict[str, ThumbnailFact]:
    """Return by key the facts that need no second look.

    The object has the ETag it had, and its thumbnail is in the bucket (`uploaded`: key to size in bytes)
    with the size it had. Of several facts of one object the last counts.
    """
    known = {fact.key: fact for fact in facts}
    return {
        one.key: fact
        for one in objects
        if (fact := known.get(one.key)) and fact.etag == one.etag and _is_there(fact, uploaded)
    }


def _is_there(fact: ThumbnailFact, uploaded: Mapping[str, int]) -> bool:
    if fact.fault:
        return fact.fault not in (GONE, SEVERAL_OBJECTS)
    return fact.thumbnail_key is not None and uploaded.get(fact.thumbnail_key) == fact.thumbnail_size
