"""The sandbox's two web services as processes: the object store and the FileMaker stand-in."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nexus_reimport
from nexus_reimport.sandbox.processes import (
    ServiceProcess,
    listens,
    on_free_port,
    read_process,
    spawn,
    stop_process,
    wait_until_ready,
)
from nexus_reimport.sandbox.settings import (
    BUCKET,
    FILEMAKER_DATABASE,
    FILEMAKER_USERNAME,
    REGION,
    Layout,
    SandboxSettings,
)

# What the names of the S3 server's faults begin with, beside FileMaker's.
S3 = "s3:"
_START_SECONDS = 60.0
_STOP_SIGNALS = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
# What a process of ours may inherit; no credential of the caller's is among them.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Service:
    """One web service: its name, its module, the file it serves (its marker) and how it is told the rest."""

    name: str
    module: str
    served: Callable[[Layout], Path]
    arguments: Callable[[Layout, SandboxSettings], list[str]]
    secrets: Callable[[SandboxSettings], Mapping[str, str]]

    def process(self, layout: Layout) -> ServiceProcess | None:
        """Return its recorded process where it is alive, else None."""
        record = read_process(layout.process(self.name))
        return record if record and record.process() else None

    def start(self, layout: Layout, settings: SandboxSettings) -> int:
        """Start the service where it is not running; return its port, the former one where it is free.

        Raise ServiceFailedError with the end of the log where it dies or does not answer.
        """
        former = settings.ports.get(self.name)
        running = self.process(layout)
        if former and running and listens(running, former):
            return former
        self.stop(layout)
        return on_free_port(lambda port: self._launch(layout, settings, port), former)

    def stop(self, layout: Layout) -> bool:
        """Stop the service for sure. Return whether it was running."""
        record = layout.process(self.name)
        was_running = stop_process(read_process(record), _STOP_SIGNALS)
        record.unlink(missing_ok=True)
        return was_running

    def _launch(self, layout: Layout, settings: SandboxSettings, port: int) -> None:
        arguments = [*self.arguments(layout, settings), f"--port={port}"]
        process = spawn(
            self.name,
            [sys.executable, "-m", self.module, *arguments],
            marker=str(self.served(layout)),
            log=layout.log(self.name),
            environment={**_own_environment(), **self.secrets(settings)},
            cwd=layout.directory,
        )
        process.save(layout.process(self.name))
        wait_until_ready(process, layout.log(self.name), lambda: listens(process, port), _START_SECONDS)


OBJECT_STORE = Service(
    name="object-store",
    module="nexus_reimport.sandbox.object_store",
    served=lambda layout: layout.journal,
    arguments=lambda layout, settings: [
        *("--journal", str(layout.journal), "--bucket", BUCKET, "--region", REGION),
        *(f"--fault={fault.removeprefix(S3)}" for fault in settings.faults if fault.startswith(S3)),
    ],
    secrets=lambda _: {},
)
FILEMAKER = Service(
    name="filemaker",
    module="nexus_reimport.sandbox.filemaker_service",
    served=lambda layout: layout.entities,
    arguments=lambda layout, settings: [
        *("--entities", str(layout.entities), "--database", FILEMAKER_DATABASE),
        *("--username", FILEMAKER_USERNAME),
        *(f"--fault={fault}" for fault in settings.faults if not fault.startswith(S3)),
    ],
    secrets=lambda settings: {"FILEMAKER_PASSWORD": settings.filemaker_password},
)
WEB_SERVICES = (OBJECT_STORE, FILEMAKER)


def _own_environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # The package may run from a checkout that is not installed.
    project = str(Path(nexus_reimport.__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")]))
    return environment
