"""COPY text: whatever a note holds arrives as it is."""

from datetime import UTC, datetime

import pandas as pd
import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus_reimport.load.database.connection import connect
from nexus_reimport.load.database.copying import copy_frame, copy_text

TEXT = pd.ArrowDtype(pa.string())
# PostgreSQL text can hold neither NUL nor half a surrogate pair.
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.tuples(st.none() | storable, st.none() | storable), max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_arrives_as_it_was(nexus_database: str, rows: list[tuple[str | None, str | None]]) -> None:
    frame = pd.DataFrame(
        {name: pd.array([row[i] for row in rows], dtype=TEXT) for i, name in enumerate("ab")}
    )
    with psycopg.connect(nexus_database) as connection:
        connection.execute("CREATE TEMPORARY TABLE arrived (n serial, a text, b text)")
        copy_frame(connection, frame, "arrived")
        assert connection.execute("SELECT a, b FROM arrived ORDER BY n").fetchall() == rows


def test_a_line_that_ends_a_copy_elsewhere_is_escaped() -> None:
    frame = pd.DataFrame({"a": pd.array(["before\n\\.\nafter"], dtype=TEXT)})
    assert b"".join(copy_text(frame)) == b"before\\n\\\\.\\nafter\n"


def test_nulls_and_empty_texts_stay_apart() -> None:
    frame = pd.DataFrame({"a": pd.array([None, ""], dtype=TEXT), "b": pd.array(["", None], dtype=TEXT)})
    assert b"".join(copy_text(frame)) == b"\\N\t\n\t\\N\n"


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney"])
def test_an_instant_arrives_as_it_was_whatever_the_servers_zone_is(nexus_database: str, zone: str) -> None:
    moments = [datetime(2024, 1, 1, 12, tzinfo=UTC), None, datetime(1950, 6, 30, 1, 2, 3, 4, tzinfo=UTC)]
    column = pd.array(moments, dtype=pd.ArrowDtype(pa.timestamp("us", tz=zone)))
    with psycopg.connect(nexus_database, options="-c timezone=America/Lima") as connection:
        connection.execute("CREATE TEMPORARY TABLE arrived (n serial, a timestamptz)")
        copy_frame(connection, pd.DataFrame({"a": column}), "arrived")
        assert connection.execute("SELECT a FROM arrived ORDER BY n").fetchall() == [
            (one,) for one in moments
        ]


def test_of_no_rows_there_is_nothing_to_copy() -> None:
    assert b"".join(copy_text(pd.DataFrame({"a": pd.array([], dtype=TEXT)}))) == b""


def test_many_rows_come_in_blocks() -> None:
    frame = pd.DataFrame({"a": pd.array([str(i) for i in range(45_000)], dtype=TEXT)})
    blocks = list(copy_text(frame))
    assert [block.count(b"\n") for block in blocks] == [20_000, 20_000, 5_000]


def test_a_connection_speaks_utc_whatever_the_server_does(nexus_database: str) -> None:
    with connect(nexus_database, "testing") as connection:
        row = connection.execute("SELECT '2020-01-01 00:00:00+10'::timestamptz::text").fetchone()
    assert row == ("2019-12-31 14:00:00+00",)
