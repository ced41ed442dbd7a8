"""The sensor of image exports: one run for new content, of what follows from it; none for anything else."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from nexus_reimport.definitions import build_definitions
from nexus_reimport.exceptions import ConnectionFailed
from nexus_reimport.orchestration.resources import BucketResource, ImageCsvFolder
from nexus_reimport.orchestration.sensors.image_csv_sensor import (
    FOLLOWS,
    IMAGE_CSV_ASSET,
    NEEDED,
    Seen,
    new_image_csv,
)
from nexus_reimport_tests.served_bucket import BUCKET, relay_to, served_bucket

NINE, TEN = "Image_dataV9.csv", "Image_dataV10.csv"


@dataclass
class Watch:
    """A sensor over a folder; its cursor outlives each look, as Dagster keeps it."""

    folder: Path
    instance: dg.DagsterInstance
    cursor: str | None = None
    endpoint: str = "http://127.0.0.1:1"
    s3_prefix: str | None = None

    def look(self) -> dg.SensorResult:
        """Look once, in a context of its own: nothing but the cursor is remembered."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = new_image_csv(
            context,
            image_csv_folder=ImageCsvFolder(folder=str(self.folder), s3_prefix=self.s3_prefix),
            bucket=BucketResource(name=BUCKET),
            s3=S3Resource(
                region_name="ap-southeast-2",
                endpoint_url=self.endpoint,
                aws_access_key_id="anybody",
                aws_secret_access_key="anything",  # noqa: S106 - the server takes any
            ),
        )
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor or self.cursor
        return result

    def runs(self) -> list[str]:
        """Look once and return which exports a run was asked for, by name."""
        return [request.tags["image_csv"] for request in self.look().run_requests or []]

    def key(self) -> str:
        """Look once, where one run is asked for, and return its key."""
        [request] = self.look().run_requests or []
        assert request.run_key
        return request.run_key

    def drop(self, name: str, content: bytes, age: float = 60) -> None:
        """Put an export into the folder, last written so many seconds ago."""
        path = self.folder / name
        path.write_bytes(content)
        self.touch(name, age)

    def touch(self, name: str, age: float) -> None:
        when = time.time() - age
        os.utime(self.folder / name, (when, when))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with dg.DagsterInstance.ephemeral() as instance:
        for key in NEEDED:
            instance.report_runless_asset_event(dg.AssetMaterialization(key))
        yield Watch(tmp_path, instance)


