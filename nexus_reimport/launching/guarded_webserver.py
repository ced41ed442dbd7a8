"""Dagster's webserver behind the guard: `python -m nexus_reimport.launching.guarded_webserver …`.

It takes what `dagster-webserver` takes. `dev` is `dagster dev` with this webserver in it.
"""

import sys
from typing import Any

from dagster_webserver import cli
from starlette.types import ASGIApp

from nexus_reimport.launching.webserver_guard import Guard, allowed_hosts
from nexus_reimport.orchestration.dagster_internals import dagster_dev

MODULE = "nexus_reimport.launching.guarded_webserver"
DEV = "dev"
_PLAIN = [sys.executable, "-m", "dagster_webserver"]

# Dagster has no public place for a middleware. Where a release of it moves one of these two names, this
# module fails where it is started, and nothing is served unguarded.
_CREATE_APP, _OPEN_PROCESS = "create_app_from_workspace_process_context", "open_ipc_subprocess"
dev = dagster_dev()
_create_app = getattr(cli, _CREATE_APP)
_open_process = getattr(dev, _OPEN_PROCESS)


def guarded_app(*args: Any, **kwargs: Any) -> ASGIApp:
    """Return Dagster's app behind the guard."""
    return Guard(_create_app(*args, **kwargs), allowed_hosts())


def open_guarded(parts: list[str], **kwargs: Any) -> Any:
    """Start what `dagster dev` starts, its webserver by this module."""
    if parts[: len(_PLAIN)] == _PLAIN:
        parts = [sys.executable, "-m", MODULE, *parts[len(_PLAIN) :]]
    elif any("webserver" in part for part in parts):
        message = "This release of Dagster starts its webserver in another way; it would be unguarded."
        raise RuntimeError(message)
    return _open_process(parts, **kwargs)


def main(arguments: list[str]) -> None:
    """Serve until told to stop; never returns."""
    setattr(cli, _CREATE_APP, guarded_app)
    setattr(dev, _OPEN_PROCESS, open_guarded)
    if arguments[:1] == [DEV]:
        dev.dev_command(arguments[1:])
    cli.cli(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
