"""Documents."""

from datetime import date, timedelta

import pytest

from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.nexus import DOCUMENTS
from nexus_reimport.transform.exceptions import MissingContentTypeError
from nexus_reimport.transform.identity import derived_id
from nexus_reimport.transform.text import natural_key
from nexus_reimport_tests.transform.records import (
    AS_OF,
    PATIENT_TYPE,
    PREFIX,
    Record,
    cell,
    cells,
    contact,
    documents_of,
    fm,
    key,
    listing,
    parsed,
    patients_of,
    reasons,
    seconds,
    state_of,
    uid,
)

PATIENT = derived_id("patients", key(1))


def doc(number: int, **fields: str | None) -> Record:
    return {"id": fm(400 + number), "id_Contact": fm(1), **fields}


def path(number: int, extension: str = "pdf", folder: str = "x/quote") -> str:
    return f"{PREFIX}{folder}/{key(400 + number)}.{extension}"


def test_a_record_with_a_file_becomes_a_document() -> None:
    record = doc(1, Type="File Notes", Date="2016-10-18", id_Order="o-1", NexusExportDate="2024-01-01")
    staged = documents_of(record, files=listing((path(1), 1234)))
    assert cell(staged, "id") == derived_id("documents", key(401))
    assert (cell(staged, "object_id"), cell(staged, "content_type_id")) == (PATIENT, 17)
    assert cell(staged, "file_name") == cell(staged, "original_name") == f"{key(401)}.pdf"
    assert (cell(staged, "file_size"), cell(staged, "mime_type")) == (1234, "application/pdf")
    assert (cell(staged, "s3_bucket"), cell(staged, "s3_key"), cell(staged, "s3_url")) == (
        "clinic-bucket",
        path(1),
        "",
    )
    assert (cell(staged, "category"), cell(staged, "document_date")) == ("file-notes", date(2016, 10, 18))
    assert (cell(staged, "description"), cell(staged, "tags")) == ("", "[]")
    assert (cell(staged, "uploaded_by"), cell(staged, "is_active")) == ("FileMaker Import", True)
    assert cell(staged, "filemaker_id") == key(401)
    assert cell(staged, "updated_at") == AS_OF
    assert seconds(staged, "uploaded_at") == ["2016-10-14T00:02:28+00:00"]
    assert parsed(staged, "filemaker_metadata") == {
        "filemaker_id": key(401),
        "type": "File Notes",
        "id_order": "o-1",
        "nexus_export_date": "2024-01-01",
        "imported_at": "2026-07-01T02:30:00+00:00",
        "import_source": "filemaker",
    }
    assert reasons(staged.warnings) == []
    assert failures(schema_of(DOCUMENTS.staged), staged.rows, "source_key").empty


def test_a_record_without_a_file_is_rejected() -> None:
    staged = documents_of(doc(1), doc(2), files=listing((path(2), 1)))
    assert reasons(staged.rejects) == [(key(401), "id", "no_file")]
    assert staged.read == 2


@pytest.mark.parametrize("link", [None, "", "12", fm(9)])
def test_a_document_whose_patient_is_not_known_is_kept_pointing_at_nobody(link: str | None) -> None:
    staged = documents_of(doc(1, id_Contact=link))
    assert (cell(staged, "object_id"), cell(staged, "content_type_id")) == (None, None)
    assert reasons(staged.warnings) == [(key(401), "object_id", "patient_not_found")]
    assert staged.rejects.empty


def test_a_document_of_a_patient_living_in_nexus_only_is_linked() -> None:
    state = state_of(PATIENT_TYPE, ("live:patients", key(7), uid(7)))
    staged = documents_of(doc(1, id_Contact=fm(7)), state=state)
    assert (cell(staged, "object_id"), cell(staged, "content_type_id")) == (uid(7), 17)


def test_a_document_is_never_unlinked_because_of_a_limit() -> None:
    people = patients_of(contact(1), contact(2), limit=1)
    staged = documents_of(doc(1), doc(2, id_Contact=fm(2)), doc(3, id_Contact=fm(9)), patients=people)
    assert reasons(staged.rejects) == [(key(402), "id_Contact", "limit")]
    assert cells(staged, "object_id") == [PATIENT, None]


def test_without_the_patients_content_type_nothing_is_staged() -> None:
    with pytest.raises(MissingContentTypeError):
        documents_of(doc(1), state=state_of())