def test_before_the_first_whole_reimport_an_export_starts_nothing(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        watch = Watch(tmp_path, instance)
        (tmp_path / "Image_dataV9.csv").write_bytes(b"anything")
        assert watch.look().run_requests == []
        assert watch.cursor is None


def test_a_new_export_starts_one_run_and_then_none(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    assert watch.runs() == [NINE]
    assert watch.runs() == []


def test_the_run_is_of_what_follows_from_the_export_and_of_nothing_else() -> None:
    graph = build_definitions().resolve_asset_graph()
    sensor = build_definitions().resolve_sensor_def("new_image_csv")
    assert sensor.asset_selection == FOLLOWS
    assert {key.to_user_string() for key in FOLLOWS.resolve(graph)} == {
        "files/image_csv",
        "staged/image_batches",
        "staged/images",
        "plan",
        "backup",
        "nexus/image_batches",
        "nexus/images",
        "report",
    }


def test_a_run_request_names_no_other_assets_and_the_checks_come_along(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    [request] = watch.look().run_requests or []
    assert request.asset_selection is None
    definitions = build_definitions()
    checks = FOLLOWS.resolve_checks(definitions.resolve_asset_graph())
    named = {(key.asset_key.to_user_string(), key.name) for key in checks}
    assert {("staged/images", "every_source_row_accounted_for"), ("files/image_csv", "shape")} <= named
    assert {asset for asset, _ in named} <= {
        key.to_user_string() for key in FOLLOWS.resolve(definitions.resolve_asset_graph())
    }


def test_an_empty_or_missing_folder_starts_nothing(watch: Watch) -> None:
    assert watch.runs() == []
    watch.folder = watch.folder / "missing"
    assert "no Image_dataV*.csv" in str(watch.look().skip_reason)
    assert watch.cursor is None


def test_the_same_bytes_touched_start_nothing(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    watch.look()
    watch.touch(NINE, 30)
    result = watch.look()
    assert not result.run_requests
    assert "same content" in str(result.skip_reason)
    assert "is as it was" in str(watch.look().skip_reason)


def test_the_same_bytes_under_a_new_name_start_nothing(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    watch.look()
    watch.drop(TEN, b"nine")
    assert watch.runs() == []
    (watch.folder / NINE).unlink()
    assert watch.runs() == []


def test_changed_bytes_under_the_old_name_start_a_run(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    watch.look()
    watch.drop(NINE, b"nine, corrected", age=30)
    assert watch.runs() == [NINE]


def test_two_files_at_once_start_one_run(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    watch.drop(TEN, b"ten")
    assert watch.runs() == [TEN]
    assert watch.runs() == []


def test_an_older_export_dropped_later_starts_nothing(watch: Watch) -> None:
    watch.drop(TEN, b"ten")
    watch.look()
    watch.drop(NINE, b"nine", age=5)
    assert watch.runs() == []


def test_an_export_that_is_still_growing_is_left_alone_until_it_lies_still(watch: Watch) -> None:
    watch.drop(NINE, b"half", age=0)
    result = watch.look()
    assert not result.run_requests
    assert "still being written" in str(result.skip_reason)
    assert watch.cursor is None
    watch.drop(NINE, b"whole", age=3)
    assert watch.runs() == [NINE]


def test_one_that_fails_to_be_read_is_asked_for_once_until_it_changes(watch: Watch) -> None:
    watch.drop(NINE, b"no export at all")
    assert watch.runs() == [NINE]
    for age in (50, 40):
        watch.touch(NINE, age)
        assert watch.runs() == []
    watch.drop(NINE, b"an export", age=30)
    assert watch.runs() == [NINE]


def test_content_that_comes_back_starts_a_run_each_time(watch: Watch) -> None:
    keys = []
    for place, content in enumerate((b"one", b"two", b"one", b"two", b"one")):
        watch.drop(NINE, content, age=60 - place)
        keys.append(watch.key())
    assert len(set(keys)) == len(keys)


def test_content_that_comes_back_with_its_old_date_starts_a_run_too(watch: Watch) -> None:
    keys = set()
    for content in (b"one", b"two") * 3:
        watch.drop(NINE, content)
        os.utime(watch.folder / NINE, (1_600_000_000 + content[1], 1_600_000_000 + content[1]))
        keys.add(watch.key())
    assert len(keys) == 6


def test_a_look_that_dagster_lost_asks_for_the_same_run_again(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    before = watch.cursor
    first = watch.key()
    watch.cursor = before
    assert watch.key() == first


def test_what_was_read_already_starts_nothing_without_a_cursor(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    key = watch.key()
    event = dg.AssetMaterialization(IMAGE_CSV_ASSET, tags={"dagster/data_version": key.split()[0]})
    watch.instance.report_runless_asset_event(event)
    watch.cursor = None
    assert watch.runs() == []
    watch.drop(NINE, b"corrected", age=30)
    assert watch.runs() == [NINE]


def test_the_cursor_is_text_that_gives_the_memory_back() -> None:
    seen = Seen(NINE, "5 7", "abc", 3)
    assert Seen.of(seen.cursor) == seen
    assert Seen.of(None) == Seen()


def test_an_export_in_the_bucket_starts_a_run(watch: Watch, tmp_path_factory: pytest.TempPathFactory) -> None:
    watch.drop(NINE, b"nine")
    objects = {f"exports/{TEN}": b"ten", "exports/notes.txt": b"none"}
    folder = tmp_path_factory.mktemp("bucket")
    with served_bucket(folder, objects) as port, relay_to(port) as relay:
        watch.endpoint, watch.s3_prefix = relay.url, "exports/"
        assert watch.runs() == [TEN]
        fetched = relay.count()["GET"]
        assert watch.runs() == []
        assert relay.count()["GET"] == fetched == 1


def test_a_bucket_that_does_not_answer_fails_the_look_and_nothing_is_forgotten(watch: Watch) -> None:
    watch.drop(NINE, b"nine")
    watch.look()
    before, watch.s3_prefix = watch.cursor, "exports/"
    with pytest.raises(ConnectionFailed):
        watch.look()
    assert watch.cursor == before
