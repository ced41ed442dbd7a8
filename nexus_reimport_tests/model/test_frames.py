"""The shape of every frame."""

from datetime import UTC, date, datetime

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pytest

from nexus_reimport.model.columns import Column, Table, describe
from nexus_reimport.model.filemaker import CLINICAL_NOTES, ENTITY_SETS, MESSAGES, UNREADABLE_COLUMN, EntitySet
from nexus_reimport.model.frame_checks import failures, schema_of
from nexus_reimport.model.frames import IMAGE_EXPORT, NEXUS_STATE, REJECTS, S3_LISTING, THUMBNAIL_FACTS
from nexus_reimport.model.nexus import IMAGE_BATCHES, PATIENTS, TABLES

TEXT = pd.ArrowDtype(pa.string())
ONE, TWO = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
TABLE = Table(
    "things",
    "things",
    (
        Column("id", "uuid", role="key"),
        Column("owner", "uuid", null=True),
        Column("name", "varchar", length=5),
        Column("kind", "varchar", null=True, length=10, choices=("a", "b")),
        Column("story", "text", null=True),
        Column("on_day", "date", null=True),
        Column("created_at", "timestamptz", distinct=True),
        Column("count", "integer"),
        Column("done", "boolean"),
        Column("data", "jsonb", null=True),
        Column("tags", "jsonb", is_list=True),
    ),
)
GOOD: dict[str, object] = {
    "source_key": [ONE, TWO],
    "id": [ONE, TWO],
    "owner": [None, ONE],
    "name": ["éééé👍", ""],
    "kind": ["a", None],
    "story": ["long" * 100, None],
    "on_day": [date(2020, 1, 1), None],
    "created_at": [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)],
    "count": [2**31 - 1, -(2**31)],
    "done": [True, False],
    "data": ['{"a":1}', None],
    "tags": ["[]", '["x"]'],
}


def staged(**changed: object) -> pd.DataFrame:
    dtypes = {"source_key": TEXT, **{column.name: column.dtype for column in TABLE.columns}}
    values = {**GOOD, **changed}
    return pd.DataFrame({name: pd.Series(values[name], dtype=dtype) for name, dtype in dtypes.items()})


def broken(schema: pandera.DataFrameSchema, frame: pd.DataFrame, key: str) -> list[tuple[str, ...]]:
    found = failures(schema, frame, key)
    assert list(found.columns) == ["key", "field", "rule"]
    return [tuple(row) for row in found.to_numpy().tolist()]


def test_a_frame_that_holds_its_schema_has_no_failures() -> None:
    assert broken(schema_of(TABLE.staged), staged(), "source_key") == []


@pytest.mark.parametrize(
    ("column", "first", "rule"),
    [
        ("id", "00000000-0000-0000-0000-00000000000A", "not_a_uuid"),
        ("id", None, "null"),
        ("source_key", "x", "not_a_uuid"),
        ("source_key", None, "null"),
        ("owner", ONE.replace("-", ""), "not_a_uuid"),
        ("owner", f"{ONE}\n", "not_a_uuid"),
        ("name", "123456", "too_long"),
        ("name", None, "null"),
        ("name", "a\x00", "nul"),
        ("story", "a\x00b", "nul"),
        ("kind", "c", "not_a_choice"),
        ("kind", "", "not_a_choice"),
        ("count", 2**31, "integer_range"),
        ("count", -(2**31) - 1, "integer_range"),
        ("created_at", None, "null"),
        ("done", None, "null"),
        ("data", "[]", "not_a_json_object"),
        ("data", "{", "not_a_json_object"),
        ("data", '"{}"', "not_a_json_object"),
        ("data", '{"a":"\\u0000"}', "nul"),
        ("data", '{"a":"\\\\\\u0000"}', "nul"),
        ("tags", "{}", "not_a_json_list"),
        ("tags", None, "null"),
    ],
)
def test_a_cell_nexus_cannot_hold_is_named_by_key_field_rule(column: str, first: object, rule: str) -> None:
    second = GOOD[column][1]  # type: ignore[index]  # a list
    frame = staged(**{column: [first, second]})
    key = "" if column == "source_key" and first is None else str(frame["source_key"][0])
    assert (key, column, rule) in broken(schema_of(TABLE.staged), frame, "source_key")
    assert {row[1] for row in broken(schema_of(TABLE.staged), frame, "source_key")} == {column}


def test_text_about_a_nul_escape_is_no_nul() -> None:
    assert broken(schema_of(TABLE.staged), staged(data=['{"a":"\\\\u0000"}', None]), "source_key") == []


