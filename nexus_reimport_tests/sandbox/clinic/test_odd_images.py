"""Files that are no pictures, and rows that contradict each other: each is what its name says."""

import io
import warnings
from collections import Counter

import pillow_heif
import pytest
from PIL import Image

from nexus_reimport.sandbox.clinic import SyntheticClinic, with_odd_images
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER
from nexus_reimport.sandbox.clinic.odd_images import ODD_FILES, odd_recids

pillow_heif.register_heif_opener()

READABLE = {"strip", "one_pixel"}
BOMBS = {"bomb_png": 900_000_000, "bomb_jpeg_header": 65_500**2}
# Half a file of these is shown by some programs and refused by others.
FORGIVEN = {"garbage_inside_jpeg"}


def test_the_clinic_itself_stays_as_it_is(small: SyntheticClinic) -> None:
    odd = with_odd_images(small)
    assert {entry.key for entry in small.objects} < {entry.key for entry in odd.objects}
    assert odd.image_csv_rows[: len(small.image_csv_rows)] == small.image_csv_rows
    assert odd.expected == small.expected
    assert not list(odd_recids(small))


def test_each_odd_file_has_a_row_and_a_place_in_the_books(small: SyntheticClinic) -> None:
    odd = with_odd_images(small)
    rows = {str(row.recid): row for row in odd.image_csv_rows}
    bodies = {entry.key: entry.body for entry in odd.objects}
    for name, (extension, make) in ODD_FILES.items():
        (recid,) = odd.dirt[f"odd_image_{name}"]
        assert rows[recid].key == f"{IMAGES_FOLDER}{recid}.{extension}"
        assert bodies[f"{IMAGES_FOLDER}{recid}.{extension}"] == make()
        assert recid.encode() in odd.image_csv


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_is_readable_only_where_its_name_says_so(name: str) -> None:
    body = ODD_FILES[name][1]()
    assert len(body) < 2_000_000
    if name in BOMBS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(Image.DecompressionBombError, match=str(BOMBS[name])):
                Image.open(io.BytesIO(body))
    elif name in READABLE:
        Image.open(io.BytesIO(body)).load()
    elif name not in FORGIVEN:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises((OSError, SyntaxError, ValueError, EOFError, IndexError)):
                Image.open(io.BytesIO(body)).load()


def test_rows_contradict_each_other_as_named(small: SyntheticClinic) -> None:
    odd = with_odd_images(small)
    named = {name: keys[0] for name, keys in odd.dirt.items() if name.startswith("odd_r")}
    lines = Counter(line.rsplit(b",", 1)[0] for line in odd.image_csv.splitlines())
    types = Counter((str(row.recid), row.type) for row in odd.image_csv_rows)
    same, different = named["odd_row_twice_the_same"], named["odd_row_twice_and_different"]
    assert max(lines.values()) == 2
    assert types[same, "Odd"] == 2
    assert types[different, "Odd"] == types[different, "Otherwise"] == 1
    stems = Counter(entry.key.removeprefix(IMAGES_FOLDER).partition(".")[0] for entry in odd.objects)
    assert stems[named["odd_recid_with_two_files"]] == 2
    contacts = {str(row.recid): row.contact for row in odd.image_csv_rows}
    known = {str(row["id"]).upper() for row in odd.entities["API_Contacts"]}
    assert contacts[named["odd_row_of_nobody"]] == ""
    assert contacts[named["odd_row_of_unknown_patient"]] not in known
