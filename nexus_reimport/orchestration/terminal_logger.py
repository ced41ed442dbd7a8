"""A logger of Dagster that hands a run's events to whoever launched it in this process; it prints nothing."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

EventListener = Callable[[dg.DagsterEvent], None]

_listeners: list[EventListener] = []


@contextmanager
def heard_by(listener: EventListener) -> Iterator[None]:
    """Have a listener called with every event of runs in this process, while inside."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class _EventHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_event", None)
        if event is None:
            event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None:
            for listener in _listeners:
                listener(event)


def _open_terminal_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that hands events to whoever launched the run here, and prints nothing itself."""
    logger = logging.Logger("nexus_reimport.terminal", logging.DEBUG)
    logger.addHandler(_EventHandler())
    return logger


terminal_logger = dg.LoggerDefinition(
    _open_terminal_logger, description="Tells a terminal of this process how far a run is."
)
