"""Where things stand, as `status` prints it."""

import io

import pytest
from rich.console import Console

from nexus_reimport.present.overview import Overview, show_overview


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=110)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_nothing_published_and_nothing_stale_are_said_in_words(console: Console) -> None:
    show_overview(console, Overview([], []))
    assert shown(console).splitlines() == ["Nothing has been published yet.", "Nothing is stale."]


def test_what_older_imports_left_is_counted_with_the_command_that_lists_it(console: Console) -> None:
    show_overview(console, Overview([], [], {"appointments": 2277, "notes": 305}))
    said = " ".join(shown(console).split())
    assert "without a partner in FileMaker: appointments 2,277, notes 305" in said
    assert "nexus-reimport status --left-over" in said
