"""A Nexus that is not empty: what is people's stays theirs, an older import's rows keep their ids."""

from dataclasses import dataclass

import pytest

from nexus_reimport.model.nexus import BY_NAME
from nexus_reimport.model.outcome import RunOutcome
from nexus_reimport.sandbox.clinic import OlderImport, SyntheticClinic, older_import_known
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine
from nexus_reimport_tests.writes import Writes, last_writes


def test_people_s_own_rows_stay_byte_for_byte_in_every_table(
    make_line: MakeLine, clinic: SyntheticClinic
) -> None:
    line = make_line("people")
    before = contents(line.url)
    outcome = line.run()
    after = contents(line.url)
    assert outcome.right
    for name, rows in before.items():
        assert rows <= after[name], name
    for name, expected in clinic.expected.items():
        relation = BY_NAME[name].relation
        assert before[relation], name
        assert len(after[relation]) == len(before[relation]) + expected["published"]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {BY_NAME[name].relation for name in clinic.expected}


@dataclass(frozen=True)
class Adopted:
    """A line over an older import, run twice."""

    line: Line
    known: OlderImport
    outcome: RunOutcome
    again: RunOutcome
    written_between: Writes
    written_in_the_end: Writes


@pytest.fixture(scope="module")
def adopted(make_line: MakeLine, clinic: SyntheticClinic) -> Adopted:
    """Two runs over the older import."""
    line = make_line("older-import")
    outcome = line.run()
    between = last_writes(line.url)
    again = line.run()
    return Adopted(line, older_import_known(clinic), outcome, again, between, last_writes(line.url))


def test_every_row_of_an_older_import_that_can_be_known_keeps_its_uuid(adopted: Adopted) -> None:
    assert adopted.outcome.right
    for name, wanted in adopted.known.adopted.items():
        kept = query(
            adopted.line.url,
            "SELECT source_key, id::text FROM nexus_reimport.identities WHERE table_name = %s",
            name,
        )
        found = {key: row_id for key, row_id in kept if key in wanted}
        assert found == wanted, name
        relation = BY_NAME[name].relation
        ids = {row_id for (row_id,) in query(adopted.line.url, f"SELECT id::text FROM {relation}")}  # noqa: S608 - ours
        assert set(wanted.values()) <= ids


def test_no_row_of_an_older_import_is_lost(adopted: Adopted) -> None:
    for relation, rows in adopted.known.rows.items():
        ids = {row_id for (row_id,) in query(adopted.line.url, f"SELECT id::text FROM {relation}")}  # noqa: S608 - ours
        assert {str(row["id"]) for row in rows} <= ids


def test_counts_are_right_whatever_was_there_before(adopted: Adopted, clinic: SyntheticClinic) -> None:
    for name, expected in clinic.expected.items():
        counts = adopted.outcome.tables[name]
        assert counts["read"] == expected["read"]
        assert counts["rejected"] == expected["rejected"]
        assert counts["inserted"] + counts["updated"] + counts["unchanged"] == expected["published"]
        known = adopted.known.adopted.get(name, {})
        assert counts["inserted"] <= expected["published"] - len(known), name
        assert not known or counts["updated"] > 0, name


def test_a_document_that_pointed_at_a_patient_who_is_gone_points_at_a_live_one(adopted: Adopted) -> None:
    stale = list(adopted.known.stale_documents)
    assert stale
    found = query(
        adopted.line.url,
        """
        SELECT count(*), count(object_id), count(p.id) FROM documents_document d
        LEFT JOIN patients p ON p.id = d.object_id WHERE d.id = ANY (%s::uuid[])
        """,
        stale,
    )
    [(all_of_them, pointing, alive)] = found
    assert all_of_them == len(stale)
    assert pointing == alive > 0
    nobody = query(
        adopted.line.url,
        "SELECT count(*) FROM documents_document d WHERE object_id IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM patients p WHERE p.id = d.object_id)",
    )
    assert nobody == [(0,)]


def test_two_rows_that_claim_one_filemaker_id_are_reported_and_both_stay(adopted: Adopted) -> None:
    twice = set(adopted.known.claimed_twice)
    assert twice
    warnings = adopted.line.staged("patients").warnings
    assert set(warnings.loc[warnings["reason"] == "claimed_twice", "key"]) == twice
    finding = [one for one in adopted.outcome.checks if one["check"] == "one_row_per_filemaker_id"]
    failed = {one["asset"] for one in finding if not one["passed"]}
    assert "staged/patients" in failed
    assert {one["severity"] for one in finding} == {"WARN"}


def test_a_second_run_over_adopted_rows_writes_nothing(adopted: Adopted, clinic: SyntheticClinic) -> None:
    assert adopted.again.right
    for name, expected in clinic.expected.items():
        assert adopted.again.tables[name]["unchanged"] == expected["published"]
    assert adopted.written_in_the_end == adopted.written_between
