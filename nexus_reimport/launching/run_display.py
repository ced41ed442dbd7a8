"""A run shown while it goes on, from its events: bars on a terminal, lines in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from nexus_reimport.orchestration import progress as steps
from nexus_reimport.orchestration.terminal_logger import EventListener


class _Bars:
    """One bar a step, drawn while it runs."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def on_event(self, event: dg.DagsterEvent) -> None:
        step = event.step_key or ""
        if event.event_type_value == "STEP_START":
            self._tasks[step] = self._bars.add_task(step_name(step), total=None)
        elif event.event_type_value == "STEP_SUCCESS" and step in self._tasks:
            self._bars.update(self._tasks[step], total=1, completed=1)
        elif event.event_type_value == "STEP_FAILURE" and step in self._tasks:
            self._bars.update(self._tasks[step], description=f"[red]{step_name(step)}: failed")

    def on_progress(self, step: str, done: int, total: int | None) -> None:
        if step in self._tasks:
            self._bars.update(self._tasks[step], completed=done, total=total)


@contextmanager
def run_display(console: Console) -> Iterator[EventListener]:
    """Yield a listener that shows a run's events on the console: bars on a terminal, lines in a pipe."""
    if not console.is_terminal:
        yield lambda event: _say(console, event)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        display = _Bars(bars)
        stop = steps.listen(display.on_progress)
        try:
            yield display.on_event
        finally:
            stop()


def _say(console: Console, event: dg.DagsterEvent) -> None:
    if event.event_type_value == "STEP_SUCCESS" and event.step_key:
        seconds = event.step_success_data.duration_ms / 1000
        console.print(f"{step_name(event.step_key)}: done in {seconds:.1f} s", highlight=False)
    elif event.event_type_value == "STEP_FAILURE" and event.step_key:
        console.print(f"{step_name(event.step_key)}: failed", highlight=False)


def step_name(step: str) -> str:
    """Return a step's name as the asset graph shows it."""
    return step.replace("__", "/")
