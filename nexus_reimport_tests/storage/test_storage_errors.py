"""A storage that can't be used: one line by the true cause, whether a folder or a bucket."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError

from nexus_reimport.exceptions import StorageFailed
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.storage.report_store import ReportStore
from nexus_reimport.storage.storage_errors import is_of_folder, prove_storage, storage_fault

CAUSES = {
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "quota",
    errno.EROFS: "only be read",
    errno.EACCES: "may not write",
    errno.ENOTDIR: "a file, not a folder",
    errno.EIO: "fails",
}


@pytest.mark.parametrize(("number", "told"), CAUSES.items())
def test_each_number_of_the_operating_system_has_its_words(number: int, told: str) -> None:
    assert told in storage_fault(OSError(number, os.strerror(number)))
    assert told in storage_fault(GenericError(f"Unable to copy data to file: x (os error {number})"))


def test_a_folder_that_can_be_used_is_left_as_it_was(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "new"))
    prove_storage(store)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["frames"]


@pytest.mark.parametrize("below", ["", "/x", "/x/y"])
def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="a file, not a folder"):
        open_store(f"{tmp_path}/file{below}")


def test_a_folder_that_goes_while_a_run_goes_on_is_told(tmp_path: Path) -> None:
    store = FrameStore(open_store(str(tmp_path / "new")))
    (tmp_path / "new" / "frames").rmdir()
    (tmp_path / "new" / "frames").write_text("")
    with pytest.raises(StorageFailed, match="a file, not a folder"):
        store.save("frames/a", "v", {"rows": pd.DataFrame({"a": [1]})})


def test_a_report_that_can_t_be_kept_is_told(tmp_path: Path) -> None:
    store = ReportStore(str(tmp_path))
    (tmp_path / "reports").write_text("")
    with pytest.raises(StorageFailed, match="NEXUS_REIMPORT_STORAGE"):
        store.save("0a", "page", b"{}")


def test_a_bucket_that_is_not_there_is_told(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store("s3://no-such-bucket/frames", environment)
    with pytest.raises(StorageFailed, match="no such bucket"):
        prove_storage(store)


def test_an_s3_server_that_does_not_answer_is_told_within_its_time(environment: Mapping[str, str]) -> None:
    store = open_store("s3://some/frames", {**environment, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"})
    with pytest.raises(StorageFailed, match="refuses the connection"):
        prove_storage(store)


def test_an_error_of_s3_is_not_taken_for_one_of_a_folder() -> None:
    assert is_of_folder(GenericError("Generic LocalFileSystem error: x"))
    assert not is_of_folder(PermissionDeniedError("Generic S3 error: x"))
