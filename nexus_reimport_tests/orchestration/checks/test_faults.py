"""Every fault of a FileMaker host, through the whole line: the right result or a refusal, never short."""

from dataclasses import replace

import pandas as pd
import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import MakeLine, ServeFileMaker

REFUSED = {Fault.SHORT_EXTRACT, Fault.WEB_PAGE}
LOSSY = {Fault.QUESTION_MARKS, Fault.BAD_BYTES}
# What an account may no longer view: nothing to a first run, and no smaller clinic to a later one.
FADING = {
    Fault.NO_DETAILS: ("contact_details", "0 now"),
    Fault.HALF_DETAILS: ("contact_details", " rows before, "),
    Fault.BLANK_DETAILS: ("contact_details", "ph says something in "),
    Fault.NO_BIRTH_DATES: ("contacts", "DOB says something in "),
}
# How pages are written and linked does not hang on what the others do: one run has them all.
WRITING = {Fault.REFUSED_NEXT_LINK, Fault.QUOTED_KEY, Fault.ODD_NUMBERS, Fault.LOOSE_JSON}
# Nor do the answers that are refused, cut or late: each comes at a count of its own. The client's tests have
# each alone.
REFUSING = {
    Fault.BAD_GATEWAY_BURSTS,
    Fault.TOO_MANY_REQUESTS,
    Fault.TOKEN_EXPIRES,
    Fault.TRUNCATED_BODY,
    Fault.SLOW_ANSWERS,
}
HARMLESS = [(fault,) for fault in Fault if fault not in REFUSED | LOSSY | WRITING | REFUSING | FADING.keys()]
TOGETHER = [tuple(sorted(faults)) for faults in (WRITING, REFUSING)]


def published(clinic: SyntheticClinic) -> dict[str, tuple[int, int, dict[str, int]]]:
    return {name: (one["read"], one["published"], one["rejected"]) for name, one in clinic.expected.items()}


@pytest.mark.parametrize("faults", [*HARMLESS, *TOGETHER], ids=",".join)
def test_a_host_with_a_fault_is_reimported_whole(
    line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker, faults: tuple[Fault, ...]
) -> None:
    line.filemaker = filemaker_with(*faults)
    outcome = line.run()
    assert outcome.failures == []
    assert outcome.right
    found = {
        name: (counts["read"], counts["inserted"], counts["rejected"])
        for name, counts in outcome.tables.items()
    }
    assert found == published(clinic)


def test_what_a_host_sends_unreadable_is_null_or_marked_and_warned_of_by_key_and_field(
    line: Line, filemaker_with: ServeFileMaker
) -> None:
    line.filemaker = filemaker_with(*LOSSY)
    outcome = line.run_with_sources("staged/patients", "staged/notes", "staged/sms_messages")
    assert outcome.failures == []
    assert outcome.right
    told = pd.concat([line.staged(name).warnings for name in ("patients", "notes", "sms_messages")])
    unread = told[told["reason"].str.startswith("unreadable")]
    assert {"Diabetes", "SMSCredits"} <= set(unread[unread["reason"] == "unreadable_value"]["field"])
    marked = unread[unread["reason"] == "unreadable_character"]
    assert len(marked) >= 3
    keys = {
        key for name in ("patients", "notes", "sms_messages") for key in line.staged(name).rows["source_key"]
    }
    assert set(unread["key"]) <= keys


def test_a_short_extract_is_refused_and_nothing_is_written(
    line: Line, filemaker_with: ServeFileMaker
) -> None:
    before = contents(line.url)
    line.filemaker = filemaker_with(Fault.SHORT_EXTRACT)
    outcome = line.run()
    assert not outcome.success
    refused = [one for one in outcome.failures if "API_Contacts" in one]
    assert len(refused) == 1
    assert "57 of 58 records received, 1 missing" in refused[0]
    assert "Nothing was taken over" in refused[0]
    assert contents(line.url) == before
    assert query(line.url, "SELECT to_regclass('nexus_reimport.identities')") == [(None,)]


@pytest.fixture(scope="module")
def published_line(make_line: MakeLine) -> Line:
    """A line whose patients are published."""
    line = make_line()
    assert line.run_with_sources("nexus/patients").right
    return line


@pytest.mark.parametrize("fault", FADING)
def test_what_the_account_may_no_longer_view_stops_a_later_run_by_its_name_with_nexus_untouched(
    published_line: Line, filemaker_with: ServeFileMaker, fault: Fault
) -> None:
    before, (source, said) = contents(published_line.url), FADING[fault]
    faded = replace(published_line, filemaker=filemaker_with(fault))
    outcome = faded.run_with_sources("nexus/patients")
    assert not outcome.right
    assert faded.failed_checks(outcome) == {(f"filemaker/{source}", "not_shrunk")}
    [says] = [one["says"] for one in outcome.checks if not one["passed"]]
    assert said in says
    assert "A changed privilege set may" in says
    assert f"--allow-shrunk {source}" in says
    assert contents(published_line.url) == before


def test_where_a_source_may_shrink_what_patients_would_lose_is_still_stopped_and_allowed_by_its_column(
    published_line: Line, filemaker_with: ServeFileMaker
) -> None:
    before = contents(published_line.url)
    faded = replace(published_line, filemaker=filemaker_with(Fault.NO_DETAILS))
    may = ["contact_details"]
    outcome = faded.run_with_sources("nexus/patients", allow_shrunk=may)
    assert faded.failed_checks(outcome) == {("plan", "no_mass_change")}
    [says] = [one["says"] for one in outcome.checks if one["check"] == "no_mass_change"]
    assert "patients.contact_json: " in says
    assert contents(published_line.url) == before
    alone = faded.run("nexus/patients", allow_shrunk=may)
    assert "Too much would change at once: patients.contact_json: " in alone.failures[0]
    assert contents(published_line.url) == before
    columns = [f"patients.{name}" for name in ("contact_json", "address_json")]
    allowed = faded.run_with_sources("nexus/patients", allow_shrunk=may, allow_change=columns)
    assert allowed.right
    remarks = [
        one["says"] for one in allowed.checks if one["check"] == "no_mass_change" and not one["passed"]
    ]
    assert "Allowed by the run." in remarks[0]
    assert contents(published_line.url) != before