def test_a_file_is_found_by_its_stem_in_any_case_under_any_patient() -> None:
    shouted = f"{PREFIX}{uid(99)}/ERF/{fm(401)}.PDF"
    staged = documents_of(doc(1), files=listing((shouted, 5)))
    assert (cell(staged, "s3_key"), cell(staged, "mime_type")) == (shouted, "application/pdf")


def test_of_several_files_the_last_modified_counts_then_the_first_key() -> None:
    old = AS_OF - timedelta(days=1)
    newest = documents_of(doc(1), files=listing((path(1, "a"), 1, old), (path(1, "z"), 2, AS_OF)))
    assert cell(newest, "s3_key") == path(1, "z")
    assert reasons(newest.warnings) == [(key(401), "s3_key", "several_files")]
    tie = documents_of(doc(1), files=listing((path(1, "z"), 1, AS_OF), (path(1, "a"), 2, AS_OF)))
    assert cell(tie, "s3_key") == path(1, "a")


def test_a_file_without_a_record_is_warned_of_by_its_id() -> None:
    staged = documents_of(doc(1), files=listing((path(1), 1), (path(2), 1)))
    assert reasons(staged.warnings) == [(key(402), "s3_key", "no_metadata")]


def test_a_file_whose_name_is_no_id_is_warned_of_by_its_etag() -> None:
    staged = documents_of(doc(1), files=listing((path(1), 1), (f"{PREFIX}x/Ada Byron.pdf", 1)))
    assert reasons(staged.warnings) == [("etag:tag1", "s3_key", "no_metadata")]


def test_only_files_under_the_documents_prefix_count() -> None:
    elsewhere = [
        f"images/{key(401)}.pdf",
        f"old/{path(1)}",
        f"{PREFIX}x/{key(401)}.pdf/",
        PREFIX,
    ]
    staged = documents_of(doc(1), files=listing(*((one, 1) for one in elsewhere)))
    assert reasons(staged.rejects) == [(key(401), "id", "no_file")]
    assert staged.warnings.empty


@pytest.mark.parametrize(
    ("extension", "mime_type"),
    [
        ("pdf", "application/pdf"),
        ("JPG", "image/jpeg"),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("tif", "image/tiff"),
        ("xyz", "application/octet-stream"),
    ],
)
def test_the_extension_says_what_a_file_is(extension: str, mime_type: str) -> None:
    assert cell(documents_of(doc(1), files=listing((path(1, extension), 1))), "mime_type") == mime_type


def test_a_file_without_an_extension_is_found_by_its_whole_name() -> None:
    file = f"{PREFIX}x/quote/{key(401)}"
    staged = documents_of(doc(1), files=listing((file, 1)))
    assert (cell(staged, "s3_key"), cell(staged, "mime_type")) == (file, "application/octet-stream")


RANDOM = "99999999-0000-4000-8000-999999999999"


def uploaded(number: int, name: str = RANDOM) -> str:
    """The key that Nexus's upload made of a path: a folder with a random name in it."""
    return f"{path(number)}/{name}.pdf"


def test_a_file_that_was_uploaded_into_a_folder_of_its_id_is_the_documents_and_has_its_name() -> None:
    staged = documents_of(doc(1), files=listing((uploaded(1), 5)))
    assert (cell(staged, "s3_key"), cell(staged, "file_size")) == (uploaded(1), 5)
    assert cell(staged, "file_name") == cell(staged, "original_name") == f"{key(401)}.pdf"
    assert cell(staged, "mime_type") == "application/pdf"
    assert reasons(staged.warnings) == []


def test_a_random_name_is_never_taken_for_filemakers_id() -> None:
    staged = documents_of(doc(1), doc(2), files=listing((uploaded(1, name=key(402)), 5)))
    assert cells(staged, "source_key") == [key(401)]
    assert reasons(staged.rejects) == [(key(402), "id", "no_file")]
    gone = documents_of(doc(2), files=listing((uploaded(1, name=key(402)), 5)))
    assert reasons(gone.rejects) == [(key(402), "id", "no_file")]
    assert reasons(gone.warnings) == [(key(401), "s3_key", "no_metadata")]


def test_a_file_whose_row_failed_becomes_a_document() -> None:
    staged = documents_of(doc(1), files=listing((uploaded(1), 5)), state=state_of(PATIENT_TYPE))
    assert cell(staged, "id") == derived_id("documents", key(401))


