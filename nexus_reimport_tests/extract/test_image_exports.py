"""The newest export: by its number, whole, from a folder and an S3 prefix."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from nexus_reimport.exceptions import ConnectionFailed, FileStillGrowing, NotFound
from nexus_reimport.extract.image_exports import PATIENCE_SECONDS, SETTLED_SECONDS, ImageExports
from nexus_reimport_tests.served_bucket import Relay, store_at

LONG_AGO = 1_600_000_000


def drop(folder: Path, name: str, content: bytes = b"content", modified: float = LONG_AGO) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path


def newest(folder: Path, store: S3Store | None = None, prefix: str | None = None) -> str | None:
    export = ImageExports(folder, store, prefix).newest()
    return export.name if export else None


@dataclass
class Clock:
    """A clock that only sleeping moves on; something may happen at each moment."""

    now: float = LONG_AGO + 3600
    happens: Callable[[float], None] = lambda _: None
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self.happens(self.now)

    def read(self, folder: Path) -> tuple[str, bytes]:
        return ImageExports(folder).read_newest(self.sleep, self)


def test_the_newest_is_the_one_with_the_highest_number_whatever_the_dates(tmp_path: Path) -> None:
    drop(tmp_path, "Image_dataV9.csv", b"nine", LONG_AGO + 50)
    drop(tmp_path, "Image_dataV10.csv", b"ten", LONG_AGO)
    drop(tmp_path, "Image_dataV2.csv", b"two", LONG_AGO + 99)
    assert ImageExports(tmp_path).read_newest() == ("Image_dataV10.csv", b"ten")


def test_other_files_and_folders_are_none(tmp_path: Path) -> None:
    for name in ("Image_dataV11.csv.part", "Image_dataV12.xlsx", "my Image_dataV13.csv", "Image_data.csv"):
        drop(tmp_path, name)
    (tmp_path / "Image_dataV14.csv").mkdir()
    assert newest(tmp_path) is None
    drop(tmp_path, "image_datav3.CSV")
    assert newest(tmp_path) == "image_datav3.CSV"


@pytest.mark.parametrize("is_there", [True, False])
def test_no_export_is_said_with_the_folder(tmp_path: Path, is_there: bool) -> None:
    folder = tmp_path if is_there else tmp_path / "missing"
    with pytest.raises(NotFound, match=rf"no Image_dataV\*\.csv in {folder}\. Put FileMaker's export there"):
        ImageExports(folder).read_newest()


def test_one_that_lies_still_is_read_at_once(tmp_path: Path) -> None:
    clock = Clock()
    drop(tmp_path, "Image_dataV9.csv", b"whole")
    assert clock.read(tmp_path) == ("Image_dataV9.csv", b"whole")
    assert clock.slept == []


def test_a_growing_one_is_waited_for_until_it_lies_still(tmp_path: Path) -> None:
    clock, last = Clock(), LONG_AGO + 3600 + 10

    def grow(now: float) -> None:
        if now <= last:
            drop(tmp_path, "Image_dataV9.csv", b"x" * int(now - LONG_AGO), now)

    grow(clock.now)
    clock.happens = grow
    name, content = clock.read(tmp_path)
    assert (name, content) == ("Image_dataV9.csv", b"x" * 3610)
    assert clock.now == pytest.approx(last + SETTLED_SECONDS)


def test_one_that_grows_for_a_minute_is_refused(tmp_path: Path) -> None:
    clock = Clock(happens=lambda now: void(drop(tmp_path, "Image_dataV9.csv", b"x", now)))
    clock.happens(clock.now)
    began = clock.now
    with pytest.raises(FileStillGrowing, match=r"Image_dataV9\.csv is still being written after a minute"):
        clock.read(tmp_path)
    assert clock.now - began == pytest.approx(PATIENCE_SECONDS)


def void(_: object) -> None:
    """Return nothing."""


def test_one_that_changed_while_it_was_read_is_read_again(tmp_path: Path) -> None:
    drop(tmp_path, "Image_dataV9.csv", b"first half")
    clock = Clock()
    exports = Changing(tmp_path)
    assert exports.read_newest(clock.sleep, clock) == ("Image_dataV9.csv", b"both halves")
    assert len(clock.slept) == 1


@dataclass(frozen=True)
class Changing(ImageExports):
    """A folder whose export is replaced just after it was read for the first time, its date kept."""

    def read(self, export):  # type: ignore[no-untyped-def]  # the same as what it replaces
        content = super().read(export)
        drop(self.folder, export.name, b"both halves")
        return content


def test_a_newer_one_that_comes_while_waiting_is_taken(tmp_path: Path) -> None:
    clock = Clock()
    drop(tmp_path, "Image_dataV9.csv", b"nine", clock.now)
    clock.happens = lambda now: void(drop(tmp_path, "Image_dataV10.csv", b"ten"))
    assert clock.read(tmp_path) == ("Image_dataV10.csv", b"ten")


def test_the_same_bytes_under_a_new_name_are_another_export(tmp_path: Path) -> None:
    drop(tmp_path, "Image_dataV9.csv")
    first = ImageExports(tmp_path).newest()
    drop(tmp_path, "Image_dataV10.csv")
    second = ImageExports(tmp_path).newest()
    assert first is not None
    assert second is not None
    assert (first.name, second.name, first.stamp) == ("Image_dataV9.csv", "Image_dataV10.csv", second.stamp)


def test_a_stamp_changes_with_size_or_date(tmp_path: Path) -> None:
    stamps = set()
    for content, modified in ((b"a", 1.0), (b"a", 2.0), (b"ab", 2.0), (b"ab", 2.5)):
        drop(tmp_path, "Image_dataV9.csv", content, LONG_AGO + modified)
        export = ImageExports(tmp_path).newest()
        assert export is not None
        stamps.add(export.stamp)
    assert len(stamps) == 4


def test_one_that_went_away_is_said_so(tmp_path: Path) -> None:
    path = drop(tmp_path, "Image_dataV9.csv")
    export = ImageExports(tmp_path).newest()
    assert export is not None
    path.unlink()
    with pytest.raises(FileStillGrowing, match=r"Image_dataV9\.csv went away"):
        ImageExports(tmp_path).read(export)


def test_a_name_that_points_nowhere_is_none(tmp_path: Path) -> None:
    (tmp_path / "Image_dataV9.csv").symlink_to(tmp_path / "nowhere")
    assert newest(tmp_path) is None


def test_exports_in_a_bucket_stand_beside_those_in_the_folder(tmp_path: Path, bucket: Relay) -> None:
    drop(tmp_path, "Image_dataV9.csv", b"nine")
    bucket.put("exports/a/Image_dataV8.csv", b"eight", "text/csv")
    assert newest(tmp_path, bucket.store(), "exports/a/") == "Image_dataV9.csv"
    bucket.put("exports/a/Image_dataV11.csv", b"eleven", "text/csv")
    bucket.put("exports/b/Image_dataV99.csv", b"elsewhere", "text/csv")
    time.sleep(SETTLED_SECONDS)
    exports = ImageExports(tmp_path, bucket.store(), "exports/a/")
    assert exports.read_newest() == ("Image_dataV11.csv", b"eleven")
    assert newest(tmp_path / "missing", bucket.store(), "exports/a/") == "Image_dataV11.csv"
    assert newest(tmp_path, bucket.store()) == "Image_dataV9.csv"


def test_a_bucket_that_fails_is_said_with_the_prefix_or_the_name(tmp_path: Path, bucket: Relay) -> None:
    with pytest.raises(ConnectionFailed, match="Exports under exports/ in S3 could not be listed"):
        ImageExports(tmp_path, store_at("http://127.0.0.1:1"), "exports/").newest()
    bucket.put("exports/c/Image_dataV9.csv", b"nine", "text/csv")
    exports = ImageExports(tmp_path, bucket.store(), "exports/c/")
    export = exports.newest()
    assert export is not None
    obstore.delete(bucket.store(), "exports/c/Image_dataV9.csv")
    with pytest.raises(ConnectionFailed, match=r"Image_dataV9\.csv could not be fetched from S3"):
        exports.read(export)