def test_ids_repeat_for_every_row_that_has_them() -> None:
    assert broken(schema_of(TABLE.staged), staged(id=[ONE, ONE]), "source_key") == [
        (ONE, "id", "repeated"),
        (TWO, "id", "repeated"),
    ]


def test_creation_times_are_distinct() -> None:
    same = [datetime(2020, 1, 1, tzinfo=UTC)] * 2
    found = broken(schema_of(TABLE.staged), staged(created_at=same), "source_key")
    assert {row[1:] for row in found} == {("created_at", "repeated")}


def test_days_that_not_even_python_can_hold_are_named_by_their_column() -> None:
    days = pa.array([-800_000, None], pa.int32()).cast(pa.date32())
    frame = staged().assign(on_day=pd.Series(pd.arrays.ArrowExtensionArray(days)))
    assert broken(schema_of(TABLE.staged), frame, "source_key") == [("", "on_day", "outside_calendar")]


def test_a_column_too_few_too_many_or_out_of_order_is_named() -> None:
    schema = schema_of(TABLE.staged)
    assert broken(schema, staged().drop(columns="name"), "source_key") == [("", "name", "missing_column")]
    assert broken(schema, staged().assign(more=1), "source_key") == [("", "more", "unknown_column")]
    turned = staged()[["source_key", "owner", "id", *list(staged().columns[3:])]]
    assert {row[2] for row in broken(schema, turned, "source_key")} == {"column_order"}


def test_a_column_of_another_type_is_named_once() -> None:
    frame = staged().astype({"name": object})
    assert broken(schema_of(TABLE.staged), frame, "source_key") == [("", "name", "type")]


def test_without_its_key_column_a_frame_still_has_failures() -> None:
    assert broken(schema_of(TABLE.staged), staged().drop(columns="source_key"), "source_key") == [
        ("", "source_key", "missing_column")
    ]


def test_rows_are_named_by_key_whatever_the_frames_index() -> None:
    frame = staged(name=["ok", "too long"]).set_index(pd.Index(["x", "y"]))
    assert broken(schema_of(TABLE.staged), frame, "source_key") == [(TWO, "name", "too_long")]


def test_failures_never_contain_a_value() -> None:
    value_of_a_row = "Ada Byron of Nowhere"
    frame = staged(
        name=[value_of_a_row, value_of_a_row],
        kind=[value_of_a_row, value_of_a_row],
        data=[value_of_a_row, value_of_a_row],
        owner=[value_of_a_row, value_of_a_row],
    )
    found = failures(schema_of(TABLE.staged), frame, "source_key")
    assert len(found) == 10
    assert value_of_a_row not in found.to_csv()


def test_an_empty_frame_holds_its_schema() -> None:
    assert broken(schema_of(TABLE.staged), staged().iloc[:0], "source_key") == []


@pytest.mark.parametrize("entity", ENTITY_SETS, ids=lambda entity: entity.asset)
def test_an_extract_has_all_fields_as_text_and_a_description_for_each(entity: EntitySet) -> None:
    schema = schema_of(entity.frame)
    assert list(schema.columns) == [*entity.names, UNREADABLE_COLUMN]
    assert all(column.description for column in schema.columns.values())
    frame = pd.DataFrame({name: pd.Series(["a", "b"], dtype=TEXT) for name in entity.names})
    assert broken(schema, frame, entity.key) == []
    blank = frame.assign(**{name: pd.Series([None, None], dtype=TEXT) for name in entity.names})
    assert broken(schema, blank, entity.key) == [("", entity.key, "null")]


def test_what_an_extract_says_of_unreadable_values_is_json() -> None:
    frame = pd.DataFrame({name: pd.Series(["a", "b"], dtype=TEXT) for name in MESSAGES.names})
    told = frame.assign(unreadable=pd.Series(['{"Note":"unreadable_value"}', "Note"], dtype=TEXT))
    assert broken(schema_of(MESSAGES.frame), told, MESSAGES.key) == [
        ("b", UNREADABLE_COLUMN, "not_a_json_object")
    ]


def test_an_extract_has_no_key_twice_in_any_case() -> None:
    frame = pd.DataFrame({name: pd.Series(["a", "A"], dtype=TEXT) for name in MESSAGES.names})
    assert broken(schema_of(MESSAGES.frame), frame, MESSAGES.key) == [
        ("A", "_kp_MessageID", "repeated"),
        ("a", "_kp_MessageID", "repeated"),
    ]


