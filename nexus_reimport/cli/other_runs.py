"""What a run at a terminal does where another run of the same Dagster instance is going."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import click

from nexus_reimport.cli.session import FAILED


def admission(instance: Any, request: Any, *, wait: bool) -> Any:
    """Return what `launch` creates a run inside of: it raises AnotherRunActive, or waits if told to.

    A dry run and one of checks alone go on beside another.
    """
    from nexus_reimport.launching.active_runs import alone, mention_others
    from nexus_reimport.orchestration.resources import REIMPORT

    if request.job != REIMPORT:
        return nullcontext
    if request.dry_run:
        mention_others(instance, click.echo)
        return nullcontext
    return partial(alone, instance, wait=wait, say=click.echo)


@contextmanager
def ending_if_refused() -> Iterator[None]:
    """End, naming the other run, where a run was not started since another is going."""
    from nexus_reimport.launching.exceptions import AnotherRunActive

    try:
        yield
    except AnotherRunActive as error:
        click.echo(str(error), err=True)
        raise SystemExit(FAILED) from None
