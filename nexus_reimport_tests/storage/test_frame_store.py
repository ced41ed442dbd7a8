"""Stored frames: whole or not at all, noticed when damaged, read by their owner alone."""

import os
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import boto3
import obstore
import pandas as pd
import pyarrow as pa
import pytest
from obstore.store import LocalStore, S3Store

from nexus_reimport.exceptions import FrameDamaged, FrameMissing, SettingsRefused
from nexus_reimport.storage.frame_store import FrameStore, content_version, open_store

TEXT = pd.ArrowDtype(pa.string())


def frame(*values: str | None) -> pd.DataFrame:
    return pd.DataFrame({"value": pd.array(values, dtype=TEXT)})


def parts(value: str) -> dict[str, pd.DataFrame]:
    return {"rows": frame(*[value] * 300), "rejects": frame(value)}


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    return FrameStore(open_store(str(tmp_path)))


def test_what_was_saved_last_is_loaded(store: FrameStore) -> None:
    store.save("staged/notes", "run-1", parts("a"))
    store.save("staged/notes", "run-2", parts("b"))
    loaded = store.load("staged/notes")
    assert set(loaded) == {"rows", "rejects"}
    pd.testing.assert_frame_equal(loaded["rows"], parts("b")["rows"])
    assert store.version("staged/notes") == "run-2"


def test_what_was_never_saved_is_missing_and_says_what_to_do(store: FrameStore) -> None:
    assert store.version("staged/notes") is None
    with pytest.raises(FrameMissing, match="staged/notes has not been materialized yet: materialize it"):
        store.load("staged/notes")


def test_sets_with_names_that_begin_alike_do_not_touch_each_other(store: FrameStore) -> None:
    store.save("frames/notes", "1", parts("a"))
    store.save("frames/notes/more", "1", parts("b"))
    for number in range(4):
        store.save("frames/notes_too", str(number), parts("c"))
    assert store.load("frames/notes")["rejects"]["value"][0] == "a"
    assert store.load("frames/notes/more")["rejects"]["value"][0] == "b"


