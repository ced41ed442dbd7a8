"""Which PostgreSQL servers there are on this machine, by release, and one of each while a test wants it."""

import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from nexus_reimport.sandbox.postgres_programs import embedded_programs, major_version

# The releases that Nexus may run on.
WANTED = (15, 16, 17, 18)
# Folders of programs, apart by colons, that are looked at first.
SETTING = "POSTGRES_PROGRAMS"
HOW_TO_HAVE = {
    15: "apt install postgresql-15 (Debian 12)",
    16: "make .venv/servers.done",
    17: "make .venv/servers.done",
}


@cache
def installations() -> Mapping[int, Path]:
    """The folder of programs of each release that there is: as set, from PyPI, Debian's, and the embedded."""
    folders = [Path(folder) for folder in os.environ.get(SETTING, "").split(":") if folder]
    folders += sorted(Path(sys.prefix).glob("servers/*/pginstall*/bin"))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folders.append(embedded_programs())
    found: dict[int, Path] = {}
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "psql").exists():
            found.setdefault(major_version(folder), folder)
    return found


def releases() -> Iterator[object]:
    """A parameter for each wanted release and each other that is there; a missing one is skipped and said."""
    for release in sorted({*WANTED, *installations()}):
        missing = f"PostgreSQL {release} is not on this machine: {HOW_TO_HAVE.get(release, SETTING)}"
        marks = [] if release in installations() else [pytest.mark.skip(reason=missing)]
        yield pytest.param(release, marks=marks, id=f"PostgreSQL {release}")
