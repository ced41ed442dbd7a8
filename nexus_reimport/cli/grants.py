"""`nexus-reimport grants`: the rights that the roles need in Nexus's database, as SQL."""

import click


@click.command()
@click.option("--database", default="nexus", show_default=True, help="The name of Nexus's database.")
@click.option("--owner", default="nexus", show_default=True, help="The role that owns Nexus's tables.")
@click.option("--role", default="nexus_reimport", show_default=True, help="The role that reimports.")
@click.option("--planner", help="A role that makes plans and can only read, if there is one.")
def grants_command(database: str, owner: str, role: str, planner: str | None) -> None:
    """Print the grants with these names, as SQL; nothing is connected to.

    For example: nexus-reimport grants --owner app | psql -v ON_ERROR_STOP=1 -1 nexus
    """
    from nexus_reimport.load.database.grants import statements

    click.echo(statements.grants(database, owner, role, planner))
