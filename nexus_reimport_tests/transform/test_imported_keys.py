"""Whose FileMaker id is in the key of an imported file."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.imported_keys import ID_PREFIXES, filemaker_id_in, filemaker_part

FILED, FETCHED = ID_PREFIXES
DOC = "0d7c4e5a-1111-4222-8333-444455556666"
PATIENT, RANDOM = "7b1f09c2-0000-4000-8000-000000000001", "99999999-0000-4000-8000-999999999999"

TEXT_PARTS = st.text("abcxyz-_ ", min_size=1, max_size=12)
UUIDS = st.uuids().map(str)


@pytest.mark.parametrize(
    "key",
    [
        f"{FILED}{PATIENT}/erf/{DOC}.pdf",
        f"{FILED}{PATIENT}/erf/{DOC.upper()}.PDF",
        f"{FILED}{PATIENT}/erf/{DOC.upper()}.pdf/{RANDOM}.pdf",
        f"{FILED}unlinked/file-notes/{DOC}.pdf/{RANDOM}.pdf",
        f"{FILED}{PATIENT}/{DOC}.pdf/{RANDOM}.pdf",
        f"{FILED}{DOC}.pdf",
        f"{FILED}{DOC}.pdf/{RANDOM}.pdf",
        f"{FILED}{PATIENT}/erf/{DOC}/{RANDOM}.pdf",
        f"{FILED}{PATIENT}/erf/{DOC}",
        f"{FILED}{PATIENT}/p.o./{DOC}.pdf/{RANDOM}.pdf",
        f"{FILED}{PATIENT}/p.o./{DOC}.pdf",
        f"{FETCHED}{PATIENT}/10/18/2016/{DOC}.jpg/{RANDOM}.jpg",
        f"{FETCHED}{PATIENT}/2016-10-18/{DOC}.jpg",
    ],
)
def test_the_id_is_found_in_any_part_and_never_the_random_one(key: str) -> None:
    assert filemaker_id_in(key) == DOC


@pytest.mark.parametrize(
    "key",
    [
        f"{FILED}{PATIENT}/erf/scan 3.pdf",
        f"{FILED}{PATIENT}/erf/scan 3.pdf/{RANDOM}.pdf",
        f"{FILED}{PATIENT}",
        f"{FETCHED}{PATIENT}/2016-10-18/{DOC}_thumb.jpg",
        f"images/{PATIENT}/{RANDOM}/{DOC}.jpg",
        f"documents/{DOC}.pdf",
        "filemaker-import/images-bulk-dump/995.jpg",
        f"filemaker-import/images-bulk-dump/{DOC}.jpg",
    ],
)
def test_no_id_is_made_out_of_what_is_none(key: str) -> None:
    expected = PATIENT if key == f"{FILED}{PATIENT}" else None
    assert filemaker_id_in(key) == expected


def test_the_thumbnail_that_was_uploaded_as_a_folder_is_nobodys_image() -> None:
    thumbnail = f"{FETCHED}{PATIENT}/10/18/2016/{DOC}_thumb.jpg/{RANDOM}.jpg_thumb"
    assert filemaker_id_in(thumbnail) is None


@given(st.sampled_from(ID_PREFIXES), UUIDS, st.lists(TEXT_PARTS, max_size=4), UUIDS, UUIDS)
def test_the_helpers_folder_gives_the_same_id_as_the_plain_form(
    prefix: str, patient: str, folders: list[str], document: str, name: str
) -> None:
    plain = prefix + "/".join([patient, *folders, f"{document.upper()}.pdf"])
    assert filemaker_id_in(plain) == filemaker_id_in(f"{plain}/{name}.pdf") == str(uuid.UUID(document))
    assert filemaker_part(f"{plain}/{name}.pdf") == f"{document.upper()}.pdf"
