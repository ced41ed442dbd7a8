"""Appointments without a clinic in a whole line: published and counted, held back, or put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from nexus_reimport.load.plan.stored_plans import load_plan
from nexus_reimport.orchestration.resources import MappingsFile
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.chance import Row
from nexus_reimport.storage.frame_store import open_store
from nexus_reimport_tests.line import Line, query
from nexus_reimport_tests.line_fixtures import MakeLine, ServeFileMaker

TABLES = ("nexus/patients", "nexus/appointments")
CHECK = "every_appointment_has_a_clinic"


@dataclass(frozen=True)
class Homeless:
    """A line whose FileMaker has events, on two days, for which nothing says a clinic."""

    line: Line
    events: frozenset[str]


@pytest.fixture
def homeless(make_line: MakeLine, filemaker_with: ServeFileMaker, clinic: SyntheticClinic) -> Homeless:
    rejected, clinics = clinic.rejected["appointments"], clinic.entities["API_Clinic_Name"]
    events = clinic.entities["API_event"]
    chosen = [row for row in events if str(row["id"]).lower() not in rejected][:3]
    patients = {str(row["id_Contact"]).lower() for row in chosen}
    contacts = [
        {**row, "id_Clinic": None, "Clinic_Name": None} if str(row["id"]).lower() in patients else row
        for row in clinic.entities["API_Contacts"]
    ]
    moved = [
        {**row, **(_homeless(chosen.index(row)) if row in chosen else {"idCal": clinics[0]["id"]})}
        for row in events
    ]
    line = replace(make_line(), filemaker=filemaker_with(API_event=moved, API_Contacts=contacts))
    return Homeless(line, frozenset(str(row["id"]).lower() for row in chosen))


def _homeless(place: int) -> Row:
    day = f"2024-05-0{1 + place // 2}"
    return {"idCal": "The Old Rooms", "startDate": day, "startTime": "09:00:00", "endDate": day}


def without_clinic(line: Line) -> set[str]:
    found = query(line.url, "SELECT filemaker_event_id::text FROM appointments WHERE clinic_id IS NULL")
    return {event for (event,) in found}


def finding(checks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    [found] = [one for one in checks if one["check"] == CHECK]
    return found


def mapped(line: Line, folder: Path, content: str) -> Line:
    file = folder / "mappings.toml"
    file.write_text(content)
    return replace(line, replaced={"mappings": MappingsFile(path=str(file))})


def test_without_a_word_of_people_they_are_published_and_the_failing_days_are_counted(
    homeless: Homeless, tmp_path: Path
) -> None:
    line = homeless.line
    outcome = line.run_with_sources(*TABLES)
    assert outcome.right, outcome.failures
    found = finding(outcome.checks)
    assert (found["passed"], found["severity"]) == (False, "WARN")
    assert "3 appointments have no clinic" in found["says"]
    assert "day lists of 2 days fail" in found["says"]
    assert without_clinic(line) == homeless.events

    plan = line.run_with_sources(*TABLES, dry_run=True)
    right = mapped(
        line, tmp_path, 'default_clinic = "Mossbucket"\n[clinics]\n"the old rooms" = "Teapot House"\n'
    )
    stored = load_plan(open_store(str(line.storage)), str(plan.plan))
    said = right.run_with_sources(
        *TABLES, plan=stored["id"], as_of=stored["as_of"], tables=stored["options"]["tables"]
    )
    assert "the source moved (mappings.toml)" in said.failures[0]
    assert without_clinic(line) == homeless.events

    outcome = right.run_with_sources(*TABLES)
    assert finding(outcome.checks)["passed"]
    assert without_clinic(line) == set()
    clinics = query(
        line.url,
        "SELECT c.name, count(*) FROM appointments a JOIN clinics c ON c.id = a.clinic_id"
        " WHERE a.filemaker_event_id = ANY (%s::uuid[]) GROUP BY c.name",
        list(homeless.events),
    )
    assert clinics == [("Teapot House", 3)]


def test_held_back_they_are_rejected_by_key_and_nothing_else_is(homeless: Homeless) -> None:
    outcome = homeless.line.run_with_sources(*TABLES, without_clinic="hold")
    assert outcome.right, outcome.failures
    assert finding(outcome.checks)["passed"]
    rejects = homeless.line.staged("appointments").rejects
    held = rejects.loc[rejects["reason"] == "no_clinic", "key"]
    assert set(held) == homeless.events
    assert outcome.tables["appointments"]["rejected"]["no_clinic"] == 3
    assert without_clinic(homeless.line) == set()


def test_names_that_nexus_does_not_have_stop_a_run_before_anything_is_staged(
    line: Line, tmp_path: Path
) -> None:
    wrong = mapped(line, tmp_path, 'default_clinic = "Nowhere"\n[funding]\n"NDIS" = "Lamington drive"\n')
    outcome = wrong.run_with_sources(*TABLES)
    [failure] = outcome.failures
    assert failure == (
        'nexus_state: NEXUS_REIMPORT_MAPPINGS: default_clinic: Nexus has no clinic "Nowhere"; '
        '[funding]: Nexus has no active custom funding source "Lamington drive".'
    )


def test_a_word_that_is_no_choice_is_refused(line: Line) -> None:
    outcome = line.run_with_sources(*TABLES, without_clinic="drop")
    assert "without_clinic: drop is not one of publish, hold." in outcome.failures[0]
