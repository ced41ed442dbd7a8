"""Which living images and batches those of FileMaker are."""

from nexus_reimport.transform.identity import derived_id
from nexus_reimport_tests.transform.image_records import object_key, row, staged_images
from nexus_reimport_tests.transform.records import (
    PATIENT_TYPE,
    StateRow,
    cell,
    cells,
    key,
    reasons,
    state_of,
    uid,
)

PATIENT = derived_id("patients", key(1))
BATCH_KEY = f"{key(1)}/2016-10-18"


def image(number: int) -> str:
    """The source key of the image of `row(number)`."""
    return key(700 + number)


def bulk(number: int, row_id: str, name: str | int | None = None) -> list[StateRow]:
    """What is known of a living row of the bulk copy of an image."""
    s3_key = object_key(number if name is None else name)
    return [("s3_key:images", s3_key, row_id), ("stem:images", str(number), row_id)]


def held(batch: str, *images: str) -> list[StateRow]:
    """Living images, and the living batch that they are in."""
    return [("batch_of:images", one, batch) for one in images]


def adopted_batch(*known: StateRow, rows: int = 1) -> object:
    """The UUID of the one batch of Ann's images 1 to `rows`, of one day."""
    batches, _ = staged_images(*(row(n) for n in range(1, rows + 1)), state=state_of(PATIENT_TYPE, *known))
    return cell(batches, "id")


def test_an_image_is_known_by_its_filemaker_id_then_its_s3_key_its_recid_and_the_id_in_a_key() -> None:
    state = state_of(
        PATIENT_TYPE,
        ("claim:images", image(1), uid(1)),
        *bulk(1, uid(11)),
        *bulk(2, uid(2)),
        ("key_id:images", image(2), uid(12)),
        *bulk(3, uid(3), "3.JPG"),
        ("key_id:images", image(3), uid(13)),
        ("key_id:images", image(4), uid(4)),
        ("identity:images", image(5), uid(5)),
        ("claim:images", image(5), uid(15)),
    )
    _, images = staged_images(*(row(n) for n in range(1, 7)), state=state)
    assert cells(images, "id") == [*(uid(n) for n in range(1, 6)), derived_id("images", image(6))]
    assert cells(images, "s3_key") == [object_key(n) for n in range(1, 7)]


def test_of_two_older_rows_of_one_image_one_is_adopted_and_gets_the_filemaker_id() -> None:
    state = state_of(PATIENT_TYPE, ("claim:images", image(1), uid(1)), *bulk(1, uid(2)))
    _, images = staged_images(row(1), row(2), state=state)
    assert cells(images, "id") == [uid(1), derived_id("images", image(2))]
    assert cells(images, "filemaker_id") == [image(1), image(2)]


def test_a_filemaker_id_that_another_living_row_carries_is_not_taken_from_it() -> None:
    state = state_of(PATIENT_TYPE, ("identity:images", image(1), uid(1)), ("claim:images", image(1), uid(2)))
    _, images = staged_images(row(1), row(2), state=state)
    assert cells(images, "id") == [uid(1), derived_id("images", image(2))]
    assert cells(images, "filemaker_id") == [None, image(2)]
    assert reasons(images.warnings) == [(image(1), "id", "claimed_twice")]


def test_of_several_rows_of_one_file_the_first_is_adopted() -> None:
    known = [*bulk(1, uid(3)), *bulk(1, uid(1)), *bulk(1, uid(2))]
    _, images = staged_images(row(1), state=state_of(PATIENT_TYPE, *known))
    assert cell(images, "id") == uid(3)


def test_a_batch_is_known_by_patient_and_day() -> None:
    state = state_of(
        PATIENT_TYPE,
        ("day:image_batches", f"{PATIENT}/2016-10-18", uid(1)),
        ("day:image_batches", f"{PATIENT}/2016-10-18", uid(2)),
        ("day:image_batches", f"{PATIENT}/unknown", uid(3)),
        ("day:image_batches", f"{uid(9)}/2016-10-19", uid(4)),
    )
    batches, images = staged_images(row(1), row(2, date=None), state=state)
    assert dict(zip(cells(batches, "source_key"), cells(batches, "id"), strict=True)) == {
        BATCH_KEY: uid(1),
        f"{key(1)}/unknown": uid(3),
    }
    assert cells(images, "batch_id") == [uid(1), uid(3)]


