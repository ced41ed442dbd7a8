"""Sets of frames by the run that made them: beside each other, in a folder and in S3 alike."""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.exceptions import FrameMissing
from nexus_reimport.storage.frame_store import FrameStore, open_store
from nexus_reimport.storage.frame_versions import FrameVersions

NAME = "frames/staged/notes"


def frame(value: str) -> dict[str, pd.DataFrame]:
    return {"rows": pd.DataFrame({"id": pd.array([value], dtype=pd.ArrowDtype(pa.string()))})}


@pytest.fixture(params=["folder", "S3"])
def location(request: pytest.FixtureRequest, tmp_path: Path, environment: Mapping[str, str]) -> str:
    """A place that holds nothing yet."""
    if request.param == "folder":
        return str(tmp_path)
    return f"s3://{environment['AWS_S3_BUCKET_NAME']}/frame-versions/{uuid4()}"


def test_runs_keep_their_own_beside_each_other_and_beside_an_older_releases(
    location: str, environment: Mapping[str, str]
) -> None:
    store = open_store(location, environment)
    frames = FrameVersions(store)
    older, *runs = (str(uuid4()) for _ in range(4))
    for run_id in runs:
        frames.save(NAME, run_id, frame(run_id))
    # As an older release stored it, for all runs; it forgets no more than what is its own.
    for _ in range(3):
        FrameStore(store).save(NAME, older, frame(older))
    frames.save("frames/staged/notes_too", runs[0], frame("another"))
    for run_id in (older, *runs):
        assert frames.has(NAME, run_id)
        assert frames.load(NAME, run_id)["rows"]["id"].to_list() == [run_id]
    assert set(frames.versions(NAME)) == {older, *runs}
    for one in frames.stored(NAME):
        if one.version in (older, runs[0]):
            frames.forget(one)
    assert set(frames.versions(NAME)) == set(runs[1:])
    assert frames.load(NAME, runs[1])["rows"]["id"].to_list() == [runs[1]]
    for gone in (older, runs[0], None):
        with pytest.raises(FrameMissing, match=f"{NAME} has not been materialized yet"):
            frames.load(NAME, gone)
    assert frames.versions("frames/staged/notes_too") == [runs[0]]


def test_what_two_forget_at_once_is_forgotten(location: str, environment: Mapping[str, str]) -> None:
    frames, run_id = FrameVersions(open_store(location, environment)), str(uuid4())
    frames.save(NAME, run_id, frame("x"))
    [one] = frames.stored(NAME)
    frames.forget(one)
    frames.forget(one)
    assert frames.stored(NAME) == frames.unfinished(NAME) == []
