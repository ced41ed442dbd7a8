"""What checks find of photographs: every object answered for, every thumbnail there."""

from dataclasses import replace

import pandas as pd
import pytest

from nexus_reimport.model.nexus import IMAGE_BATCHES, IMAGES
from nexus_reimport.orchestration.assets.publishing import staged_table
from nexus_reimport.pictures.thumbnail_record import facts_frame
from nexus_reimport.pictures.thumbnailing import ThumbnailFact
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate.findings import ended_finding, images_accounting_finding, thumbnails_finding
from nexus_reimport_tests.transform.image_records import (
    Fields,
    csv_rejects_of,
    object_key,
    objects_of,
    row,
    staged_images,
    thumbnails_of,
)

BROKEN: Fields = {"fault": "truncated"}
NAMES = (
    "1.jpg",
    "2.jpg",
    "2.png",
    "3.jpg",
    "IMG_7.JPG",
    "Thumbs.db",
    "Somebody's toe 4.jpg",
    ".x",
    "8",
    "9.9.jpg",
)


@pytest.fixture
def listed() -> pd.DataFrame:
    """Objects of every kind of name; which of them become images is not what matters here."""
    return objects_of(*NAMES)


@pytest.fixture
def staged(listed: pd.DataFrame) -> Staged:
    """The first two of them are images, the third is a rival of the second, the fourth is broken."""
    made = thumbnails_of(listed, _3=BROKEN)
    _, images = staged_images(row(1), row(2), row(3), row(5), objects=listed, thumbnails=made)
    assert (len(images.rows), len(images.rejects)) == (2, len(NAMES) - 2)
    return images


def keys_of(listing: pd.DataFrame) -> list[str]:
    return list(map(str, listing["key"]))


def test_every_object_is_staged_or_rejected_whatever_its_name(listed: pd.DataFrame, staged: Staged) -> None:
    finding = images_accounting_finding(keys_of(listed), staged)
    assert finding.passed
    assert finding.facts == {"read": 10, "staged": 2, "rejected": 8}
    assert finding.says == "10 images = 2 staged + 8 rejected."


def test_two_broken_files_of_one_name_are_two() -> None:
    listed = objects_of("2.jpg", "2.png")
    made = thumbnails_of(listed, _2=BROKEN)
    _, images = staged_images(row(2), objects=listed, thumbnails=made)
    assert images_accounting_finding(keys_of(listed), images).passed


def test_an_object_that_nobody_answers_for_is_found(listed: pd.DataFrame, staged: Staged) -> None:
    for place in range(len(staged.rows)):
        rows = staged.rows.drop(staged.rows.index[place])
        finding = images_accounting_finding(keys_of(listed), replace(staged, rows=rows))
        assert not finding.passed
        assert "unaccounted for" in finding.says
    for place in range(len(staged.rejects)):
        rejects = staged.rejects.drop(staged.rejects.index[place])
        finding = images_accounting_finding(keys_of(listed), replace(staged, rejects=rejects))
        assert not finding.passed
        assert finding.facts["rejected"] == len(staged.rejects) - 1


def test_an_answer_for_an_object_that_is_not_listed_is_found(listed: pd.DataFrame, staged: Staged) -> None:
    listing = [key for key in keys_of(listed) if key != object_key("1.jpg")]
    finding = images_accounting_finding(listing, staged)
    assert not finding.passed
    assert "0 images are unaccounted for and 1 come from nowhere" in finding.says
    more = pd.concat([staged.rejects, csv_rejects_of(("77", "recid", "bad_recid"))], ignore_index=True)
    finding = images_accounting_finding(keys_of(listed), replace(staged, rejects=more))
    assert finding.facts["first_keys"] == ["77"]


def test_an_image_staged_twice_is_found(listed: pd.DataFrame, staged: Staged) -> None:
    rows = pd.concat([staged.rows, staged.rows.iloc[:1]], ignore_index=True)
    assert not images_accounting_finding(keys_of(listed), replace(staged, rows=rows)).passed


def test_no_words_of_a_file_name_are_shown(listed: pd.DataFrame, staged: Staged) -> None:
    nobody = replace(staged, rejects=staged.rejects.iloc[:0])
    finding = images_accounting_finding(keys_of(listed), nobody)
    assert not finding.passed
    assert "toe" not in f"{finding.says} {finding.facts}"


MADE = ThumbnailFact("a/1.jpg", "e1", 4, 3, "image/jpeg", "a/1_thumb.jpg", 77, thumbnail_etag="s1")
BAD = ThumbnailFact("a/2.jpg", "e2", fault="truncated")
THERE = {"a/1_thumb.jpg": (77, "s1")}
LISTED = pd.DataFrame({"key": ["a/1.jpg", "a/2.jpg"], "etag": ["e1", "e2"]})


def test_each_image_has_its_thumbnail_in_the_bucket_or_a_reason() -> None:
    finding = thumbnails_finding(LISTED, facts_frame([MADE, BAD]), THERE)
    assert finding.passed
    assert finding.facts == {"images": 2, "unanswered": 0, "lost": 0}


@pytest.mark.parametrize(
    ("facts", "uploaded", "unanswered", "lost", "keys"),
    [
        ([MADE], THERE, 1, 0, ["a/2.jpg"]),
        ([replace(MADE, etag="e0"), BAD], THERE, 1, 0, ["a/1.jpg"]),
        ([MADE, BAD], {}, 0, 1, ["a/1.jpg"]),
        ([MADE, BAD], {"a/1_thumb.jpg": (78, "s1")}, 0, 1, ["a/1.jpg"]),
        ([MADE, BAD], {"a/1_thumb.jpg": (77, "s2")}, 0, 1, ["a/1.jpg"]),
        ([replace(MADE, thumbnail_key=None), BAD], THERE, 0, 1, ["a/1.jpg"]),
        ([], {}, 2, 0, ["a/1.jpg", "a/2.jpg"]),
    ],
    ids=[
        "not looked at",
        "looked at as it was",
        "deleted",
        "replaced",
        "as long, not the same",
        "never made",
        "nothing known",
    ],
)
def test_a_thumbnail_that_is_missing_is_named(
    facts: list[ThumbnailFact],
    uploaded: dict[str, tuple[int, str]],
    unanswered: int,
    lost: int,
    keys: list[str],
) -> None:
    finding = thumbnails_finding(LISTED, facts_frame(facts), uploaded)
    assert not finding.passed
    assert finding.facts == {"images": 2, "unanswered": unanswered, "lost": lost, "first_keys": keys}
    assert "Materialize thumbnails again" in finding.says


def test_the_publication_is_told_which_files_metadata_names(listed: pd.DataFrame, staged: Staged) -> None:
    named = set(staged_table(IMAGES, staged).named)
    assert {"2", "3", "5"} <= named  # a rival of an image, a broken file, a row without a file
    assert named.isdisjoint({"img_7", "8", ".x", "thumbs"})


def test_of_other_tables_no_file_is_named() -> None:
    batches, _ = staged_images(row(1))
    assert staged_table(IMAGE_BATCHES, batches).named == ()


def test_an_export_whose_last_line_has_no_end_is_worth_a_look() -> None:
    assert ended_finding(1).passed
    for told in (0, -1):
        finding = ended_finding(told)
        assert not finding.passed
        assert "cut in its last field" in finding.says
