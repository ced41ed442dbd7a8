"""The thumbnails asset: goes on where it stopped, looks twice at nothing, and names only what is there."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import dagster as dg
import obstore
import pandas as pd
import pytest

from nexus_reimport.orchestration.asset_keys import THUMBNAILS
from nexus_reimport.orchestration.assets import thumbnails as module
from nexus_reimport.orchestration.assets.files import s3_listing
from nexus_reimport.orchestration.assets.thumbnails import thumbnails
from nexus_reimport.orchestration.io_manager import FrameIOManager
from nexus_reimport.orchestration.resources import BucketResource
from nexus_reimport.pictures.thumbnail_record import facts_of
from nexus_reimport.pictures.thumbnailing import ThumbnailFact, list_thumbnails
from nexus_reimport.sandbox.clinic.objects import Photograph
from nexus_reimport.transform.imported_keys import IMAGES_PREFIX
from nexus_reimport_tests.line import OneS3Client
from nexus_reimport_tests.served_bucket import BUCKET, Relay, relay_to, served_bucket, store_at

COUNT = 40
NAMES = [f"{IMAGES_PREFIX}{recid}.jpg" for recid in range(1, COUNT + 1)]
TEXT = f"{IMAGES_PREFIX}900.jpg"
MOMENTS = (0.0, 0.05, 0.15, 0.3, 0.5)


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Relay]:
    """A bucket with pictures, each different, and a text that is none, behind a relay that counts."""
    objects = {key: Photograph("small-0", key).body for key in NAMES}
    with served_bucket(tmp_path, {**objects, TEXT: b"no picture"}) as port, relay_to(port) as relay:
        yield relay


def run(storage: Path, url: str) -> dg.ExecuteInProcessResult:
    """Run listing and thumbnails on a bucket; a failed step is in the result."""
    frames = FrameIOManager(location=str(storage))
    resources = {
        "io_manager": frames,
        "frames": frames,
        "bucket": BucketResource(name=BUCKET),
        "s3": OneS3Client(
            region_name="ap-southeast-2",
            endpoint_url=url,
            aws_access_key_id="anybody",
            aws_secret_access_key="anything",  # noqa: S106 - the server takes any
        ),
    }
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [s3_listing, thumbnails], resources=resources, instance=instance, raise_on_error=False
        )


def told(result: dg.ExecuteInProcessResult) -> tuple[int, int, dict[str, int]]:
    """How many thumbnails a run made and reused, and what it could not read, by reason."""
    [event] = [one for one in result.get_asset_materialization_events() if one.asset_key == THUMBNAILS]
    facts = event.materialization.metadata
    return (
        cast("int", facts["made"].value),
        cast("int", facts["reused"].value),
        cast("dict[str, int]", facts["failed_by_reason"].value),
    )


def stored(storage: Path) -> dict[str, ThumbnailFact]:
    frame = cast("pd.DataFrame", FrameIOManager(location=str(storage)).read(THUMBNAILS))
    return {fact.key: fact for fact in facts_of(frame)}


def written_down(storage: Path) -> dict[str, ThumbnailFact]:
    """What an interrupted run left for the next."""
    frame = FrameIOManager(location=str(storage)).read_progress(THUMBNAILS)
    return {} if frame is None else {fact.key: fact for fact in facts_of(frame)}


def assert_all_there(url: str, facts: dict[str, ThumbnailFact]) -> None:
    """Each fact is a fault or names a thumbnail that is in the bucket with that size."""
    uploaded = list_thumbnails(store_at(url), IMAGES_PREFIX)
    for fact in facts.values():
        assert fact.fault or uploaded[str(fact.thumbnail_key)].is_of(fact)


def test_a_second_run_fetches_nothing_and_uploads_nothing(bucket: Relay, tmp_path: Path) -> None:
    assert told(run(tmp_path / "storage", bucket.url)) == (COUNT, 0, {"not_an_image": 1})
    first = stored(tmp_path / "storage")
    assert set(first) == {*NAMES, TEXT}
    assert_all_there(bucket.url, first)
    assert bucket.count() == {"GET": COUNT + 1, "PUT": COUNT}

    bucket.requests.clear()
    assert told(run(tmp_path / "storage", bucket.url)) == (0, COUNT, {"not_an_image": 1})
    assert bucket.count() == {}
    assert stored(tmp_path / "storage") == first


def test_only_what_changed_is_looked_at_again(bucket: Relay, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    run(storage, bucket.url)
    before = stored(storage)
    changed, lost, cut, removed, new = NAMES[0], NAMES[1], NAMES[2], NAMES[3], f"{IMAGES_PREFIX}5000.jpg"
    for key in (changed, new):
        bucket.put(key, Photograph("medium-0", key).body)
    obstore.delete(bucket.store(), [str(before[lost].thumbnail_key), removed])
    bucket.put(str(before[cut].thumbnail_key), b"cut")
    bucket.requests.clear()

    assert told(run(storage, bucket.url)) == (4, COUNT - 4, {"not_an_image": 1})
    fetched = {key for method, key in bucket.requests if method == "GET" and key}
    assert fetched == {changed, new, lost, cut}
    after = stored(storage)
    assert_all_there(bucket.url, after)
    assert (after[changed].width, after[new].width) == (1024, 1024)
    assert after[changed].etag != before[changed].etag
    assert removed not in after
    assert after[lost] == before[lost]


def test_a_thumbnail_exchanged_for_one_as_long_is_made_again(bucket: Relay, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    run(storage, bucket.url)
    fact = stored(storage)[NAMES[0]]
    bucket.put(str(fact.thumbnail_key), bytes(fact.thumbnail_size or 0))
    assert told(run(storage, bucket.url)) == (1, COUNT - 1, {"not_an_image": 1})
    assert_all_there(bucket.url, stored(storage))


def test_an_interrupted_run_is_gone_on_with_and_so_is_the_one_after_it(bucket: Relay, tmp_path: Path) -> None:
    storage, known = tmp_path / "storage", 0
    for place in (10, 25):
        bucket.statuses = {("GET", sorted(NAMES)[place]): 403}
        result = run(storage, bucket.url)
        assert not result.success
        left = written_down(storage)
        assert len(left) == place > known
        assert_all_there(bucket.url, left)
        known = len(left)
    bucket.statuses, bucket.requests = {}, []
    made, reused, _ = told(run(storage, bucket.url))
    assert (made, reused) == (COUNT - known, known)
    assert bucket.count()["PUT"] == COUNT - known
    assert set(stored(storage)) == {*NAMES, TEXT}


def run_when_told(storage: Path, url: str, mine: Connection) -> None:
    """Be the process that is killed: write down every fact at once, say when the first is made."""
    module.EVERY_SECONDS = 0.0  # type: ignore[attr-defined]  # imported there by name
    add = module.FactsRecord.add

    def say(record: module.FactsRecord, fact: ThumbnailFact) -> None:
        add(record, fact)
        if len(record.facts) == 1:
            mine.send("the first is made")

    module.FactsRecord.add = say  # type: ignore[assignment, method-assign]  # in this process only
    run(storage, url)
    time.sleep(60)


def test_a_run_killed_at_any_moment_names_nothing_that_is_not_there(bucket: Relay, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    finished = []
    for place, moment in enumerate(MOMENTS):
        storage = tmp_path / f"storage-{place}"
        mine, theirs = context.Pipe()
        process = context.Process(target=run_when_told, args=(storage, bucket.url, theirs), daemon=True)
        process.start()
        assert mine.recv()
        time.sleep(moment)
        os.kill(cast("int", process.pid), signal.SIGKILL)
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
        left = written_down(storage)
        assert_all_there(bucket.url, left)
        finished.append(len(left) > COUNT)

        bucket.requests.clear()
        run(storage, bucket.url)
        made = sum(1 for fact in left.values() if not fact.fault)
        assert bucket.count()["PUT"] == COUNT - made
        assert_all_there(bucket.url, stored(storage))
        assert set(stored(storage)) == {*NAMES, TEXT}
    assert not all(finished)


@pytest.mark.parametrize("answer", [403, 500])
def test_a_bucket_that_does_not_answer_is_a_refusal_in_our_words(
    bucket: Relay, tmp_path: Path, answer: int
) -> None:
    bucket.statuses = {("GET", NAMES[0]): answer}
    result = run(tmp_path / "storage", bucket.url)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    said = str(failure.step_failure_data.user_failure_data.description)  # type: ignore[union-attr]  # a Failure has it
    assert NAMES[0] in said
    assert said.startswith(("AccessDenied", "ConnectionFailed"))


def test_objects_that_s3_will_not_give_out_and_keys_that_cannot_be_used_fail_no_run(tmp_path: Path) -> None:
    odd = [f"{IMAGES_PREFIX}{name}" for name in ("a//1.jpg", "../2.jpg", "3\x01.jpg")]
    objects = {key: Photograph("small-0", key).body for key in (*NAMES[:4], *odd)}
    with served_bucket(tmp_path, objects, [f"archived:{NAMES[1]}", f"forbidden:{NAMES[2]}"]) as port:
        url = f"http://127.0.0.1:{port}"
        faults = {"archived": 1, "forbidden": 1, "unusable_key": 3}
        assert told(run(tmp_path / "storage", url)) == (2, 0, faults)
        assert told(run(tmp_path / "storage", url)) == (0, 2, faults)
        assert_all_there(url, stored(tmp_path / "storage"))
    with served_bucket(tmp_path) as port:
        del faults["archived"], faults["forbidden"]
        assert told(run(tmp_path / "storage", f"http://127.0.0.1:{port}")) == (2, 2, faults)


def test_the_same_bytes_uploaded_again_are_not_of_another_day(bucket: Relay, tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    run(storage, bucket.url)
    before = listed(storage)
    for key in NAMES[:2]:
        bucket.put(key, Photograph("small-0", key).body)
    bucket.put(NAMES[2], Photograph("small-0", "another").body)
    run(storage, bucket.url)
    after = listed(storage)
    assert {key for key in before if before[key] != after[key]} == {NAMES[2]}


def listed(storage: Path) -> dict[str, object]:
    """When each object was written, by the listing that is stored."""
    frame = cast("pd.DataFrame", FrameIOManager(location=str(storage)).read(s3_listing.key))
    return dict(zip(frame["key"], frame["modified"], strict=True))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("redirect", "RequestRefused: The bucket «clinic-files» is in another region"),
        ("clock", "RequestRefused: This machine's clock is over 15 minutes wrong"),
        ("web-page", "WebPageAnswered: No S3 server answered"),
    ],
)
def test_a_bucket_that_cannot_be_listed_fails_the_run_in_one_line(
    fault: str, says: str, tmp_path: Path
) -> None:
    with served_bucket(tmp_path, {}, [fault]) as port:
        result = run(tmp_path / "storage", f"http://127.0.0.1:{port}")
    [failure] = [event for event in result.all_events if event.is_step_failure]
    said = str(failure.step_failure_data.user_failure_data.description)  # type: ignore[union-attr]  # a Failure has it
    assert said.startswith(says)
    assert "\n" not in said
