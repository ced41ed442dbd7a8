"""Which code this is: a plan made by other code is another plan."""

import functools
import hashlib
from pathlib import Path

import nexus_reimport

# What decides what a row becomes and what is written.
_SOURCES = (".py", ".sql")
DECIDING = ("load", "model", "orchestration/assets", "pictures/imaging", "transform")


@functools.cache
def code_fingerprint() -> str:
    """Return a digest of the version and of every source file that decides what a run does."""
    root = Path(nexus_reimport.__file__).parent
    digest = hashlib.sha256(nexus_reimport.__version__.encode())
    for folder in DECIDING:
        files = (root / folder).rglob("*.*")
        for file in sorted(one for one in files if one.suffix in _SOURCES):
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
