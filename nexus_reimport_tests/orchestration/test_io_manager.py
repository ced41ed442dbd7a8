"""Frames between assets: they come back as they were, types and all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from nexus_reimport.exceptions import FrameMissing
from nexus_reimport.model.columns import ARROW_TYPES
from nexus_reimport.orchestration.io_manager import FrameIOManager, Value
from nexus_reimport.transform.staged import Staged

SOME: dict[str, object] = {
    "uuid": "0d7c4e5a-0000-4000-8000-000000000000",
    "text": "é\0\n🦶",
    "varchar": "",
    "date": date(1776, 7, 4),
    "timestamptz": datetime(2026, 7, 1, 2, 0, 0, 1, tzinfo=UTC),
    "integer": 2**40,
    "numeric": Decimal("0.0550"),
    "boolean": False,
    "jsonb": "{}",
}


def frame_of(values: dict[str, object], rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            kind: pd.array([values.get(kind)] * rows, dtype=pd.ArrowDtype(arrow))
            for kind, arrow in ARROW_TYPES.items()
        }
    )


FRAMES = {"full": frame_of(SOME, 3), "all_null": frame_of({}, 3), "no_rows": frame_of({}, 0)}


@pytest.fixture
def frames(tmp_path: Path) -> FrameIOManager:
    return FrameIOManager(location=str(tmp_path))


def stored(frames: FrameIOManager, value: Value) -> tuple[Value, str]:
    """Let one asset give the value and the next one take it; return what it took, and the run's id."""
    taken: list[Value] = []

    @dg.asset(key=["some", "thing"])
    def given() -> object:
        return value

    @dg.asset(ins={"thing": dg.AssetIn(key=["some", "thing"])})
    def taker(thing: object) -> None:
        taken.append(cast("Value", thing))

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([given, taker], instance=instance, resources={"io_manager": frames})
    return taken[0], result.run_id


@pytest.fixture(params=sorted(FRAMES))
def some_frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    return FRAMES[str(request.param)]


def test_a_frame_comes_back_with_its_types_even_where_all_is_null(
    frames: FrameIOManager, some_frame: pd.DataFrame
) -> None:
    frame, run_id = stored(frames, some_frame)
    assert isinstance(frame, pd.DataFrame)
    pd.testing.assert_frame_equal(frame, some_frame)
    assert frame.dtypes.to_list() == some_frame.dtypes.to_list()
    assert frames.version(dg.AssetKey(["some", "thing"])) == run_id


def test_a_staged_table_comes_back_with_rejects_and_warnings(
    frames: FrameIOManager, some_frame: pd.DataFrame
) -> None:
    staged = Staged(some_frame, FRAMES["full"], FRAMES["no_rows"])
    found, _ = stored(frames, staged)
    assert isinstance(found, Staged)
    pd.testing.assert_frame_equal(found.rows, staged.rows)
    pd.testing.assert_frame_equal(found.rejects, staged.rejects)
    pd.testing.assert_frame_equal(found.warnings, staged.warnings)
    assert found.rows.dtypes.to_list() == staged.rows.dtypes.to_list()


def test_all_null_text_is_text_and_not_nothing(frames: FrameIOManager) -> None:
    frame, _ = stored(frames, FRAMES["all_null"])
    assert isinstance(frame, pd.DataFrame)
    assert frame["text"].dtype == pd.ArrowDtype(pa.string())


def test_what_was_never_stored_is_missing(frames: FrameIOManager) -> None:
    key = dg.AssetKey(["some", "thing"])
    assert frames.version(key) is None
    with pytest.raises(FrameMissing, match="some/thing"):
        frames.read(key)
