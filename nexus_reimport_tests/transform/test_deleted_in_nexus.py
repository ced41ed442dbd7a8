"""Rows that people deleted in Nexus and that stay gone: rejected by name, and everything accounted for."""

import pandas as pd
import pytest

from nexus_reimport.model.nexus import DOCUMENTS, IMAGES
from nexus_reimport.model.reasons.several_tables import TOO_LONG
from nexus_reimport.transform.deleted_in_nexus import without_deleted
from nexus_reimport.transform.staged import Accounting, Staged
from nexus_reimport.validate.findings import images_accounting_finding
from nexus_reimport_tests.load.staged_frames import staged_table, uid
from nexus_reimport_tests.transform.image_records import objects_of, row, staged_images, thumbnails_of

NAMES = ("1.jpg", "2.jpg", "2.png", "IMG_7.JPG")


@pytest.fixture
def images() -> tuple[list[str], Staged]:
    """Every object's key; two of the objects are images, and one is a rival of the second."""
    listed = objects_of(*NAMES)
    _, staged = staged_images(row(1), row(2), objects=listed, thumbnails=thumbnails_of(listed))
    assert (len(staged.rows), len(staged.rejects)) == (2, 2)
    return list(map(str, listed["key"])), staged


@pytest.mark.parametrize("which", [[0], [1], [0, 1]])
def test_an_image_that_stays_deleted_is_told_from_others_of_its_name(
    images: tuple[list[str], Staged], which: list[int]
) -> None:
    keys, staged = images
    left = without_deleted(staged, set(staged.rows["source_key"].iloc[which]), IMAGES)
    assert len(left.rows) == len(staged.rows) - len(which)
    finding = images_accounting_finding(keys, left)
    assert finding.passed, finding
    told = left.rejects.loc[left.rejects["reason"] == "deleted_in_nexus"]
    assert sorted(told["key"]) == [NAMES[place] for place in which]
    lost = Staged(left.rows, left.rejects.drop(index=told.index), left.warnings)
    assert not images_accounting_finding(keys, lost).passed


def test_a_row_that_stays_deleted_is_a_reject_and_its_warnings_go_with_it() -> None:
    rows = staged_table(DOCUMENTS, {"name": "one"}, {"name": "two"}).rows
    report = staged_report(uid("key one"), uid("key two"))
    left = without_deleted(Staged(rows, report.iloc[:0], report), {uid("key one"), "another"}, DOCUMENTS)
    assert left.rows["source_key"].to_list() == [uid("key two")]
    assert left.rejects.astype(str).to_dict(orient="records") == [
        {"table": "documents", "key": uid("key one"), "field": "id", "reason": "deleted_in_nexus"}
    ]
    assert left.warnings["key"].to_list() == [uid("key two")]


def staged_report(*keys: str) -> pd.DataFrame:
    ledger = Accounting(DOCUMENTS)
    for key in keys:
        ledger.warn(key, "file_name", TOO_LONG)
    return ledger.warnings()
