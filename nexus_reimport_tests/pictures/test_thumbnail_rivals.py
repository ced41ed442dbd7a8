"""Objects that share a name but for its extension: one of them has the thumbnail."""

from nexus_reimport.model.reasons.images import SEVERAL_OBJECTS
from nexus_reimport.pictures.thumbnailing import ImageObject, ThumbnailFact, make_thumbnails
from nexus_reimport.sandbox.clinic.photographs import base_picture
from nexus_reimport_tests.served_bucket import Relay


def faults(bucket: Relay, images: list[ImageObject], taken: tuple[str, ...] = ()) -> dict[str, str | None]:
    facts: list[ThumbnailFact] = []
    make_thumbnails(bucket.store(), images, facts.append, taken=taken)
    assert len(facts) == len(images)
    return {fact.key: fact.fault for fact in facts}


def test_of_two_files_of_one_name_the_first_by_key_has_the_thumbnail(bucket: Relay) -> None:
    images = [bucket.put(f"rivals/5.{kind}", base_picture("small-0")) for kind in ("jpg", "heic", "JPG")]
    assert faults(bucket, images) == {
        "rivals/5.JPG": None,
        "rivals/5.heic": SEVERAL_OBJECTS,
        "rivals/5.jpg": SEVERAL_OBJECTS,
    }


def test_where_the_first_cannot_be_read_the_next_has_it(bucket: Relay) -> None:
    images = [
        bucket.put("rivals/6.heic", b"no picture"),
        bucket.put("rivals/6.jpg", base_picture("small-0")),
        bucket.put("rivals/6.png", base_picture("small-0")),
    ]
    found = faults(bucket, images)
    assert found["rivals/6.heic"] not in (None, SEVERAL_OBJECTS)
    assert (found["rivals/6.jpg"], found["rivals/6.png"]) == (None, SEVERAL_OBJECTS)


def test_a_name_whose_thumbnail_is_there_already_is_nobody_elses(bucket: Relay) -> None:
    image = bucket.put("rivals/7.jpg", base_picture("small-0"))
    assert faults(bucket, [image], taken=("rivals/7",)) == {"rivals/7.jpg": SEVERAL_OBJECTS}
