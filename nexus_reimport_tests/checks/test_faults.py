"""Every fault of a FileMaker host, through the whole line: the right result or a refusal, never short."""

import pandas as pd
import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import ServeFileMaker

REFUSED = {Fault.SHORT_EXTRACT, Fault.WEB_PAGE}
LOSSY = {Fault.QUESTION_MARKS, Fault.BAD_BYTES}
# How pages are written and linked does not hang on what the others do: one run has them all.
WRITING = {Fault.REFUSED_NEXT_LINK, Fault.QUOTED_KEY, Fault.ODD_NUMBERS, Fault.LOOSE_JSON}
HARMLESS = [(fault,) for fault in Fault if fault not in REFUSED | LOSSY | WRITING]


def published(clinic: SyntheticClinic) -> dict[str, tuple[int, int, dict[str, int]]]:
    return {name: (one["read"], one["published"], one["rejected"]) for name, one in clinic.expected.items()}


@pytest.mark.parametrize("faults", [*HARMLESS, tuple(sorted(WRITING))], ids=",".join)
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