def test_a_reader_always_sees_the_parts_of_one_version(store: FrameStore) -> None:
    store.save("set", "0", parts("0"))
    seen: list[tuple[int, int]] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            found = store.load("set")
            values = {*found["rows"]["value"], *found["rejects"]["value"]}
            seen.append((len(values), int(min(values))))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 60):
        store.save("set", str(number), parts(str(number)))
    ended.set()
    reader.join(20)
    assert len(seen) > 5
    assert {count for count, _ in seen} == {1}
    versions = [version for _, version in seen]
    assert versions == sorted(versions)


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_crash_before_the_manifest_leaves_the_set_as_it_was(
    store: FrameStore, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    store.save("set", "old", parts("old"))
    puts: list[str] = []
    put = obstore.put

    def dying(target: LocalStore, path: str, content: bytes) -> None:
        if len(puts) == written:
            raise KeyboardInterrupt
        puts.append(path)
        put(target, path, content)

    monkeypatch.setattr("nexus_reimport.storage.frame_store.obstore.put", dying)
    with pytest.raises(KeyboardInterrupt):
        store.save("set", "new", parts("new"))
    assert len(puts) == written
    assert store.version("set") == "old"
    assert store.load("set")["rejects"]["value"][0] == "old"
    monkeypatch.undo()
    store.save("set", "next", parts("next"))
    assert store.load("set")["rejects"]["value"][0] == "next"


def test_only_this_set_and_the_one_before_it_stay_on_disk(store: FrameStore, tmp_path: Path) -> None:
    for number in range(5):
        store.save("set", f"version{number}", parts(str(number)))
    files = sorted(path.name for path in (tmp_path / "set").iterdir())
    assert len(files) == 5
    assert "manifest.json" in files
    assert {name.split("-")[1] for name in files if name != "manifest.json"} == {
        "version3"[:8],
        "version4"[:8],
    }


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1], lambda content: b"x" + content[1:], lambda _: b""]
)
def test_changed_bytes_are_noticed(
    store: FrameStore, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    store.save("set", "1", parts("a"))
    [file] = (tmp_path / "set").glob("rows-*.parquet")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(FrameDamaged, match=r"set/rows-.* is not what was written: materialize set again"):
        store.load("set")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": "1"}', b'{"version": "1", "par'])
def test_a_damaged_manifest_is_noticed_and_can_be_replaced(
    store: FrameStore, tmp_path: Path, content: bytes
) -> None:
    store.save("set", "1", parts("a"))
    (tmp_path / "set" / "manifest.json").write_bytes(content)
    with pytest.raises(FrameDamaged, match="materialize set again"):
        store.load("set")
    store.save("set", "2", parts("b"))
    assert store.version("set") == "2"


def test_a_part_that_is_gone_is_damage_too(store: FrameStore, tmp_path: Path) -> None:
    store.save("set", "1", parts("a"))
    [file] = (tmp_path / "set").glob("rows-*.parquet")
    file.unlink()
    with pytest.raises(FrameDamaged, match="materialize set again"):
        store.load("set")


def test_a_reader_slower_than_two_writers_starts_again(
    store: FrameStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save("set", "1", parts("1"))
    read = FrameStore._load_part
    overtaken: list[bool] = []

    def slow(self: FrameStore, name: str, entry: Mapping[str, str]) -> pd.DataFrame:
        if not overtaken:
            overtaken.append(True)
            for number in (2, 3):
                self.save("set", str(number), parts(str(number)))
        return read(self, name, entry)

    monkeypatch.setattr(FrameStore, "_load_part", slow)
    found = store.load("set")
    assert {*found["rows"]["value"], *found["rejects"]["value"]} == {"3"}


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    open_store(str(tmp_path / "new" / "storage"))
    assert stat.S_IMODE((tmp_path / "new" / "storage").stat().st_mode) == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    open_store(str(tmp_path / "open"))
    assert stat.S_IMODE((tmp_path / "open" / "frames").stat().st_mode) == 0o700


def test_frames_cross_no_network_in_the_clear() -> None:
    environ = {"AWS_ENDPOINT_URL_S3": "http://s3.example.org", "AWS_REGION": "ap-southeast-2"}
    with pytest.raises(SettingsRefused, match="AWS_ENDPOINT_URL_S3"):
        open_store("s3://bucket/prefix", environ)
    assert isinstance(
        open_store("s3://bucket/prefix", {**environ, "AWS_ENDPOINT_URL_S3": "https://s3"}), S3Store
    )


def test_frames_live_in_s3_as_they_do_in_a_folder(environment: Mapping[str, str]) -> None:
    location = f"s3://{environment['AWS_S3_BUCKET_NAME']}/reimport/frames"
    store = FrameStore(open_store(location, environment))
    assert store.version("staged/notes") is None
    for number in range(4):
        store.save("staged/notes", f"run-{number}", parts(str(number)))
    pd.testing.assert_frame_equal(store.load("staged/notes")["rows"], parts("3")["rows"])
    assert FrameStore(open_store(location, environment)).version("staged/notes") == "run-3"
    listed = [entry["path"] for page in obstore.list(open_store(location, environment)) for entry in page]
    assert len(listed) == 5


def test_the_same_content_has_the_same_version_and_another_has_another() -> None:
    assert content_version(frame("a", None)) == content_version(frame("a", None))
    versions = [
        frame("a", None),
        frame(None, "a"),
        frame("a"),
        frame("a", ""),
        frame("a", None).rename(columns=str.upper),
    ]
    assert len({content_version(one) for one in versions}) == len(versions)
    assert content_version(frame("a"), frame("b")) != content_version(frame("b"), frame("a"))


def test_how_a_frame_was_put_together_does_not_change_its_version() -> None:
    joined = pd.concat([frame("a"), frame("b")], ignore_index=True)
    assert content_version(joined) == content_version(frame("a", "b"))
    assert content_version(frame("x", "a", "b").iloc[1:]) == content_version(frame("a", "b"))


def test_what_is_written_to_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    os.umask(0o022)
    store = open_store(str(tmp_path / "storage"))
    FrameStore(store).save("frames/staged/notes", "1", parts("a"))
    with obstore.open_writer(store, "backups/one/rows.gz", buffer_size=1000) as large:
        large.write(b"x" * 5000)
    written = list((tmp_path / "storage").rglob("*"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in written if path.is_file()}
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written if path.is_dir()} == {0o700}


def test_what_is_written_to_s3_is_encrypted_there(environment: Mapping[str, str]) -> None:
    bucket = environment["AWS_S3_BUCKET_NAME"]
    store = open_store(f"s3://{bucket}/encrypted", environment)
    obstore.put(store, "small", b"content")
    with obstore.open_writer(store, "large", buffer_size=6 * 2**20) as large:
        for _ in range(2):
            large.write(b"x" * 6 * 2**20)
    client = boto3.client(
        "s3",
        region_name=environment["AWS_REGION"],
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    for name in ("small", "large"):
        found = client.head_object(Bucket=bucket, Key=f"encrypted/{name}")
        assert found["ServerSideEncryption"] == "AES256"
    assert len(obstore.get(store, "large").bytes()) == 12 * 2**20
