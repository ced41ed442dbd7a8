"""The phases of the old scripts: what each brings along, and what it leaves alone."""

import dagster as dg
import pytest

from nexus_reimport.definitions import build_definitions
from nexus_reimport.orchestration.jobs.phases import VALIDATION_POST, phase_names, phases_selection

SOURCES = {
    *("filemaker/contacts", "filemaker/contact_details", "filemaker/clinics", "filemaker/events"),
    *("filemaker/notes", "filemaker/messages", "filemaker/docs", "files/s3_listing", "nexus_state"),
    "files/image_csv",
}
PATIENTS = {
    *("filemaker/contacts", "filemaker/contact_details", "filemaker/clinics", "nexus_state"),
    "staged/patients",
}


SAFE = {"plan", "backup", "report"}


def selected(*names: str) -> set[str]:
    graph = build_definitions().resolve_asset_graph()
    return {key.to_user_string() for key in phases_selection(list(names)).resolve(graph)}


def test_the_names_are_the_old_ones_in_their_order() -> None:
    assert phase_names() == [
        "validation",
        "backup",
        "patients",
        "appointments",
        "notes",
        "documents",
        "images",
        "thumbnails",
        "validation-post",
    ]


@pytest.mark.parametrize(
    ("phase", "assets"),
    [
        ("validation", SOURCES),
        ("patients", PATIENTS | SAFE | {"nexus/patients"}),
        ("notes", PATIENTS | SAFE | {"filemaker/notes", "staged/notes", "nexus/notes"}),
        (
            "appointments",
            PATIENTS
            | SAFE
            | {"filemaker/events", "filemaker/messages", "staged/appointments", "staged/sms_messages"}
            | {"nexus/appointments", "nexus/sms_messages"},
        ),
        (
            "documents",
            PATIENTS | SAFE | {"filemaker/docs", "files/s3_listing", "staged/documents", "nexus/documents"},
        ),
        ("thumbnails", {"files/s3_listing", "thumbnails"}),
        (
            "images",
            PATIENTS
            | SAFE
            | {"files/s3_listing", "files/image_csv", "thumbnails", "staged/image_batches", "staged/images"}
            | {"nexus/image_batches", "nexus/images"},
        ),
    ],
)
def test_a_phase_brings_along_what_it_is_made_from(phase: str, assets: set[str]) -> None:
    assert selected(phase) == assets


def test_phases_add_up_and_post_validation_adds_nothing() -> None:
    both = selected("patients", "notes")
    assert both == selected("patients") | selected("notes")
    assert selected("patients", VALIDATION_POST) == selected("patients")


def test_a_name_that_is_none_is_an_error() -> None:
    with pytest.raises(KeyError):
        phases_selection(["lunch"])


def test_no_phase_publishes_what_was_not_asked_for() -> None:
    graph = build_definitions().resolve_asset_graph()
    for phase in phase_names()[:-1]:
        published = {
            key.path[-1]
            for key in phases_selection([phase]).resolve(graph)
            if key in dg.AssetSelection.key_prefixes("nexus").resolve(graph)
        }
        assert len(published) <= 2