def test_a_document_is_known_by_its_column_and_then_by_the_id_in_its_key() -> None:
    in_key, by_column = ("key_id:documents", key(401), uid(1)), ("claim:documents", key(401), uid(2))
    assert cell(documents_of(doc(1), state=state_of(PATIENT_TYPE, in_key)), "id") == uid(1)
    assert cell(documents_of(doc(1), state=state_of(PATIENT_TYPE, in_key, by_column)), "id") == uid(2)


def test_a_filemaker_id_that_another_living_row_carries_is_not_taken_from_it() -> None:
    kept, made_since = ("identity:documents", key(401), uid(1)), ("claim:documents", key(401), uid(2))
    staged = documents_of(doc(1), state=state_of(PATIENT_TYPE, kept, made_since))
    assert (cell(staged, "id"), cell(staged, "filemaker_id")) == (uid(1), None)
    assert reasons(staged.warnings) == [(key(401), "id", "claimed_twice")]
    own = documents_of(doc(1), state=state_of(PATIENT_TYPE, kept, ("key_id:documents", key(401), uid(2))))
    assert (cell(own, "id"), cell(own, "filemaker_id")) == (uid(1), key(401))


def test_of_several_files_the_one_whose_row_is_in_nexus_counts_whichever_is_newer() -> None:
    old = AS_OF - timedelta(days=1)
    files = listing((uploaded(1), 1, old), (uploaded(1, name=uid(5)), 2, AS_OF))
    held = ("file:documents", natural_key(uploaded(1)), uid(1))
    staged = documents_of(doc(1), files=files, state=state_of(PATIENT_TYPE, held))
    assert (cell(staged, "s3_key"), cell(staged, "file_size")) == (uploaded(1), 1)
    assert reasons(staged.warnings) == [(key(401), "s3_key", "several_files")]


def test_a_key_that_does_not_fit_is_rejected_not_cut() -> None:
    room = 512 - len(path(1, folder=""))
    fits = documents_of(doc(1), files=listing((path(1, folder="x" * room), 1)))
    assert len(str(cell(fits, "s3_key"))) == 512
    longer = documents_of(doc(1), files=listing((path(1, folder="x" * (room + 1)), 1)))
    assert reasons(longer.rejects) == [(key(401), "id", "key_too_long")]


def test_a_size_that_does_not_fit_is_rejected() -> None:
    assert cell(documents_of(doc(1), files=listing((path(1), 2**31 - 1))), "file_size") == 2**31 - 1
    assert reasons(documents_of(doc(1), files=listing((path(1), 2**31))).rejects) == [
        (key(401), "id", "file_too_big")
    ]


def test_a_file_name_that_does_not_fit_is_cut() -> None:
    staged = documents_of(doc(1), files=listing((path(1, "x" * 300, folder="f"), 1)))
    assert len(str(cell(staged, "file_name"))) == len(str(cell(staged, "original_name"))) == 255
    assert reasons(staged.warnings) == [(key(401), "file_name", "too_long")]


def test_a_long_type_is_cut_as_category_and_whole_beside() -> None:
    assert cell(documents_of(doc(1, Type="t" * 100)), "category") == "t" * 100
    longer = documents_of(doc(1, Type="t" * 101))
    assert cell(longer, "category") == "t" * 100
    assert parsed(longer, "filemaker_metadata")["type"] == "t" * 101
    assert reasons(longer.warnings) == [(key(401), "category", "too_long")]


def test_a_missing_type_is_empty_and_a_bad_date_is_null_with_a_warning() -> None:
    staged = documents_of(doc(1, Date="ERF"))
    assert (cell(staged, "category"), cell(staged, "document_date")) == ("", None)
    assert reasons(staged.warnings) == [(key(401), "document_date", "bad_date")]


def test_a_document_in_nexus_with_the_filemaker_id_is_relinked_under_its_own_id() -> None:
    state = state_of(PATIENT_TYPE, ("claim:documents", key(401), uid(3)))
    staged = documents_of(doc(1), state=state)
    assert (cell(staged, "id"), cell(staged, "object_id")) == (uid(3), PATIENT)


def test_uploaded_at_is_distinct_and_rejects_shift_nobody() -> None:
    every = documents_of(doc(1), doc(2), doc(3))
    some = documents_of(doc(1), doc(2), doc(3), files=listing((path(1), 1), (path(3), 1)))
    assert len(set(cells(every, "uploaded_at"))) == 3
    assert cells(some, "uploaded_at") == cells(every, "uploaded_at")[::2]
