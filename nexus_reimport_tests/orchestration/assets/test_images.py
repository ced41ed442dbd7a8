"""The photographs through the whole line: from an empty Nexus, from both damaged ones, and a next export."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import obstore
import pandas as pd
import pytest
from click.testing import CliRunner

from nexus_reimport import cli
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.orchestration.asset_keys import THUMBNAILS
from nexus_reimport.orchestration.records import overview
from nexus_reimport.orchestration.resources import BucketResource, ImageCsvFolder
from nexus_reimport.orchestration.sensors.image_csv_sensor import FOLLOWS
from nexus_reimport.pictures.thumbnailing import list_thumbnails
from nexus_reimport.sandbox.clinic import (
    CSV_NAME,
    NEXT_CSV_NAME,
    Damage,
    SyntheticClinic,
    damaged_a,
    damaged_b,
    next_image_csv,
)
from nexus_reimport.sandbox.clinic.image_csv import NEW_TYPE, RETYPED
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport_tests.extract.test_image_exports import drop
from nexus_reimport_tests.line import Line, query
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.writes import Writes, last_writes

MAKERS = {"damaged-a": damaged_a, "damaged-b": damaged_b}


def with_known_thumbnails(line: Line, known: Line) -> Line:
    """A line that has been told which thumbnails another has made in the same bucket."""
    line.frames.save_progress(THUMBNAILS, "another line", cast("pd.DataFrame", known.frames.read(THUMBNAILS)))
    return line


def store_of(line: Line) -> obstore.store.S3Store:
    definitions = line.definitions().resources or {}
    return BucketResource(name=line.environment["AWS_S3_BUCKET_NAME"]).store(definitions["s3"])


def bucket_of(line: Line) -> dict[str, tuple[str | None, object]]:
    """Every object with its ETag and when it was written."""
    pages = obstore.list(store_of(line))
    return {item["path"]: (item["e_tag"], item["last_modified"]) for page in pages for item in page}


def rows(line: Line, relation: str, where: str = "true") -> dict[str, Any]:
    """Rows by id, each whole."""
    found = query(line.url, f"SELECT id::text, to_jsonb(t) FROM {relation} t WHERE {where}")  # noqa: S608 - ours
    return dict(found)


def identities(line: Line, table: str) -> dict[str, str]:
    statement = "SELECT source_key, id::text FROM nexus_reimport.identities WHERE table_name = %s"
    return dict(query(line.url, statement, table))


def command(line: Line, *words: str | Path) -> str:
    """Type a command whose environment leads to this line's Nexus; it must succeed."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**line.environment, "NEXUS_DATABASE_URL": line.url}.items():
            patch.setenv(name, value)
        result = CliRunner().invoke(cli.main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def assert_right_batches(line: Line, clinic: SyntheticClinic) -> None:
    """Every photograph of the export that has a file is in the batch of its patient and day, in order."""
    patients = identities(line, "patients")
    found = query(
        line.url,
        'SELECT m.filemaker_id::text, b.object_id::text, b.name, m."order", b.image_count FROM images_image m'
        " JOIN images_batch b ON b.id = m.batch_id JOIN nexus_reimport.identities i"
        " ON i.table_name = 'images' AND i.id = m.id",
    )
    linked = [row for row in clinic.image_csv_rows if row.key]
    batches: dict[object, list[int]] = {}
    for row in linked:
        batches.setdefault(row.batch, []).append(row.recid)
    wanted = {
        (
            row.filemaker_id.lower(),
            patients[row.batch[0]],
            f"{row.day:%d %b %Y} (FileMaker Import)" if row.day else "Unknown Date (FileMaker Import)",
            sorted(batches[row.batch]).index(row.recid),
            len(batches[row.batch]),
        )
        for row in linked
    }
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_from_empty_every_photograph_is_there_with_a_thumbnail(
    reimported: Line, clinic: SyntheticClinic
) -> None:
    assert_right_batches(reimported, clinic)
    images = rows(reimported, "images_image")
    assert len(images) == clinic.expected["images"]["published"]
    assert len(rows(reimported, "images_batch")) == clinic.expected["image_batches"]["published"]
    thumbnails = list_thumbnails(store_of(reimported), IMAGES_PREFIX)
    sizes = {item.key: len(item.body) for item in clinic.objects if item.key.startswith(IMAGES_PREFIX)}
    for image in images.values():
        assert thumbnails[image["s3_thumbnail_key"]].size == image["thumbnail_size"]
        assert sizes[image["s3_key"]] == image["file_size"]
        assert image["width"]
        assert image["height"]
    instants = [image["uploaded_at"] for image in images.values()]
    assert len(set(instants)) == len(instants)


@dataclass(frozen=True)
class Mended:
    """A damaged Nexus, run twice: rows and bucket before and after each run."""

    line: Line
    damage: Damage
    said: str
    before: Mapping[str, dict[str, Any]]
    outcome: RunOutcome
    again: RunOutcome
    written: tuple[Writes, Writes]
    buckets: tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module", params=sorted(MAKERS))
def mended(
    request: pytest.FixtureRequest,
    make_line: MakeLine,
    reimported: Line,
    clinic: SyntheticClinic,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mended:
    """Each damaged Nexus after an old backup was read and the line was run; b under the guard."""
    line = with_known_thumbnails(make_line(request.param), reimported)
    damage = MAKERS[request.param](clinic)
    backup = tmp_path_factory.mktemp("backup") / "patients.json"
    backup.write_bytes(damage.backup)
    before = {name: rows(line, name) for name in ("images_batch", "images_image")}
    if request.param == "damaged-b":
        assert command(line, "guard", "install") == "The guard is in Nexus.\n"
    said = command(line, "identity", "import", backup)
    outcome = line.run()
    between, bucket = last_writes(line.url), bucket_of(line)
    again = line.run()
    written, buckets = (between, last_writes(line.url)), (bucket, bucket_of(line))
    return Mended(line, damage, said, before, outcome, again, written, buckets)


def test_one_run_gives_the_clinics_figures(mended: Mended, clinic: SyntheticClinic) -> None:
    assert mended.outcome.failures == []
    assert mended.outcome.right
    for name in ("image_batches", "images"):
        counts, expected = mended.outcome.tables[name], clinic.expected[name]
        written = counts["inserted"] + counts["updated"] + counts["unchanged"]
        assert (counts["read"], written) == (expected["read"], expected["published"])
        assert counts["rejected"] == expected["rejected"]
    assert_right_batches(mended.line, clinic)


def test_every_imported_row_points_at_somebody_alive(mended: Mended, clinic: SyntheticClinic) -> None:
    imported = rows(mended.line, "images_batch", "name LIKE '%% (FileMaker Import)'")
    images = rows(mended.line, "images_image", f"s3_key LIKE '{IMAGES_PREFIX}%%'")
    assert len(imported) == clinic.expected["image_batches"]["published"]
    assert len(images) == clinic.expected["images"]["published"]
    assert {batch["object_id"] for batch in imported.values()} <= rows(mended.line, "patients").keys()
    assert {image["batch_id"] for image in images.values()} <= imported.keys()


def test_surviving_images_keep_their_ids(mended: Mended) -> None:
    assert identities(mended.line, "images") == mended.damage.surviving
    assert set(mended.damage.surviving.values()) <= rows(mended.line, "images_image").keys()
    assert mended.outcome.tables["images"]["inserted"] == 0


def test_as_many_batches_are_kept_as_can_be(mended: Mended) -> None:
    kept = set(identities(mended.line, "image_batches").values())
    assert kept <= set(mended.damage.batches)
    assert mended.outcome.tables["image_batches"]["inserted"] == 0


def test_what_points_at_nobody_and_nothing_names_leaves_and_is_kept_whole(mended: Mended) -> None:
    left = query(mended.line.url, "SELECT table_name, id::text, row FROM nexus_reimport.removed")
    images = {row_id: row for table, row_id, row in left if table == "images"}
    assert images == {row_id: mended.before["images_image"][row_id] for row_id in mended.damage.leaving}
    assert not set(mended.damage.leaving) & rows(mended.line, "images_image").keys()
    batches = {row_id: row for table, row_id, row in left if table == "image_batches"}
    assert batches.keys() == set(mended.damage.batches) - rows(mended.line, "images_batch").keys()
    for row_id, row in batches.items():
        was = mended.before["images_batch"][row_id]
        assert {**was, "object_id": row["object_id"]} == row
    counts = mended.outcome.tables
    assert counts["images"]["removed"] == len(images)
    assert counts["image_batches"]["removed"] == len(batches)
    rejects = mended.line.staged("images").rejects
    assert rejects["reason"].to_list() == ["no_metadata"]


def test_what_left_is_listed_among_the_rejects(mended: Mended) -> None:
    listed = {
        name: overview.read_rejects(mended.line.frames, mended.line.url, name)
        for name in ("images", "image_batches")
    }
    stems = [Path(mended.before["images_image"][row_id]["s3_key"]).stem for row_id in mended.damage.leaving]
    found = [one["key"] for one in listed["images"] if one["reason"] == "points_at_nobody"]
    assert sorted(found) == sorted(stems)
    assert len(listed["images"]) == len(stems) + 1
    gone = set(mended.damage.batches) - rows(mended.line, "images_batch").keys()
    assert {one["key"] for one in listed["image_batches"]} == gone
    assert {one["reason"] for one in listed["image_batches"]} == {"empty_batch"}


def test_files_are_never_deleted(mended: Mended, clinic: SyntheticClinic) -> None:
    originals = {item.key for item in clinic.objects if not item.key.endswith("/")}
    assert originals <= mended.buckets[0].keys()


def test_uploads_of_known_former_patients_are_linked_again(mended: Mended) -> None:
    patients, batches = identities(mended.line, "patients"), rows(mended.line, "images_batch")
    found = {row_id: batches[row_id]["object_id"] for row_id in mended.damage.relinked}
    assert found == {row_id: patients[key] for row_id, key in mended.damage.relinked.items()}
    assert mended.outcome.tables["image_batches"]["relinked"] == len(found)
    for row_id, patient in found.items():
        assert batches[row_id] == {**mended.before["images_batch"][row_id], "object_id": patient}


def test_uploads_of_nobody_known_are_reported_and_left_alone(mended: Mended) -> None:
    batches = rows(mended.line, "images_batch")
    for row_id in (*mended.damage.reported, *mended.damage.untouched):
        assert batches[row_id] == mended.before["images_batch"][row_id]
    living = rows(mended.line, "patients").keys()
    nobodys = {row_id for row_id, row in batches.items() if row["object_id"] not in living}
    assert nobodys == set(mended.damage.reported)
    reports = [one for one in mended.outcome.checks if one["check"] == "links_of_peoples_own_rows"]
    [report] = [one for one in reports if not one["passed"]]
    assert (report["asset"], report["severity"]) == ("nexus/image_batches", "WARN")
    assert "reported and left alone" in str(report["says"])
    unlinked = overview.read_all_unlinked(mended.line.url)
    assert {(one["table"], one["key"]) for one in unlinked} == {
        ("image_batches", row_id) for row_id in mended.damage.reported
    }


def test_photographs_that_people_uploaded_are_byte_for_byte_as_they_were(mended: Mended) -> None:
    own = {
        row_id: row
        for row_id, row in mended.before["images_image"].items()
        if not row["s3_key"].startswith(IMAGES_PREFIX)
    }
    assert own
    assert rows(mended.line, "images_image", f"s3_key NOT LIKE '{IMAGES_PREFIX}%%'") == own


def test_a_second_run_writes_nothing_to_nexus_and_nothing_to_s3(mended: Mended) -> None:
    assert mended.again.right
    assert mended.written[0] == mended.written[1]
    assert mended.buckets[0] == mended.buckets[1]
    for counts in mended.again.tables.values():
        assert [counts[name] for name in ("inserted", "updated", "relinked", "removed")] == [0] * 4
    assert mended.again.thumbnails["made"] == 0


def test_the_command_says_how_many_former_identities_it_kept(mended: Mended) -> None:
    known = len(mended.damage.former)
    assert mended.said.startswith(f"{known:,} former identities kept, 0 were known, 2 patients in the file")
    kept = dict(query(mended.line.url, "SELECT id::text, source_key FROM nexus_reimport.former_identities"))
    assert kept == mended.damage.former


def test_a_backup_that_is_read_after_the_repair_links_what_it_knows(
    make_line: MakeLine, reimported: Line, clinic: SyntheticClinic, tmp_path: Path
) -> None:
    line, damage = with_known_thumbnails(make_line("damaged-a"), reimported), damaged_a(clinic)
    before = rows(line, "images_batch")
    assert line.run().right
    assert identities(line, "images") == damage.surviving
    after = rows(line, "images_batch")
    for row_id in (*damage.relinked, *damage.reported, *damage.untouched):
        assert after[row_id] == before[row_id]
    backup = tmp_path / "patients.json"
    backup.write_bytes(damage.backup)
    command(line, "identity", "import", backup)
    command(line, "identity", "import", backup)
    outcome = line.run()
    assert outcome.right
    assert outcome.tables["image_batches"]["relinked"] == len(damage.relinked)
    patients, linked = identities(line, "patients"), rows(line, "images_batch")
    assert {row_id: linked[row_id]["object_id"] for row_id in damage.relinked} == {
        row_id: patients[key] for row_id, key in damage.relinked.items()
    }


def test_the_next_export_changes_what_follows_from_it_and_nothing_else(
    make_line: MakeLine, reimported: Line, clinic: SyntheticClinic, tmp_path: Path
) -> None:
    line = with_known_thumbnails(make_line(), reimported)
    line.replaced["image_csv_folder"] = ImageCsvFolder(folder=str(tmp_path))
    drop(tmp_path, CSV_NAME, clinic.image_csv)
    assert line.run().right
    before = rows(line, "images_image")
    drop(tmp_path, NEXT_CSV_NAME, next_image_csv(clinic))
    outcome = line.run(selection=FOLLOWS)
    assert outcome.failures == []
    assert outcome.right
    assert outcome.tables.keys() == {"image_batches", "images"}
    images = outcome.tables["images"]
    assert (images["inserted"], images["updated"], images["rejected"]) == (1, RETYPED, {})
    after = rows(line, "images_image")
    changed = [after[row_id] for row_id, row in before.items() if after[row_id] != row]
    assert [image["category"] for image in changed] == [NEW_TYPE] * RETYPED
    [new] = [after[row_id] for row_id in after.keys() - before.keys()]
    assert new["s3_key"] == clinic.later_images[0].key
    assert outcome.thumbnails == {}


@pytest.mark.parametrize(("end", "warned"), [(b"", True), (b"\r\n", False)])
def test_an_export_without_a_last_line_end_is_read_and_warned_of(
    line: Line, clinic: SyntheticClinic, tmp_path: Path, end: bytes, warned: bool
) -> None:
    line.replaced["image_csv_folder"] = ImageCsvFolder(folder=str(tmp_path))
    drop(tmp_path, CSV_NAME, clinic.image_csv.rstrip(b"\r\n") + end)
    outcome = line.run("files/image_csv")
    assert outcome.right
    [check] = [one for one in outcome.checks if one["check"] == "last_line_is_ended"]
    assert (check["passed"], check["severity"]) == (not warned, "WARN")


def test_the_guard_is_put_in_and_taken_out_by_one_command(make_line: MakeLine) -> None:
    line = make_line()
    assert command(line, "guard", "status") == "The guard is not in Nexus.\n"
    for _ in range(2):
        assert command(line, "guard", "install") == "The guard is in Nexus.\n"
    assert command(line, "guard", "remove") == "The guard is not in Nexus.\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"id":\n', "patients.json, line 2: this is not JSON. Is it cut short?"),
        ('{"patients": []}', "patients.json: a list of patients is expected"),
    ],
)
def test_a_backup_that_is_none_is_one_line_and_keeps_nothing(
    line: Line, tmp_path: Path, content: str, says: str
) -> None:
    backup = tmp_path / "patients.json"
    backup.write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**line.environment, "NEXUS_DATABASE_URL": line.url}.items():
            patch.setenv(name, value)
        result = CliRunner().invoke(cli.main, ["identity", "import", str(backup)])
    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output
    assert query(line.url, "SELECT to_regclass('nexus_reimport.former_identities')") == [(None,)]
