"""Starting, stopping and describing a sandbox: one directory, three services, all on 127.0.0.1."""

import contextlib
import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from nexus_reimport.sandbox.clinic import synthetic_clinic
from nexus_reimport.sandbox.contents import make_folders, write_contents
from nexus_reimport.sandbox.exceptions import SandboxError, SandboxMismatchError, UnknownFaultError
from nexus_reimport.sandbox.filemaker import Fault
from nexus_reimport.sandbox.object_faults import require_fault
from nexus_reimport.sandbox.postgres import Cluster, load_nexus_schema, start_cluster, stop_cluster
from nexus_reimport.sandbox.postgres_programs import make_private_folder
from nexus_reimport.sandbox.services import FILEMAKER, OBJECT_STORE, S3, WEB_SERVICES
from nexus_reimport.sandbox.settings import Layout, SandboxSettings, read_settings
from nexus_reimport.sandbox.starting_states import fill_tables, known_state, starting_state

_Progress = Callable[[str], None]

SERVICES = ("postgres", *(service.name for service in WEB_SERVICES))
# Made again when a sandbox is prepared; the settings and the lock are not.
CONTENTS = (
    "postgres",
    "objects.sqlite",
    "objects.sqlite-wal",
    "objects.sqlite-shm",
    "filemaker.json",
    "patients.json",
)


@dataclass(frozen=True)
class ServiceState:
    """One service: its port (None before its first start) and its pid (None while it is stopped)."""

    name: str
    port: int | None
    pid: int | None


@dataclass(frozen=True)
class SandboxState:
    """A sandbox as it is now, without any secret. `scale` and the like are None where there is no sandbox."""

    directory: Path
    services: tuple[ServiceState, ...]
    scale: float | None = None
    seed: int | None = None
    nexus: str | None = None
    faults: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether every service runs."""
        return all(service.pid is not None for service in self.services)

    @property
    def is_stopped(self) -> bool:
        """Whether no service runs."""
        return all(service.pid is None for service in self.services)


def start_sandbox(
    directory: Path,
    scale: float = 0.1,
    seed: int = 7,
    faults: Sequence[str] = (),
    nexus: str = "empty",
    progress: _Progress = lambda _: None,
) -> SandboxState:
    """Start the sandbox of a directory, making its clinic first where there is none. Return how it is then.

    What is running already stays; a service with other faults is started again. `progress` hears
    what is being done. Raise SandboxMismatchError where the directory holds a sandbox of another scale, seed
    or starting state, ServiceFailedError where a service does not come up (none stays behind then).
    """
    layout = Layout(directory.absolute())
    asked = SandboxSettings(scale, seed, known_state(nexus), _known_faults(faults))
    _claim(layout)
    with _exclusively(layout):
        settings = _agreed(layout, asked)
        try:
            make_folders(layout)
            bring_up = _resume if settings.is_prepared else _prepare
            bring_up(layout, settings, progress)
        except BaseException:
            _stop_services(layout)
            raise
    return sandbox_status(directory)


def stop_sandbox(directory: Path) -> bool:
    """Stop every service of a sandbox for sure; its data stay. Return whether one was running."""
    layout = Layout(directory.absolute())
    if not layout.lock.exists():
        return False
    with _exclusively(layout):
        return _stop_services(layout)


def clean_up(directory: Path) -> bool:
    """Stop a sandbox and remove its directory. Return whether there was one; other folders are left alone."""
    layout = Layout(directory.absolute())
    if not layout.lock.exists():
        return False
    stop_sandbox(directory)
    shutil.rmtree(layout.directory)
    return True


def sandbox_status(directory: Path) -> SandboxState:
    """Return how the sandbox of a directory is now; no secret is in it."""
    layout = Layout(directory.absolute())
    settings = read_settings(layout)
    ports = settings.ports if settings else {}
    pids = {service.name: service.process(layout) for service in WEB_SERVICES}
    pids["postgres"] = settings.cluster(layout).process() if settings else None
    services = tuple(
        ServiceState(name, ports.get(name), record.pid if (record := pids[name]) else None)
        for name in SERVICES
    )
    if settings is None:
        return SandboxState(layout.directory, services)
    return SandboxState(
        layout.directory, services, settings.scale, settings.seed, settings.nexus, settings.faults
    )


def environment(directory: Path) -> dict[str, str]:
    """Return every variable that leads a reimport to this sandbox, secrets among them.

    Raise SandboxError where none was ever started there.
    """
    layout = Layout(directory.absolute())
    settings = read_settings(layout)
    if settings is None or not settings.is_prepared:
        message = f"there is no sandbox in {layout.directory}; start one first"
        raise SandboxError(message)
    return settings.environment(layout)


def _known_faults(names: Sequence[str]) -> tuple[str, ...]:
    """Return the faults' names, each once, in order. Raise UnknownFaultError for one that is none."""
    known = [fault.value for fault in Fault]
    for name in names:
        if name.startswith(S3):
            _require_s3_fault(name.removeprefix(S3))
        elif name not in known:
            message = f"there is no fault {name!r}; choose from {', '.join(known)}"
            raise UnknownFaultError(message)
    return tuple(sorted(set(names)))


