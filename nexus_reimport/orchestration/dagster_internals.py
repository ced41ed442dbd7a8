"""What of Dagster is not public and can't be done without. Nothing else imports from `dagster._…`.

A release of Dagster may move any of it: the tests of this file say which name, and what it is for. A run that
is created here looks in the browser as one created there, so that "Re-execute from failure" goes on with it:
`dg.execute_job` selects no checks and tells Dagster no place of the code, and `execute_in_process` neither.
"""

from types import ModuleType

# A job from which assets and checks are selected at once, and of which a run can be executed.
from dagster._core.definitions.job_base import InMemoryJob as InMemoryJob

# What a code location calls its one repository: a piece of where a run's code is.
from dagster._core.definitions.repository_definition.valid_definitions import (
    SINGLETON_REPOSITORY_NAME as SINGLETON_REPOSITORY_NAME,
)

# A run is created with its plan's snapshot, and what may start it is held up until then; `execute_run` does
# the rest in this process.
from dagster._core.execution.api import create_execution_plan as create_execution_plan
from dagster._core.execution.api import execute_run as execute_run

# The type of what `execute_run` returns.
from dagster._core.execution.execution_result import ExecutionResult as ExecutionResult

# Where a run's code is, as the browser knows it.
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin as ManagedGrpcPythonEnvCodeLocationOrigin,
)
from dagster._core.remote_origin import RemoteJobOrigin as RemoteJobOrigin
from dagster._core.remote_origin import RemoteRepositoryOrigin as RemoteRepositoryOrigin

# What the browser draws of a run that has not ended, and what `planned_keys` reads.
from dagster._core.snap import snapshot_from_execution_plan as snapshot_from_execution_plan

# Evaluations of checks with the materialization that each is about; the public API has no way to ask for
# those of many checks at once.
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord as AssetCheckExecutionRecord,
)
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecordStatus as AssetCheckExecutionRecordStatus,
)

# The module that the browser loads the code from.
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin as LoadableTargetOrigin


def dagster_dev() -> ModuleType:
    """Return the module of `dagster dev`; all of Dagster's command line comes with it, 0.4 s."""
    # The webserver that it starts is to be the one behind our guard.
    from dagster._cli import dev

    return dev
