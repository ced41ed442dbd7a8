"""The clinic's photographs: counted by other means than the generator's, and looked at as a viewer would."""

import csv
import io
import re
from collections import Counter
from datetime import date, datetime

import pillow_heif
import pytest
from PIL import Image, ImageOps

from nexus_reimport.sandbox.clinic import ImageRow, SyntheticClinic, next_image_csv, synthetic_clinic
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER
from nexus_reimport.sandbox.clinic.objects import ClinicObject, Photograph
from nexus_reimport.sandbox.clinic.photographs import BLUE, GREEN, POOL, RED, base_picture
from nexus_reimport.sandbox.clinic.picture_formats import FORMATS, NOWHERE
from nexus_reimport.sandbox.clinic.picture_marks import mark

pillow_heif.register_heif_opener()

Record = dict[str, str]
GPS = 0x8825
# Without colours, or with those of a profile that Pillow does not heed by itself.
UNCOLOURED = {"jpeg_grey", "jpeg_other_profile", "png_one_bit", "png_16_bit_grey", "tiff_16_bit_grey"}


def records(content: bytes) -> list[Record]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def files(clinic: SyntheticClinic) -> dict[str, ClinicObject]:
    """The image files by stem: no folder marker, no thumbnail."""
    keys = re.compile(re.escape(IMAGES_FOLDER) + r"(\d+)\.\w+")
    return {found[1]: entry for entry in clinic.objects if (found := keys.fullmatch(entry.key))}


def american(text: str) -> date | None:
    return datetime.strptime(text, "%m/%d/%Y").date() if text else None  # noqa: DTZ007 - a day has no zone


def batches(clinic: SyntheticClinic) -> Counter[tuple[str, date | None]]:
    stems = files(clinic)
    rows = [row for row in records(clinic.image_csv) if row["recid"] in stems]
    return Counter((row["id_Contact"].lower(), american(row["date"])) for row in rows)


def test_the_whole_clinic_has_the_real_clinics_photographs(whole: SyntheticClinic) -> None:
    rows, stems = records(whole.image_csv), files(whole)
    recids = {row["recid"] for row in rows}
    assert (len(rows), len(recids), len(stems)) == (6662, 6662, 6490)
    assert (len(recids & stems.keys()), len(stems.keys() - recids)) == (6489, 1)
    assert len(recids - stems.keys()) == 173
    assert sum(batches(whole).values()) == 6489
    assert (len(batches(whole)), len({contact for contact, _ in batches(whole)})) == (1661, 1303)
    assert sum(day is None for _, day in batches(whole)) > 10


@pytest.mark.parametrize("scale", [0.005, 0.02, 0.1])
def test_the_books_say_what_the_rows_and_files_say(scale: float) -> None:
    clinic = synthetic_clinic(scale)
    found, counted = batches(clinic), clinic.expected
    assert counted["images"]["published"] == sum(found.values())
    assert counted["images"]["read"] == len(files(clinic)) == sum(found.values()) + 1
    assert counted["image_batches"]["published"] == len(found)
    assert {row.batch for row in clinic.image_csv_rows if row.key} == found.keys()
    missing = {row["recid"] for row in records(clinic.image_csv)} - files(clinic).keys()
    assert missing == set(clinic.dirt["image_without_file"])


def test_every_image_belongs_to_a_patient_of_the_clinic(whole: SyntheticClinic) -> None:
    contacts = {str(row["id"]).lower() for row in whole.entities["API_Contacts"]}
    contacts -= whole.rejected["patients"].keys()
    assert {row["id_Contact"].lower() for row in records(whole.image_csv)} <= contacts


def test_the_export_looks_like_filemakers(whole: SyntheticClinic) -> None:
    content = whole.image_csv
    assert content.startswith(
        b"\xef\xbb\xbfdate,fileName,id,id_Contact,Name_of_file,NexusExportDate,recid,Type\r\n"
    )
    assert content.count(b"\n") == content.count(b"\r\n") == 6663
    rows = records(content)
    types = {row["Type"] for row in rows}
    assert {" Left Planter ", "Shoe Box", ""} <= types
    assert any(len(one) > 100 for one in types)
    assert any("\x0b" in one for one in types)
    assert {row["id"] for row in rows} == {row["id"].upper() for row in rows}
    mixed = {row["recid"] for row in rows if row["id_Contact"] != row["id_Contact"].upper()}
    assert mixed == set(whole.dirt["mixed_case_patient_of_image"]) != set()
    assert any(int(row["date"][3:5]) > 12 for row in rows if row["date"])


def test_filemaker_has_the_rows_of_the_export_and_two_more(whole: SyntheticClinic) -> None:
    entities = {str(row["recid"]): row for row in whole.entities["API_Images"]}
    exported = records(whole.image_csv)
    assert (len(entities), len(exported)) == (6664, 6662)
    for row in exported:
        entity, day = entities[row["recid"]], american(row["date"])
        assert (entity["id"], entity["id_Contact"]) == (row["id"], row["id_Contact"])
        assert entity["date"] == (day.isoformat() if day else None)
    assert {str(row.recid) for row in whole.later_images} == entities.keys() - {
        row["recid"] for row in exported
    }