def test_an_extract_without_a_field_is_named() -> None:
    frame = pd.DataFrame(
        {name: pd.Series(["a"], dtype=TEXT) for name in CLINICAL_NOTES.names if name != "Note"}
    )
    assert broken(schema_of(CLINICAL_NOTES.frame), frame, "id") == [("", "Note", "missing_column")]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_staged_column_is_described(table: Table) -> None:
    columns = schema_of(table.staged).columns
    assert list(columns) == ["source_key", *(column.name for column in table.columns)]
    assert all(column.description for column in columns.values())


def test_a_description_says_type_choices_and_who_decides() -> None:
    assert describe(PATIENTS.column("title")) == (
        "varchar(10), one of Mr, Mrs, Ms, Miss, Dr, Prof, may be null; from FileMaker."
    )
    assert describe(PATIENTS.column("archived")).endswith("given once, Nexus's own from then on.")


def listing(**changed: object) -> pd.DataFrame:
    stamp = pd.ArrowDtype(pa.timestamp("us", tz="UTC"))
    values: dict[str, object] = {"key": ["a/b"], "size": [0], "etag": ["e"], "modified": [datetime.now(UTC)]}
    dtypes = {"key": TEXT, "size": pd.ArrowDtype(pa.int64()), "etag": TEXT, "modified": stamp}
    return pd.DataFrame(
        {name: pd.Series({**values, **changed}[name], dtype=dtype) for name, dtype in dtypes.items()}
    )


def test_a_listing_has_each_key_once_and_no_negative_size() -> None:
    assert broken(schema_of(S3_LISTING), listing(), "key") == []
    assert broken(schema_of(S3_LISTING), listing(size=[-1]), "key") == [("a/b", "size", "negative")]
    twice = pd.concat([listing(), listing()], ignore_index=True)
    assert broken(schema_of(S3_LISTING), twice, "key") == [("a/b", "key", "repeated")]
    assert broken(schema_of(S3_LISTING), listing(etag=[None]), "key") == [("a/b", "etag", "null")]


IMAGE_ROW: dict[str, tuple[object, pa.DataType]] = {
    "filemaker_id": (ONE, pa.string()),
    "contact": (TWO, pa.string()),
    "recid": ("995", pa.string()),
    "type": (None, pa.string()),
    "name_of_file": (None, pa.string()),
    "export_date": (None, pa.string()),
    "date": (None, pa.date32()),
    "line": (2, pa.int64()),
}
THUMBNAIL: dict[str, tuple[object, pa.DataType]] = {
    "key": ("a/1.jpg", pa.string()),
    "etag": ("e", pa.string()),
    "width": (1, pa.int64()),
    "height": (1, pa.int64()),
    "mime_type": ("image/jpeg", pa.string()),
    "thumbnail_key": ("a/1_thumb.jpg", pa.string()),
    "thumbnail_size": (1, pa.int64()),
    "fault": (None, pa.string()),
    "warning": (None, pa.string()),
    "thumbnail_etag": ("s", pa.string()),
    "rules": (2, pa.int64()),
}


def lines_of(cells: dict[str, tuple[object, pa.DataType]], *changes: dict[str, object]) -> pd.DataFrame:
    """A frame with one row for each set of changes."""
    columns = {
        name: pa.array([change.get(name, value) for change in changes], dtype)
        for name, (value, dtype) in cells.items()
    }
    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("filemaker_id", ONE.upper(), "not_a_uuid"),
        ("filemaker_id", None, "null"),
        ("contact", "12", "not_a_uuid"),
        ("contact", None, "null"),
        ("recid", "9.5", "not_a_recid"),
        ("recid", "9" * 19, "not_a_recid"),
        ("recid", "", "not_a_recid"),
        ("type", "a\x00", "nul"),
        ("name_of_file", "a\x00", "nul"),
        ("export_date", "a\x00", "nul"),
        ("line", 0, "not_positive"),
        ("line", None, "null"),
    ],
)
def test_a_row_of_the_image_csv_is_typed(column: str, value: object, rule: str) -> None:
    schema = schema_of(IMAGE_EXPORT)
    good: dict[str, object] = {"type": "Left", "date": date(2016, 10, 18)}
    assert broken(schema, lines_of(IMAGE_ROW, good), "line") == []
    found = broken(schema, lines_of(IMAGE_ROW, {column: value}), "line")
    assert [one[1:] for one in found] == [(column, rule)]


