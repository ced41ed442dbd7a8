"""The command line: the same things as in the UI, for a terminal. Exit 0 done, 1 failed, 2 wrong use."""

from typing import Any

import click

from nexus_reimport.cli.backup import backup_group
from nexus_reimport.cli.files import files
from nexus_reimport.cli.grants import grants_command
from nexus_reimport.cli.guard import guard
from nexus_reimport.cli.identity import identity
from nexus_reimport.cli.plan import plan
from nexus_reimport.cli.report import report_command
from nexus_reimport.cli.resume import resume
from nexus_reimport.cli.rollback import rollback_command
from nexus_reimport.cli.running import run
from nexus_reimport.cli.sandboxed import demo, ui
from nexus_reimport.cli.session import refuse
from nexus_reimport.cli.status import status_command
from nexus_reimport.exceptions import ClientError, SettingsRefused
from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.sandbox.commands import sandbox
from nexus_reimport.sandbox.exceptions import SandboxError

# By name: what they are defined in takes seconds to import, and most commands do not need it.
DAGSTER_STORAGE_ERRORS = ("OperationalError", "DagsterPostgresException")


class OneLineErrors(click.Group):
    """A group whose commands end in one line, not in a traceback: exit 1 where a service fails them.

    Where a setting is to blame, it is exit 2.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except SettingsRefused as error:
            refuse(str(error))
        except (ClientError, PublicationError, SandboxError) as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            if not (said := _in_one_line(error)):
                raise
            raise click.ClickException(said) from None


def _in_one_line(error: Exception) -> str | None:
    """Return what an error of Dagster's database or of the storage means; None for any other."""
    if type(error).__name__ in DAGSTER_STORAGE_ERRORS:
        return "The connection to Dagster's database broke off. Check that it is up, then run again."
    if type(error).__module__.startswith("obstore"):
        from nexus_reimport.storage.storage_errors import storage_fault

        return storage_fault(error)
    return None


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nexus-reimport")
def main() -> None:
    """Reimport a clinic's FileMaker records into Nexus, whole or not at all."""


for command in (
    sandbox,
    plan,
    run,
    resume,
    rollback_command,
    backup_group,
    demo,
    ui,
    status_command,
    report_command,
    identity,
    files,
    grants_command,
    guard,
):
    main.add_command(command)