def _require_s3_fault(name: str) -> None:
    try:
        require_fault(name)
    except ValueError as error:
        raise UnknownFaultError(str(error)) from None


def _claim(layout: Layout) -> None:
    """Make the sandbox's directory, or refuse one that holds something else."""
    if layout.directory.is_dir() and not layout.lock.exists() and any(layout.directory.iterdir()):
        message = f"{layout.directory} is not a sandbox and not empty; name another directory"
        raise SandboxError(message)
    make_private_folder(layout.directory)
    layout.lock.touch(mode=0o600)


@contextlib.contextmanager
def _exclusively(layout: Layout) -> Iterator[None]:
    """Hold the sandbox's lock, so that two commands do not start or stop it at once."""
    with layout.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _agreed(layout: Layout, asked: SandboxSettings) -> SandboxSettings:
    """Return the settings to go on with: those kept, where they are for the sandbox asked for."""
    kept = read_settings(layout)
    if kept is None or not kept.is_prepared:
        return asked
    for name in ("scale", "seed", "nexus"):
        if getattr(kept, name) != getattr(asked, name):
            message = (
                f"the sandbox in {layout.directory} has {name} {getattr(kept, name)}, not"
                f" {getattr(asked, name)}; stop and clean it first, or name another directory"
            )
            raise SandboxMismatchError(message)
    changed = set(kept.faults) ^ set(asked.faults)
    for service in {OBJECT_STORE if fault.startswith(S3) else FILEMAKER for fault in changed}:
        service.stop(layout)
    return replace(kept, faults=asked.faults)


def _prepare(layout: Layout, settings: SandboxSettings, progress: _Progress) -> SandboxSettings:
    """Make a sandbox's data and start its services; what an interrupted start left behind goes first."""
    _stop_services(layout)
    for name in CONTENTS:
        _remove(layout.directory / name)
    settings.save(layout)
    with ThreadPoolExecutor() as pool:
        cluster = pool.submit(_start_postgres, layout, settings)
        progress("making the synthetic clinic")
        state = starting_state(settings.nexus, synthetic_clinic(settings.scale, settings.seed))
        write_contents(layout, state)
        services = _start_web_services(layout, settings, pool)
        progress("loading Nexus")
        url = cluster.result().url("nexus")
        load_nexus_schema(url)
        for rows in (state.clinic.nexus, state.rows):
            fill_tables(url, rows)
        return _keep_ports(layout, replace(settings, is_prepared=True), cluster, services)


def _resume(layout: Layout, settings: SandboxSettings, progress: _Progress) -> SandboxSettings:
    """Start what is not running of a sandbox whose data are there."""
    progress("starting services")
    with ThreadPoolExecutor() as pool:
        cluster = pool.submit(_start_postgres, layout, settings)
        services = _start_web_services(layout, settings, pool)
        return _keep_ports(layout, settings, cluster, services)


def _start_postgres(layout: Layout, settings: SandboxSettings) -> Cluster:
    port = settings.ports.get("postgres")
    return start_cluster(layout.postgres, password=settings.postgres_password, port=port)


def _start_web_services(
    layout: Layout, settings: SandboxSettings, pool: ThreadPoolExecutor
) -> dict[str, Future[int]]:
    return {service.name: pool.submit(service.start, layout, settings) for service in WEB_SERVICES}


def _keep_ports(
    layout: Layout, settings: SandboxSettings, cluster: Future[Cluster], services: dict[str, Future[int]]
) -> SandboxSettings:
    ports = {"postgres": cluster.result().port, **{name: port.result() for name, port in services.items()}}
    started = replace(settings, ports=ports)
    started.save(layout)
    return started


def _stop_services(layout: Layout) -> bool:
    stops = [
        FILEMAKER.stop(layout),
        OBJECT_STORE.stop(layout),
        stop_cluster(layout.postgres),
    ]
    return any(stops)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
