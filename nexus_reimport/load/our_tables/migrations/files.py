"""The numbered SQL files: what each is called, what it says, and which relations it alters.

They name relations without a schema: a publication applies them in ours, a reader to its own copies.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_ALTERED = re.compile(r"\b(?:TABLE|INTO|UPDATE|FROM)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?(\w+)")
# A file that begins so changes nothing that a reader sees.
_STORAGE_ONLY = "-- Storage only"


@dataclass(frozen=True)
class Migration:
    """One file: it brings the schema from version `version - 1` to `version`."""

    version: int
    name: str
    text: str

    @property
    def relations(self) -> frozenset[str]:
        """The relations that it makes or alters; one too many does no harm."""
        return frozenset(_ALTERED.findall(self.text))

    @property
    def is_seen(self) -> bool:
        """Whether who reads must have it: it changes more than how rows are stored."""
        return not self.text.startswith(_STORAGE_ONLY)


def _read() -> tuple[Migration, ...]:
    found = sorted(
        (int(named[1]), named[2], file.read_text(encoding="utf-8"))
        for file in files(__package__).iterdir()
        if (named := _FILE.fullmatch(file.name))
    )
    return tuple(Migration(*one) for one in found)


MIGRATIONS = _read()
NEWEST = MIGRATIONS[-1].version


def since(version: int) -> tuple[Migration, ...]:
    """Return what a schema of this version is yet to be given, in order."""
    return tuple(one for one in MIGRATIONS if one.version > version)