@pytest.mark.parametrize("column", ["filemaker_id", "recid", "line"])
def test_no_two_rows_of_the_image_csv_are_one_image(column: str) -> None:
    second = {"filemaker_id": TWO, "recid": "996", "line": 3}
    assert broken(schema_of(IMAGE_EXPORT), lines_of(IMAGE_ROW, {}, second), "recid") == []
    second.pop(column)
    found = broken(schema_of(IMAGE_EXPORT), lines_of(IMAGE_ROW, {}, second), "recid")
    assert {one[1:] for one in found} == {(column, "repeated")}


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("key", None, "null"),
        ("etag", None, "null"),
        ("width", 0, "not_positive"),
        ("height", -1, "not_positive"),
        ("thumbnail_size", 0, "not_positive"),
        ("mime_type", "text/plain", "not_a_mime_type"),
        ("thumbnail_key", "a\x00", "nul"),
        ("fault", "Not an image", "reason_code"),
    ],
)
def test_a_thumbnail_has_facts_in_their_bounds(column: str, value: object, rule: str) -> None:
    schema = schema_of(THUMBNAIL_FACTS)
    assert broken(schema, lines_of(THUMBNAIL, {}), "key") == []
    found = broken(schema, lines_of(THUMBNAIL, {column: value}), "key")
    assert [one[1:] for one in found] == [(column, rule)]


def test_an_object_has_one_thumbnail() -> None:
    found = broken(schema_of(THUMBNAIL_FACTS), lines_of(THUMBNAIL, {}, {}), "key")
    assert {one[1:] for one in found} == {("key", "repeated")}


@pytest.mark.parametrize("fact", ["width", "height", "mime_type", "thumbnail_key", "thumbnail_size"])
def test_an_object_has_a_whole_thumbnail_or_a_fault(fact: str) -> None:
    schema = schema_of(THUMBNAIL_FACTS)
    half = broken(schema, lines_of(THUMBNAIL, {fact: None}), "key")
    assert {(one[0], one[2]) for one in half} == {("a/1.jpg", "neither_thumbnail_nor_fault")}
    assert broken(schema, lines_of(THUMBNAIL, {fact: None, "fault": "gone"}), "key") == []


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        (f"{ONE}/2016-10-18", True),
        (f"{ONE}/unknown", True),
        (ONE, False),
        (f"{ONE}/18 Oct 2016", False),
        (f"{ONE.upper()}/unknown", False),
        ("/unknown", False),
    ],
)
def test_a_batchs_key_is_its_patient_and_its_day(key: str, fits: bool) -> None:
    check = schema_of(IMAGE_BATCHES.staged).columns["source_key"].checks[0]
    assert bool(check(pd.Series([key], dtype=TEXT)).check_passed) is fits


def reports(reason: str) -> pd.DataFrame:
    cells = {"table": "notes", "key": ONE, "field": "Note", "reason": reason}
    return pd.DataFrame({name: pd.Series([value], dtype=TEXT) for name, value in cells.items()})


def test_a_reject_has_a_reason_code_not_a_sentence() -> None:
    assert broken(schema_of(REJECTS), reports("empty_content"), "key") == []
    assert broken(schema_of(REJECTS), reports("Ada has no note"), "key") == [(ONE, "reason", "reason_code")]


def state(kind: str, row_id: str | None = ONE) -> pd.DataFrame:
    cells = {"kind": kind, "key": "k", "id": row_id, "detail": None}
    return pd.DataFrame({name: pd.Series([value], dtype=TEXT) for name, value in cells.items()})


@pytest.mark.parametrize(
    "kind",
    [
        "clinic_filemaker_id",
        "clinic_name",
        "clinician_id",
        "clinician_name",
        "appointment_type_id",
        "appointment_type_name",
        "funding_source_name",
        "custom_funding_source_name",
        "content_type",
        "live:patients",
        "former:patients",
        "s3_key:images",
        *(f"identity:{table.name}" for table in TABLES),
        *(f"claim:{table.name}" for table in TABLES),
        "adoptable:appointments",
        "adoptable:notes",
        "adoptable:sms_messages",
    ],
)
def test_the_state_has_these_kinds(kind: str) -> None:
    assert broken(schema_of(NEXUS_STATE), state(kind), "key") == []


@pytest.mark.parametrize(
    "kind",
    ["", "identity", "identity:nobody", "clinic_names", "live:notes", "s3_key:documents", "adoptable:images"],
)
def test_the_state_has_no_other_kinds(kind: str) -> None:
    assert broken(schema_of(NEXUS_STATE), state(kind), "key") == [("k", "kind", "unknown_kind")]


def test_the_state_names_a_row() -> None:
    assert broken(schema_of(NEXUS_STATE), state("clinic_name", None), "key") == [("k", "id", "null")]
