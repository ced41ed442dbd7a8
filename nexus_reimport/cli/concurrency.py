"""What a run at a terminal does where another run of the same Dagster instance is going."""

from typing import Any

import click

from nexus_reimport.cli.session import FAILED


def make_way(instance: Any, request: Any, *, wait: bool) -> None:
    """Return when nothing is in a run's way; end, naming the other run, unless told to wait for it.

    A dry run and one of checks alone go on beside another.
    """
    from nexus_reimport.automation.exceptions import AnotherRunGoing
    from nexus_reimport.automation.going import mention_others, stay_clear_of_others
    from nexus_reimport.clients.resources import REIMPORT

    if request.job != REIMPORT:
        return
    if request.dry_run:
        mention_others(instance, click.echo)
        return
    try:
        stay_clear_of_others(instance, wait=wait, say=click.echo)
    except AnotherRunGoing as error:
        click.echo(str(error), err=True)
        raise SystemExit(FAILED) from None