def test_the_next_export_changes_five_types_and_adds_two_rows(whole: SyntheticClinic) -> None:
    before, after = records(whole.image_csv), records(next_image_csv(whole))
    changed = [(old, new) for old, new in zip(before, after, strict=False) if old != new]
    assert len(changed) == 5
    assert all({**old, "Type": new["Type"]} == new for old, new in changed)
    assert len(after) == len(before) + 2
    stems = files(whole)
    assert [row["recid"] in stems for row in after[-2:]] == [True, False]
    assert {row["recid"] for row in after[-2:]}.isdisjoint(row["recid"] for row in before)


def test_a_known_share_of_the_photographs_has_twelve_megapixels(whole: SyntheticClinic) -> None:
    largest = [row for row in whole.image_csv_rows if row.base.startswith("12mp")]
    assert len(largest) == 130 == len(whole.dirt["picture_of_12_megapixels"])
    for place in range(POOL["12mp"]):
        with Image.open(io.BytesIO(base_picture(f"12mp-{place}"))) as picture:
            assert sorted(picture.size) == [3024, 4032]
        assert 2_000_000 < len(base_picture(f"12mp-{place}")) < 4_000_000


def test_every_odd_kind_is_there_at_any_scale(small: SyntheticClinic, whole: SyntheticClinic) -> None:
    assert {len(whole.dirt[f"picture_{name}"]) for name in FORMATS} == {8}
    assert all(small.dirt[f"picture_{name}"] for name in FORMATS)


def corners(picture: Image.Image) -> list[tuple[int, ...]]:
    shown = ImageOps.exif_transpose(picture).convert("RGB")
    across, down = shown.width // 12, shown.height // 12
    places = [(across, down), (shown.width - across, down), (across, shown.height - down)]
    return [tuple(int(level) for level in shown.getpixel(place)) for place in places]  # type: ignore[union-attr]  # RGB


def is_near(colour: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(level - other) < 25 for level, other in zip(colour, wanted, strict=True))


@pytest.mark.parametrize("name", [*FORMATS, "12mp-2", "large-0", "medium-1", "small-2"])
def test_a_picture_is_readable_upright_and_its_mark_changes_no_colour(name: str) -> None:
    plain = base_picture(name)
    marked = [mark(plain, f"recid {place}").into(plain) for place in (995, 17000)]
    assert len({plain, *marked}) == 3
    pictures = [Image.open(io.BytesIO(body)) for body in (plain, *marked)]
    for picture in pictures:
        picture.load()
    if name != "bmp":
        assert len({picture.convert("RGBA").tobytes() for picture in pictures}) == 1
    found = corners(pictures[1])
    if name not in UNCOLOURED:
        assert all(map(is_near, found, (RED, BLUE, GREEN))), found
    assert pictures[1].width >= 240


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_photograph_says_how_where_and_with_what_it_was_taken(turn: int) -> None:
    with Image.open(io.BytesIO(base_picture(f"jpeg_turned_{turn}"))) as picture:
        tags = picture.getexif()
        assert tags[0x0112] == turn
        assert tags[0x010F] == "Example"
        assert tags.get_ifd(GPS)[2] == NOWHERE[2]


def test_a_profile_swaps_red_and_green_back_for_who_heeds_it() -> None:
    with Image.open(io.BytesIO(base_picture("jpeg_other_profile"))) as picture:
        assert len(picture.info["icc_profile"]) > 300
        assert is_near(corners(picture)[0], (RED[1], RED[0], RED[2]))


def test_no_two_photographs_are_the_same_file(small: SyntheticClinic) -> None:
    bodies = [entry.body for entry in small.objects if isinstance(entry.content, Photograph)]
    assert len(set(bodies)) == len(bodies) > 100


def test_thumbnails_left_behind_lie_beside_their_originals(small: SyntheticClinic) -> None:
    thumbnails = [entry.key for entry in small.objects if entry.key.endswith("_thumb.jpg")]
    assert len(thumbnails) == 3
    stems = {key.removeprefix(IMAGES_FOLDER).removesuffix("_thumb.jpg") for key in thumbnails}
    assert stems <= files(small).keys()


def test_names_do_not_always_say_what_the_bytes_are(small: SyntheticClinic) -> None:
    (recid, *_) = small.dirt["picture_png_named_jpg"]
    entry = files(small)[recid]
    assert entry.key.endswith(".jpg")
    assert entry.body.startswith(b"\x89PNG")


def test_a_batch_is_the_patient_in_lower_case_and_the_day() -> None:
    row = ImageRow(1, "ID", "7B1F09C2", date(2016, 10, 18), "", "", date(2025, 6, 1), None)
    assert row.batch == ("7b1f09c2", date(2016, 10, 18))
