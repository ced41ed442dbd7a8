"""What needs no second look: only what was seen of these very bytes, with its thumbnail still there."""

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.model.frame_checks import schema_of
from nexus_reimport.model.frames import THUMBNAIL_FACTS
from nexus_reimport.pictures.thumbnail_record import facts_frame, facts_of, image_objects_in, still_true
from nexus_reimport.pictures.thumbnailing import RULES, ImageObject, StoredThumbnail, ThumbnailFact

ONE = ImageObject("dump/1.jpg", 1000, "etag-1")
MADE = ThumbnailFact(
    ONE.key, ONE.etag, 640, 480, "image/jpeg", "dump/1_thumb.jpg", 77, thumbnail_etag="small-1"
)
SMALL = StoredThumbnail(77, "small-1")
UPLOADED = {"dump/1_thumb.jpg": SMALL}


def test_an_unchanged_object_whose_thumbnail_is_there_needs_no_second_look() -> None:
    assert still_true([ONE], [MADE], UPLOADED) == {ONE.key: MADE}


@pytest.mark.parametrize(
    ("image", "fact", "uploaded"),
    [
        (replace(ONE, etag="etag-2"), MADE, UPLOADED),
        (ONE, MADE, {}),
        (ONE, MADE, {"dump/1_thumb.jpg": SMALL._replace(size=76)}),
        (ONE, MADE, {"dump/2_thumb.jpg": SMALL}),
        (ONE, MADE, {"dump/1_thumb.jpg": SMALL._replace(etag="small-2")}),
        (ONE, replace(MADE, rules=None), UPLOADED),
        (ONE, ThumbnailFact(ONE.key, ONE.etag, fault="truncated", rules=RULES - 1), UPLOADED),
        (ONE, replace(MADE, thumbnail_key=None), UPLOADED),
        (ONE, replace(MADE, key="dump/2.jpg"), UPLOADED),
        (ONE, ThumbnailFact(ONE.key, ONE.etag, fault="gone"), UPLOADED),
        (ONE, ThumbnailFact(ONE.key, ONE.etag, fault="changed_meanwhile"), UPLOADED),
        (ONE, ThumbnailFact(ONE.key, ONE.etag, fault="several_objects"), UPLOADED),
    ],
    ids=[
        "changed",
        "deleted",
        "other size",
        "other name",
        "other bytes",
        "before there were rules",
        "by older rules",
        "no thumbnail",
        "other object",
        "gone",
        "replaced",
        "rival",
    ],
)
def test_whatever_else_is_looked_at_again(
    image: ImageObject, fact: ThumbnailFact, uploaded: dict[str, StoredThumbnail]
) -> None:
    assert still_true([image], [fact], uploaded) == {}


def test_a_file_that_cannot_be_read_is_not_fetched_again_until_it_changes() -> None:
    unreadable = ThumbnailFact(ONE.key, ONE.etag, fault="truncated")
    assert still_true([ONE], [unreadable], {}) == {ONE.key: unreadable}
    assert still_true([replace(ONE, etag="etag-2")], [unreadable], {}) == {}


def test_the_last_fact_of_an_object_counts() -> None:
    older = replace(MADE, etag="etag-0")
    assert still_true([ONE], [older, MADE], UPLOADED) == {ONE.key: MADE}
    assert still_true([ONE], [MADE, older], UPLOADED) == {}


def test_a_fact_of_an_object_that_left_the_listing_is_forgotten() -> None:
    assert still_true([], [MADE], UPLOADED) == {}


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
facts = st.builds(
    ThumbnailFact,
    key=texts,
    etag=texts,
    width=st.none() | st.integers(1, 2**31),
    height=st.none() | st.integers(1, 2**31),
    mime_type=st.none() | texts,
    thumbnail_key=st.none() | texts,
    thumbnail_size=st.none() | st.integers(0, 2**40),
    fault=st.none() | texts,
    warning=st.none() | texts,
    thumbnail_etag=st.none() | texts,
    rules=st.none() | st.integers(1, 9),
)


@given(st.lists(facts, max_size=6, unique_by=lambda fact: fact.key))
def test_a_frame_of_facts_gives_them_back_in_order_of_key(known: list[ThumbnailFact]) -> None:
    frame = facts_frame(known)
    assert facts_of(frame) == sorted(known, key=lambda fact: fact.key)


def test_a_bucket_that_lists_no_etags_is_believed_by_size() -> None:
    assert still_true([ONE], [MADE], {"dump/1_thumb.jpg": SMALL._replace(etag="")}) == {ONE.key: MADE}


def test_a_frame_of_an_older_release_is_read_and_each_picture_looked_at_again() -> None:
    older = facts_frame([MADE]).drop(columns=["warning", "thumbnail_etag", "rules"])
    [fact] = facts_of(older)
    assert fact == replace(MADE, thumbnail_etag=None, rules=None)
    assert still_true([ONE], [fact], UPLOADED) == {}


def test_no_facts_are_a_frame_of_the_same_shape() -> None:
    schema_of(THUMBNAIL_FACTS).validate(facts_frame([]))
    schema_of(THUMBNAIL_FACTS).validate(facts_frame([MADE, ThumbnailFact("dump/2.jpg", "e", fault="empty")]))


def test_image_objects_are_those_under_the_prefix_as_listed() -> None:
    listing = pd.DataFrame(
        {
            "key": pd.array(
                ["dump/1.jpg", "other/dump/2.jpg", "dum/3.jpg"], dtype=pd.ArrowDtype(pa.string())
            ),
            "size": pd.array([1000, 2, 3], dtype=pd.ArrowDtype(pa.int64())),
            "etag": pd.array(["etag-1", "b", "c"], dtype=pd.ArrowDtype(pa.string())),
        }
    )
    assert image_objects_in(listing, "dump/") == [ONE]
