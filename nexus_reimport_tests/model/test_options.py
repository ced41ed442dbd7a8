"""What a run can be told is declared once: configuration, flags and plans follow, and a plan's id stays."""

from typing import Any

import dagster as dg
import pytest

from nexus_reimport.cli.plan import plan
from nexus_reimport.cli.running import run
from nexus_reimport.load.plan.stored_plans import _id
from nexus_reimport.model.options import OPTIONS, Options, different_options, of_plan, to_apply
from nexus_reimport.orchestration.resources import RunOptions

FINGERPRINTS = {"sources": {"mappings.toml": "x"}, "target": {}, "schema": "y", "code": "z"}
# Everything said, and as a plan of it is kept.
GIVEN: dict[str, Any] = {
    "limit": 3,
    "allow_shrunk": ["z", "b"],
    "missing_percent": 5,
    "conflicts": {"patients": "filemaker"},
    "as_of": "2026-07-01T12:00:00+10:00",
    "full_dump": True,
    "deleted": {"notes": "stay"},
    "without_clinic": "hold",
    "plan": "p",
}
PLAN = {
    "id": "0123456789abcdef",
    "as_of": "2026-07-01T12:00:00+10:00",
    "options": {"limit": 3, "allow_shrunk": ["images", "notes"], "tables": ["notes"], "conflicts": {}},
}


@pytest.mark.parametrize(("given", "plan_id"), [({}, "1461eb0d5cf75612"), (GIVEN, "52418ee0ce053e78")])
def test_the_same_options_have_the_id_that_they_had_before_they_were_declared_here(
    given: dict[str, Any], plan_id: str
) -> None:
    options = {**RunOptions(**given).planned(), "tables": ["notes"]}
    assert _id(FINGERPRINTS, options) == plan_id


def test_dagster_is_configured_by_every_option_with_its_words() -> None:
    schema: Any = RunOptions.to_config_schema().as_field().config_type
    said = {name: field.description for name, field in schema.fields.items()}
    assert said == {name: info.description for name, info in Options.model_fields.items()}
    assert all(said.values())


@pytest.mark.parametrize("command", [run, plan], ids=lambda command: command.name)
def test_a_command_takes_every_option_that_is_declared_for_it(command: Any) -> None:
    flags = {one.name: one.help for one in command.params}
    declared = {name: one for name, one in OPTIONS.items() if command.name in one.commands}
    assert declared
    for name, one in declared.items():
        assert flags[name].startswith(one.flag)


def test_an_option_belongs_to_a_plan_unless_it_says_otherwise() -> None:
    assert set(OPTIONS) - set(Options().planned()) == {"as_of", "plan", "full_dump"}


@pytest.mark.parametrize(
    ("option", "value", "is_another"),
    [
        ("limit", 3, False),
        ("limit", 4, True),
        ("allow_shrunk", ["notes", "images"], False),
        ("allow_shrunk", ["notes"], True),
        ("as_of", "2026-07-01T02:00:00+00:00", False),
        ("as_of", "2026-07-01T02:00:00", True),
        ("as_of", "yesterday", True),
        ("without_clinic", "hold", True),
    ],
)
def test_a_run_that_applies_a_plan_may_be_told_the_same_again(
    option: str, value: Any, is_another: bool
) -> None:
    assert different_options(PLAN, {option: value}) == [option] * is_another


def test_a_run_that_applies_a_plan_is_told_what_the_plan_was_made_with_and_its_instant() -> None:
    assert to_apply(PLAN) == {
        "limit": 3,
        "allow_shrunk": ["images", "notes"],
        "tables": ["notes"],
        "as_of": "2026-07-01T12:00:00+10:00",
        "plan": "0123456789abcdef",
    }


def test_a_plan_of_an_older_or_a_newer_release_can_still_be_read() -> None:
    assert of_plan({}) == Options()
    assert of_plan({"conflicts": {"notes": "filemaker"}, "of_tomorrow": 1}).filemaker_wins("notes")
    assert of_plan({"older_imports": {"notes": "stay"}}).word("older_imports", "notes") == "stay"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (
            {"on_missing": {"notes": "archive"}},
            "on_missing: notes: archive is not one of keep, remove.",
        ),
        (
            {"on_missing": {"patients": "keep"}, "conflicts": {"notes": "me"}},
            "conflicts: notes: me is not one of nexus, filemaker.",
        ),
        ({"deleted": {"people": "stay"}}, "deleted: people: stay is not one of ."),
        (
            {"allow_change": ["notes.content", "notes.id", "dob"]},
            "allow_change: dob, notes.id: write TABLE.COLUMN, of a column from FileMaker.",
        ),
    ],
)
def test_a_word_that_is_none_is_refused_with_those_there_are(said: dict[str, Any], wrong: str) -> None:
    with pytest.raises(dg.Failure, match=wrong.replace(".", r"\.")):
        RunOptions(**said).proved()
    with pytest.raises(dg.Failure, match="without_clinic: no is not one of publish, hold"):
        _ = RunOptions(without_clinic="no").holds_without_clinic


def test_what_was_told_does_not_change_under_way() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Options().limit = 3
