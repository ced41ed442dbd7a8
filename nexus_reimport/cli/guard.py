"""`nexus-reimport guard …`: PostgreSQL's own refusal of links to nobody."""

import os

import click

from nexus_reimport.cli.session import require_environment


@click.command()
@click.argument("action", type=click.Choice(["install", "remove", "status"]))
def guard(action: str) -> None:
    """Have PostgreSQL refuse a batch or document that points at nobody; off unless installed."""
    from nexus_reimport.load import link_guard as triggers

    require_environment()
    url = os.environ["NEXUS_DATABASE_URL"]
    if action == "install":
        triggers.install(url)
    elif action == "remove":
        triggers.remove(url)
    click.echo(f"The guard is {'in' if triggers.is_installed(url) else 'not in'} Nexus.")
