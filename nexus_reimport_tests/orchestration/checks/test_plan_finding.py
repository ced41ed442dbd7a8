"""What the check of a plan says of columns in which too much would change at once."""

from nexus_reimport.load.diff.mass_changes import Excess
from nexus_reimport.orchestration.checks.plan import mass_change_finding

LOST = Excess("patients.dob", "lose", 60, 100, 0.05)
CHANGED = Excess("notes.content", "change", 60, 100, 0.2)


def test_a_plan_in_which_nothing_is_too_much_passes() -> None:
    assert mass_change_finding([]).passed


def test_what_stops_is_said_in_words_with_how_to_allow_each_column() -> None:
    finding = mass_change_finding([LOST.as_json(), CHANGED.as_json()])
    assert not finding.passed
    assert finding.facts == {"columns": ["notes.content", "patients.dob"]}
    assert (
        "patients.dob: 60 of the 100 rows that have a value would lose one (60%), and 5% may." in finding.says
    )
    assert finding.says.endswith("--allow-change patients.dob --allow-change notes.content")


def test_what_is_allowed_or_by_other_rules_is_a_remark_and_stops_nothing() -> None:
    allowed = Excess("patients.dob", "lose", 60, 100, 0.05, allowed=True)
    rules = Excess("notes.content", "change", 60, 100, 0.2, rules=True, sources_same=True)
    finding = mass_change_finding([allowed.as_json(), rules.as_json()])
    assert (finding.passed, finding.accepted) == (False, True)
    assert "patients.dob: 60 of the 100" in finding.says
    assert "Allowed by the run." in finding.says
    assert "it is by its rules" in finding.says
