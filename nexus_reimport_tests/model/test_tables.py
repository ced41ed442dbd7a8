"""What is declared of Nexus's tables is what its migrations make: the sandbox's DDL is read off those."""

import psycopg
import pytest

from nexus_reimport.model.columns import Column, Frame, Table
from nexus_reimport.model.filemaker import ENTITY_SETS
from nexus_reimport.model.frames import (
    IMAGE_EXPORT,
    NEXUS_STATE,
    REJECTS,
    S3_LISTING,
    THUMBNAIL_FACTS,
    TOUCHED_ROWS,
)
from nexus_reimport.model.nexus import TABLES

NAMES = {"timestamptz": "timestamp with time zone", "varchar": "character varying", "numeric": "numeric(6,4)"}
COLUMNS = """
    SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
UNIQUE = """
    SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
        AND a.attnum = i.indkey[0]
    WHERE i.indrelid = %s::regclass AND i.indisunique AND NOT i.indisprimary
"""
ENFORCED = """
    SELECT a.attname::text, f.confrelid::regclass::text FROM pg_constraint f
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND f.conrelid = %s::regclass
"""
BESIDE = (IMAGE_EXPORT, NEXUS_STATE, REJECTS, S3_LISTING, THUMBNAIL_FACTS, TOUCHED_ROWS)
FRAMES = (*BESIDE, *(one.frame for one in ENTITY_SETS), *(table.staged for table in TABLES))

by_name = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def asked(url: str, statement: str, table: Table) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode(), [table.relation]).fetchall()


def of_postgresql(column: Column) -> tuple[str, str, bool]:
    name = NAMES.get(column.kind, column.kind)
    return column.name, f"{name}({column.length})" if column.length else name, column.null


@by_name
def test_a_table_has_just_the_columns_of_nexus_in_their_order(table: Table, nexus_database: str) -> None:
    assert asked(nexus_database, COLUMNS, table) == [of_postgresql(column) for column in table.columns]


@by_name
def test_what_is_unique_in_nexus_is_declared(table: Table, nexus_database: str) -> None:
    assert {str(name) for (name,) in asked(nexus_database, UNIQUE, table)} == set(table.unique)


@by_name
def test_a_link_leads_where_nexus_has_it(table: Table, nexus_database: str) -> None:
    enforced = {str(name): relation for name, relation in asked(nexus_database, ENFORCED, table)}
    for link in table.links:
        if link.type_column:
            assert enforced[link.type_column] == "django_content_type"
            assert link.column not in enforced
        else:
            assert enforced[link.column] == link.relation
    filled = {column.name for column in table.columns if column.role == "source"}
    types = {link.type_column for link in table.links}
    assert enforced.keys() & filled <= {link.column for link in table.links} | types


@by_name
def test_a_table_says_by_what_it_is_listed(table: Table) -> None:
    assert table.column(table.paged_by).distinct


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.name)
def test_each_column_is_described_in_a_sentence(frame: Frame) -> None:
    for column in frame.columns:
        assert column.description[:1].isupper() or column.description.startswith("insert,")
        assert column.description.endswith((".", "\N{HORIZONTAL ELLIPSIS}", "or null."))
