"""A run shown while it goes on: bars on a terminal, lines in a pipe."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from nexus_reimport.launching.run_display import run_display
from nexus_reimport.orchestration import progress


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=110)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_on_a_terminal_a_bar_goes_with_each_step() -> None:
    console = Console(file=io.StringIO(), width=110, force_terminal=True)
    with run_display(console) as listener:
        for kind in ("STEP_START", "STEP_SUCCESS"):
            listener(SimpleNamespace(event_type_value=kind, step_key="filemaker__events"))  # type: ignore[arg-type]  # as much as matters
        listener(SimpleNamespace(event_type_value="STEP_START", step_key="staged__notes"))  # type: ignore[arg-type]  # as above
        for tell in list(progress._listeners):
            tell("staged__notes", 1, 2)
        listener(SimpleNamespace(event_type_value="STEP_FAILURE", step_key="staged__notes"))  # type: ignore[arg-type]  # as above
    assert progress._listeners == []
    assert "filemaker/events" in shown(console)
    assert "staged/notes: failed" in shown(console)


def test_in_a_pipe_a_failed_step_is_a_plain_line(console: Console) -> None:
    with run_display(console) as listener:
        listener(SimpleNamespace(event_type_value="STEP_FAILURE", step_key="nexus_publication"))  # type: ignore[arg-type]  # as much as matters
    assert shown(console) == "nexus_publication: failed\n"
