"""A report as JSON: what is written is read again, and nothing else is taken for a report."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from nexus_reimport.present.report.exceptions import ReportUnreadable
from nexus_reimport.present.report.facts import ReportFacts
from nexus_reimport.present.report.record import VERSION, from_json, to_json
from nexus_reimport_tests.present.report.samples import any_facts, reimport


@given(any_facts)
@settings(max_examples=60, deadline=None)
def test_every_report_comes_back_as_it_was(facts: ReportFacts) -> None:
    assert from_json(to_json(facts)) == facts


def test_the_same_facts_are_the_same_bytes_whatever_has_been_read_between() -> None:
    assert to_json(reimport()) == to_json(from_json(to_json(reimport())))


def test_numbers_are_where_a_program_looks_for_them() -> None:
    content = json.loads(to_json(reimport()))
    assert content["version"] == VERSION
    [patients, *_] = content["report"]["tables"]
    assert (patients["name"], patients["done"]["inserted"], patients["rejected"]) == (
        "patients",
        1201,
        {"no_name": 3},
    )
    assert content["report"]["started"] == "2025-03-04T22:10:05Z"


def test_the_report_before_is_kept_without_its_own() -> None:
    first = reimport()
    third = replace(first, run_id="3").after(replace(first, run_id="2").after(first))
    assert third.previous is not None
    assert (third.previous.run_id, third.previous.previous) == ("2", None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"<html>",
        b'{"version": 1}',
        b'{"version": 1, "report": {"run_id": 3}}',
        to_json(reimport()).replace(b'"version": 1', b'"version": 2'),
        to_json(reimport()).replace(b'"no_name": 3', b'"no_name": "Smith"'),
    ],
)
def test_what_is_no_report_of_this_version_is_refused_without_quoting_it(content: bytes) -> None:
    with pytest.raises(ReportUnreadable) as caught:
        from_json(content)
    assert "Smith" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
