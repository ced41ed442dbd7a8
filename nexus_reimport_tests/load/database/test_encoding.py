"""Text in every encoding: it arrives as it was, or is refused by table, key and column."""

from collections.abc import Iterator, Mapping

import psycopg
import pytest
from obstore.store import MemoryStore

from nexus_reimport.load.backup import Header, dump, prove_dump
from nexus_reimport.load.database.connection import connect
from nexus_reimport.load.exceptions import EncodingUnfit
from nexus_reimport.load.plan.making import make_plan
from nexus_reimport.load.publication import Publication, publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.nexus import NOTES, PATIENTS
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.postgres import Cluster
from nexus_reimport.sandbox.postgres_programs import program
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load.databases import nexus_in
from nexus_reimport_tests.load.staged_frames import AS_OF, staged_table, uid
from nexus_reimport_tests.writes import last_writes

# What the surroundings may say of how a session is to speak.
SURROUNDINGS = [
    {"PGCLIENTENCODING": "LATIN1"},
    {"PGCLIENTENCODING": "SQL_ASCII"},
    {"PGCLIENTENCODING": "WIN1252", "PGTZ": "Australia/Sydney", "PGDATESTYLE": "German"},
    {"PGOPTIONS": "-c client_encoding=LATIN1 -c timezone=America/Lima"},
]
NAMES = {
    "UTF8": "Zoë Łuczak\u2019s 李 🦶",
    "LATIN1": "Zoë Müller ½",
    "WIN1252": "Zoë\u2019s €",
    "LATIN2": "Łuczak",
}


def run(url: str, name: str, **more: object) -> Publication:
    """Publish one patient of that name, with a note."""
    metadata = f'{{"filemaker_clinic": "{name}"}}'
    row = {"name": "ann", "first_name": name, "filemaker_metadata": metadata, **more}
    note = {"name": "note", "patient_id": uid("patients ann"), "content": name}
    staged = {"patients": staged_table(PATIENTS, row), "notes": staged_table(NOTES, note)}
    return publish(url, "run", AS_OF, staged)


def stored(url: str) -> set[str]:
    """The name wherever it is stored."""
    with psycopg.connect(url, client_encoding="UTF8") as connection:
        rows = connection.execute(
            "SELECT first_name FROM patients UNION ALL SELECT filemaker_metadata->>'filemaker_clinic'"
            " FROM patients UNION ALL SELECT content FROM notes"
        ).fetchall()
    return {name for (name,) in rows}


@pytest.fixture
def surrounded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("surrounded", SURROUNDINGS, indirect=True)
@pytest.mark.usefixtures("surrounded")
def test_text_arrives_as_it_was_whatever_the_environment_asks_for(nexus_database: str) -> None:
    run(nexus_database, NAMES["UTF8"])
    assert stored(nexus_database) == {NAMES["UTF8"]}


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_digests_do_not_depend_on_who_connects(
    nexus_database: str, surroundings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(nexus_database, NAMES["UTF8"], dob=AS_OF.date())
    before = last_writes(nexus_database)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert run(nexus_database, NAMES["UTF8"], dob=AS_OF.date()).number is None
    with connect(nexus_database, "test") as connection:
        shown = connection.execute(
            "SELECT '2020-03-04 05:06:07+00'::timestamptz::text, '1 day'::interval::text"
        )
        assert shown.fetchone() == ("2020-03-04 05:06:07+00", "P1D")
    for name in surroundings:
        monkeypatch.delenv(name)
    assert last_writes(nexus_database) == before


@pytest.fixture(params=["LATIN1", "WIN1252", "LATIN2"])
def encoded(request: pytest.FixtureRequest, postgres: Cluster) -> Iterator[tuple[str, str]]:
    """A Nexus in an encoding of one byte a character, and that encoding."""
    with nexus_in(postgres, request.param) as url:
        yield url, request.param


def test_a_database_in_another_encoding_gets_what_it_can_hold(encoded: tuple[str, str]) -> None:
    url, encoding = encoded
    run(url, NAMES[encoding])
    assert stored(url) == {NAMES[encoding]}
    assert run(url, NAMES[encoding]).number is None


@pytest.mark.parametrize(("column", "value"), [("last_name", "李"), ("contact_json", '{"label": "🦶"}')])
def test_what_a_database_cannot_hold_is_refused_by_table_key_and_column(
    encoded: tuple[str, str], column: str, value: str
) -> None:
    url, encoding = encoded
    rows = [{"name": "ann", "last_name": NAMES[encoding]}, {"name": "ben", column: value}]
    note = {"name": "note", "patient_id": uid("patients ann"), "content": f"before {value} after"}
    staged = {"patients": staged_table(PATIENTS, *rows), "notes": staged_table(NOTES, note)}
    before = last_writes(url)
    for act in (
        lambda: publish(url, "run", AS_OF, staged),
        lambda: make_plan(url, staged, Options(), []),
    ):
        with pytest.raises(EncodingUnfit) as refusal:
            act()
        said = str(refusal.value)
        assert f"encoding {encoding}, which lacks characters of 2 values" in said
        assert f"patients {uid('key ben')} {column}; notes {uid('key note')} content." in said
        assert "🦶" not in said
        assert "李" not in said
    assert last_writes(url) == before


def test_of_many_values_that_cannot_be_held_ten_are_named_and_all_counted(postgres: Cluster) -> None:
    rows = [{"name": str(number), "last_name": "Łuczak"} for number in range(12)]
    with nexus_in(postgres, "LATIN1") as url, pytest.raises(EncodingUnfit) as refusal:
        publish(url, "run", AS_OF, {"patients": staged_table(PATIENTS, *rows)})
    assert str(refusal.value).count("last_name") == 10
    assert "of 12 values" in str(refusal.value)
    assert "and 2 more" in str(refusal.value)


def test_a_database_that_takes_any_bytes_for_text_is_refused_at_the_first_look(postgres: Cluster) -> None:
    staged = {"patients": staged_table(PATIENTS, {"name": "ann"})}
    with nexus_in(postgres, "SQL_ASCII") as url:
        for act in (
            lambda: read_state(url),
            lambda: make_plan(url, staged, Options(), []),
            lambda: publish(url, "run", AS_OF, staged),
        ):
            with pytest.raises(EncodingUnfit, match=r"^[^.]*SQL_ASCII[^.]*\.$"):
                act()
        assert query(url, "SELECT to_regnamespace('nexus_reimport')") == [(None,)]


@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1"])
def test_a_dump_is_whole_and_proved_whatever_the_encodings_are(
    postgres: Cluster, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_DUMP", str(program("pg_dump")))
    store = MemoryStore()
    with nexus_in(postgres, encoding) as url:
        run(url, NAMES[encoding])
        monkeypatch.setenv("PGCLIENTENCODING", "SQL_ASCII" if encoding == "LATIN1" else "LATIN1")
        header = Header("20260701T030405Z-01234567", "run", None, AS_OF)
        dump(url, store, header)
        superuser = postgres.url(url.rpartition("/")[2], "postgres")
        assert prove_dump(superuser, store, header.name).is_proved