def test_a_batch_of_the_patients_former_uuid_is_theirs_where_they_have_none() -> None:
    former: StateRow = ("former:patients", uid(66), key(1))
    lost: StateRow = ("day:image_batches", f"{uid(66)}/2016-10-18", uid(1))
    own: StateRow = ("day:image_batches", f"{PATIENT}/2016-10-18", uid(2))
    assert adopted_batch(former, lost) == uid(1)
    assert adopted_batch(former, lost, own) == uid(2)
    assert adopted_batch(former, own, ("identity:image_batches", BATCH_KEY, uid(3))) == uid(3)


def test_of_several_batches_of_the_day_the_one_with_the_images_is_taken() -> None:
    days: list[StateRow] = [("day:image_batches", f"{PATIENT}/2016-10-18", uid(n)) for n in (1, 2, 3)]
    images = [*bulk(1, uid(11)), *bulk(2, uid(12)), *bulk(3, uid(13))]
    inside = [*held(uid(2), uid(11)), *held(uid(3), uid(12), uid(13))]
    assert adopted_batch(*days, *images, *inside, rows=3) == uid(3)
    assert adopted_batch(*days, *images, rows=3) == uid(1)


def test_of_two_imports_of_the_day_the_batch_is_taken_whose_images_are() -> None:
    days: list[StateRow] = [("day:image_batches", f"{PATIENT}/2016-10-18", uid(n)) for n in (1, 2)]
    fetched: list[StateRow] = [("claim:images", image(1), uid(12))]
    both = [*bulk(1, uid(11)), *held(uid(1), uid(11)), *held(uid(2), uid(12))]
    assert adopted_batch(*days, *fetched, *both) == uid(2)


def test_a_batch_of_nobody_known_is_the_one_that_all_its_images_go_to() -> None:
    images = [*bulk(1, uid(11)), *bulk(2, uid(12))]
    assert adopted_batch(*images, *held(uid(8), uid(11), uid(12)), rows=2) == uid(8)
    strayed = held(uid(8), uid(11), uid(99))
    assert adopted_batch(*images, *strayed, rows=2) == derived_id("image_batches", BATCH_KEY)


def test_a_batch_whose_images_go_to_two_days_is_neithers() -> None:
    images = [*bulk(1, uid(11)), *bulk(2, uid(12)), *held(uid(8), uid(11), uid(12))]
    batches, _ = staged_images(row(1), row(2, date=None), state=state_of(PATIENT_TYPE, *images))
    assert uid(8) not in cells(batches, "id")


def test_the_day_comes_before_the_contents_but_an_empty_batch_after_them() -> None:
    empty: StateRow = ("day:image_batches", f"{PATIENT}/2016-10-18", uid(7))
    renamed = [*bulk(1, uid(11)), *held(uid(8), uid(11))]
    assert adopted_batch(empty, *renamed) == uid(8)
    filled = [*bulk(2, uid(12)), *held(uid(7), uid(12))]
    assert adopted_batch(empty, *renamed, *filled, rows=2) == uid(7)
    assert adopted_batch(empty) == uid(7)


def test_a_batch_with_the_images_that_are_adopted_comes_before_one_of_the_day_with_their_doubles() -> None:
    fetched: StateRow = ("claim:images", image(1), uid(10))
    known = [
        fetched,
        *bulk(1, uid(11)),
        ("day:image_batches", f"{PATIENT}/2016-10-18", uid(7)),
        *held(uid(7), uid(11)),
    ]
    assert adopted_batch(*known) == uid(7)
    assert adopted_batch(*known, *held(uid(8), uid(10))) == uid(8)


def test_an_image_that_is_left_over_counts_for_the_batch_it_would_go_to() -> None:
    known = [
        ("claim:images", image(1), uid(10)),
        *bulk(1, uid(11)),
        *held(uid(8), uid(11)),
        *held(uid(7), uid(99)),
    ]
    assert adopted_batch(*known) == uid(8)
