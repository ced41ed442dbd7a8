"""The damaged states: the clinic's figures, links that point at nobody, books that say whose is what."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from nexus_reimport.sandbox.clinic import Damage, SyntheticClinic, damaged_a, damaged_b
from nexus_reimport.sandbox.clinic.images import IMAGES_FOLDER

MAKERS = {"a": damaged_a, "b": damaged_b}


@pytest.fixture(scope="module")
def damages(whole: SyntheticClinic) -> dict[str, Damage]:
    return {name: make(whole) for name, make in MAKERS.items()}


def living(damage: Damage) -> set[object]:
    return {row["id"] for row in damage.rows["patients"]}


@pytest.mark.parametrize(("state", "batches"), [("a", 3362), ("b", 5023)])
def test_a_whole_damaged_clinic_has_the_real_clinics_figures(
    damages: dict[str, Damage], state: str, batches: int
) -> None:
    damage = damages[state]
    rows = [row for row in damage.rows["images_image"] if str(row["s3_key"]).startswith(IMAGES_FOLDER)]
    imported = [row for row in damage.rows["images_batch"] if str(row["name"]).endswith("(FileMaker Import)")]
    assert (len(imported), len(damage.batches), len(rows)) == (batches, batches, 6587)
    assert (len(damage.surviving), len(damage.leaving)) == (6489, 98)
    assert {row["id"] for row in rows} == {*damage.surviving.values(), *damage.leaving}


def test_in_a_every_imported_batch_points_at_a_patient_who_is_gone(damages: dict[str, Damage]) -> None:
    damage = damages["a"]
    assert set(damage.stale_batches) == set(damage.batches)
    stale = [row for row in damage.rows["images_batch"] if row["id"] in set(damage.batches)]
    assert not {row["object_id"] for row in stale} & living(damage)


def test_in_b_names_repeat_for_one_patient_gone_or_living(damages: dict[str, Damage]) -> None:
    damage = damages["b"]
    imported = set(damage.batches)
    rows = [row for row in damage.rows["images_batch"] if row["id"] in imported]
    named = Counter((row["object_id"], row["name"]) for row in rows)
    repeated = {owner for (owner, _), count in named.items() if count > 1}
    assert len(repeated & living(damage)) > 300
    assert len(repeated - living(damage)) > 300
    assert {row["id"] for row in rows if row["object_id"] not in living(damage)} == set(damage.stale_batches)


@pytest.mark.parametrize("state", "ab")
def test_surviving_rows_have_the_keys_of_files_with_metadata_and_leaving_ones_have_none(
    damages: dict[str, Damage], whole: SyntheticClinic, state: str
) -> None:
    damage = damages[state]
    rows = {str(row["id"]): row for row in damage.rows["images_image"]}
    keys = {row.filemaker_id.lower(): row.key for row in whole.image_csv_rows if row.key}
    assert {key: rows[row_id]["s3_key"] for key, row_id in damage.surviving.items()} == keys
    assert all(rows[row_id]["filemaker_id"] in (None, key) for key, row_id in damage.surviving.items())
    stems = {str(rows[row_id]["s3_key"]).rpartition("/")[2].partition(".")[0] for row_id in damage.leaving}
    assert len(stems) == 98
    assert stems.isdisjoint(str(row.recid) for row in whole.image_csv_rows)
    batches = {str(row["id"]): row for row in damage.rows["images_batch"]}
    owners = {batches[str(rows[row_id]["batch_id"])]["object_id"] for row_id in damage.leaving}
    assert not owners & (living(damage) | damage.former.keys())


@pytest.mark.parametrize("make", MAKERS.values())
@pytest.mark.parametrize("scale", ["small", "whole"])
def test_peoples_uploads_are_told_apart_by_their_patient(
    make: Callable[[SyntheticClinic], Damage], scale: str, request: pytest.FixtureRequest
) -> None:
    damage = make(request.getfixturevalue(scale))
    batches = {str(row["id"]): row for row in damage.rows["images_batch"]}
    assert damage.relinked
    assert damage.reported
    assert damage.untouched
    for batch, key in damage.relinked.items():
        assert damage.former[str(batches[batch]["object_id"])] == key
        assert batches[batch]["object_id"] not in living(damage)
    known = living(damage) | damage.former.keys()
    assert not {batches[batch]["object_id"] for batch in damage.reported} & known
    assert {batches[batch]["object_id"] for batch in damage.untouched} <= living(damage)
    own = {*damage.relinked, *damage.reported, *damage.untouched}
    assert own == batches.keys() - set(damage.batches)


@pytest.mark.parametrize("state", "ab")
def test_peoples_uploads_have_their_files_and_true_sizes(damages: dict[str, Damage], state: str) -> None:
    damage = damages[state]
    sizes = {entry.key: len(entry.body) for entry in damage.objects}
    uploads = [row for row in damage.rows["images_image"] if str(row["s3_key"]).startswith("images/")]
    assert {row["s3_key"]: row["file_size"] for row in uploads} == sizes
    for row in uploads:
        _, owner, batch, _ = str(row["s3_key"]).split("/")
        assert batch == row["batch_id"]
        assert owner in {one["object_id"] for one in damage.rows["images_batch"] if one["id"] == batch}


@pytest.mark.parametrize("state", "ab")
def test_the_old_backup_says_who_had_which_uuid(
    damages: dict[str, Damage], whole: SyntheticClinic, state: str
) -> None:
    damage = damages[state]
    found = {
        one["id"]: str(metadata["filemaker_id"]).lower()
        for one in json.loads(damage.backup)
        if (metadata := one["filemaker_metadata"])
    }
    assert found == damage.former
    assert not found.keys() & living(damage)
    contacts = {str(row["id"]).lower() for row in whole.entities["API_Contacts"]}
    assert set(found.values()) <= contacts
    assert len(json.loads(damage.backup)) == len(found) + 2


def test_a_small_clinic_is_damaged_in_proportion(small: SyntheticClinic) -> None:
    batches = small.expected["image_batches"]["published"]
    for damage, runs in ((damaged_a(small), 2), (damaged_b(small), 3)):
        assert len(damage.batches) == runs * batches + 1
        assert len(damage.surviving) == small.expected["images"]["published"]
        assert len(damage.leaving) == 2
