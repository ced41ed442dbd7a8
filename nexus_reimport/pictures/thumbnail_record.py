"""What is already known of thumbnails: facts as frames, and which of them still hold."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import pandas as pd
import pyarrow as pa

from nexus_reimport.model.frames import THUMBNAIL_FACTS
from nexus_reimport.model.reasons.image_files import (
    ARCHIVED,
    CHANGED_MEANWHILE,
    ENCRYPTION_DENIED,
    FORBIDDEN,
    GONE,
    REFUSED,
    UNUSABLE_KEY,
)
from nexus_reimport.model.reasons.images import SEVERAL_OBJECTS
from nexus_reimport.pictures.imaging.formats import BMP, GIF, HEIC, JPEG, PNG, THUMBNAIL_TYPES, TIFF, WEBP
from nexus_reimport.pictures.thumbnail_keys import thumbnail_key
from nexus_reimport.pictures.thumbnailing import (
    RULES,
    ImageObject,
    StoredThumbnail,
    ThumbnailFact,
    is_usable,
    name_of,
)

# What a file's name promises, where the picture has not been looked at.
_KINDS = {
    "png": PNG,
    "gif": GIF,
    "webp": WEBP,
    "tif": TIFF,
    "tiff": TIFF,
    "bmp": BMP,
    "heic": HEIC,
    "heif": HEIC,
}

# What may be otherwise the next time, though the object's bytes are the same.
PASSING = frozenset(
    {ARCHIVED, CHANGED_MEANWHILE, ENCRYPTION_DENIED, FORBIDDEN, GONE, REFUSED, SEVERAL_OBJECTS, UNUSABLE_KEY}
)


def facts_frame(facts: Iterable[ThumbnailFact]) -> pd.DataFrame:
    """Return facts as a frame in order of key, one column a field."""
    ordered = sorted(facts, key=lambda fact: fact.key)
    table = pa.Table.from_pylist([asdict(fact) for fact in ordered], schema=THUMBNAIL_FACTS.arrow)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def facts_of(frame: pd.DataFrame) -> list[ThumbnailFact]:
    """Return the facts that a frame holds; what an older release did not write down yet is not known."""
    records = pa.Table.from_pandas(
        frame.reindex(columns=list(THUMBNAIL_FACTS.names)), schema=THUMBNAIL_FACTS.arrow, preserve_index=False
    ).to_pylist()
    return [ThumbnailFact(**record) for record in records]


def image_objects_in(listing: pd.DataFrame, prefix: str) -> list[ImageObject]:
    """Return the objects of a listing (`key`, `size`, `etag`) that are under a prefix."""
    found = listing[listing["key"].str.startswith(prefix)]
    columns = (found[name].to_list() for name in ("key", "size", "etag"))
    return [ImageObject(*values) for values in zip(*columns, strict=True)]


def still_true(
    objects: Sequence[ImageObject], facts: Iterable[ThumbnailFact], uploaded: Mapping[str, StoredThumbnail]
) -> dict[str, ThumbnailFact]:
    """Return by key the facts that need no second look.

    The object has the ETag it had, it was looked at by the rules of today, and its thumbnail is in the
    bucket (`uploaded`), the same bytes. Of several facts of one object the last counts.
    """
    known = {fact.key: fact for fact in facts}
    return {
        one.key: fact
        for one in objects
        if (fact := known.get(one.key))
        and fact.etag == one.etag
        and fact.rules == RULES
        and _is_there(fact, uploaded)
    }


def expected_facts(objects: Sequence[ImageObject], facts: Iterable[ThumbnailFact]) -> list[ThumbnailFact]:
    """Return what is to be expected of the objects that were not looked at since they last changed.

    They are taken for readable pictures of the kind that their name says, if their key can be used; width,
    height and the thumbnail's size are not known. Who has the ETag it had when it was looked at is not among
    them.
    """
    etags = {fact.key: fact.etag for fact in facts}
    taken = {name_of(fact.key) for fact in facts if not fact.fault}
    expected = []
    for one in sorted(objects, key=lambda image: image.key):
        if etags.get(one.key) == one.etag:
            continue
        if not is_usable(one.key):
            expected.append(ThumbnailFact(one.key, one.etag, fault=UNUSABLE_KEY))
            continue
        rival = name_of(one.key) in taken and one.key not in etags
        taken.add(name_of(one.key))
        expected.append(_expected(one, fault=SEVERAL_OBJECTS if rival else None))
    return expected


def _expected(one: ImageObject, fault: str | None) -> ThumbnailFact:
    kind = _KINDS.get(one.key.rpartition(".")[2].lower(), JPEG)
    shown = thumbnail_key(one.key, THUMBNAIL_TYPES[kind])
    return ThumbnailFact(one.key, one.etag, mime_type=kind, thumbnail_key=shown, fault=fault)


def _is_there(fact: ThumbnailFact, uploaded: Mapping[str, StoredThumbnail]) -> bool:
    if fact.fault:
        return fact.fault not in PASSING
    there = uploaded.get(fact.thumbnail_key or "")
    return there is not None and there.is_of(fact)
