"""Every fault of a FileMaker host, through the whole line: the right result or a refusal, never short."""

import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport_tests.line import Line, contents, query
from nexus_reimport_tests.line_fixtures import ServeFileMaker

HARMLESS = [fault for fault in Fault if fault is not Fault.SHORT_EXTRACT]


def published(clinic: SyntheticClinic) -> dict[str, tuple[int, int, dict[str, int]]]:
    return {name: (one["read"], one["published"], one["rejected"]) for name, one in clinic.expected.items()}


@pytest.mark.parametrize("fault", HARMLESS)
def test_a_host_with_a_fault_is_reimported_whole(
    line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker, fault: Fault
) -> None:
    line.filemaker = filemaker_with(fault)
    outcome = line.run()
    assert outcome.failures == []
    assert outcome.right
    found = {
        name: (counts["read"], counts["inserted"], counts["rejected"])
        for name, counts in outcome.tables.items()
    }
    assert found == published(clinic)


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
