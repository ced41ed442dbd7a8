"""Which backups go: those beyond a number and of an age, never the newest whole one."""

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import obstore
from obstore.store import LocalStore, ObjectStore

from nexus_reimport.load.backup import sealed_folders as sealed
from nexus_reimport.load.backup.manifest import BACKUPS
from nexus_reimport.model.setting_values import require_whole_number

KEEP_COUNT, KEEP_DAYS = "NEXUS_REIMPORT_KEEP_BACKUPS", "NEXUS_REIMPORT_KEEP_DAYS"
# Whatever is not finished by then never will be.
_UNFINISHED = timedelta(days=1)
_NAME = re.compile(r"(\d{8}T\d{6}Z)-.+")


@dataclass(frozen=True)
class Keep:
    """How many backups stay at least, and for how many days each stays."""

    count: int = 20
    days: int = 90


def keep_setting(environ: Mapping[str, str] = os.environ) -> Keep:
    """Return what the environment says is to be kept. Raises SettingsRefused where it is no number."""
    return Keep(_number(environ, KEEP_COUNT, Keep.count), _number(environ, KEEP_DAYS, Keep.days))


def forget_old(
    store: ObjectStore,
    keep: Keep,
    now: datetime,
    protected: Collection[str] = (),
    folder: str = BACKUPS,
) -> list[str]:
    """Delete backups beyond the newest `keep.count` that are older than `keep.days`; return their names.

    Both must hold. One that was never finished goes after a day. The newest whole one stays, whatever its
    age, and so do the protected. What has not a backup's name is not ours to delete.
    """
    taken = by_age(store, folder)
    whole = [name for name in taken if sealed.is_sealed(store, f"{folder}/{name}")]
    kept = {*whole[: max(1, keep.count)], *protected}
    gone = [
        name
        for name, made_at in taken.items()
        if name not in kept and now - made_at > (timedelta(days=keep.days) if name in whole else _UNFINISHED)
    ]
    for name in gone:
        _forget(store, f"{folder}/{name}")
    return gone


def by_age(store: ObjectStore, folder: str) -> dict[str, datetime]:
    """Return the backups there are, whole or not, newest first, and when each was begun (UTC)."""
    found = obstore.list_with_delimiter(store, f"{folder}/")["common_prefixes"]
    names = sorted((prefix.rstrip("/").rpartition("/")[2] for prefix in found), reverse=True)
    matches = [match for match in map(_NAME.fullmatch, names) if match]
    return {match[0]: datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for match in matches}


def _forget(store: ObjectStore, folder: str) -> None:
    """Delete a folder, its seal first: a backup half deleted must not look whole."""
    if isinstance(store, LocalStore):
        store = LocalStore(store.prefix, automatic_cleanup=True)
    for name in sorted(sealed.list_files(store, folder), key=lambda name: (name != sealed.SEAL, name)):
        obstore.delete(store, f"{folder}/{name}")


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(name) or str(default)
    require_whole_number(given, name)
    return int(given)
