"""Former UUIDs of patients, out of the old scripts' JSON backups, kept so that uploads find their patient."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import orjson

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.database.locking import keep_publications_out
from nexus_reimport.load.exceptions import BackupNotReadable, FormerIdentityContradicted
from nexus_reimport.load.our_tables.migrations import upgrade


@dataclass(frozen=True)
class FormerIdentities:
    """What a backup says: former UUID to FileMaker id (lower case), and how many patients had neither."""

    ids: dict[str, str]
    unusable: int


@dataclass(frozen=True)
class Kept:
    """How many former identities were new, how many were known, how many patients of the file had none."""

    added: int
    known: int
    unusable: int


def parse_backup(content: bytes, name: str) -> FormerIdentities:
    """Return the former identities that a backup's list of patients holds.

    Each patient has `id` and `filemaker_metadata.filemaker_id`, the latter at times as text.
    Raises BackupNotReadable, naming the file and the place, and FormerIdentityContradicted where one UUID
    is said to be two patients.
    """
    try:
        patients = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BackupNotReadable(f"{name}, line {error.lineno}: this is not JSON. Is it cut short?") from None
    if not isinstance(patients, list):
        raise BackupNotReadable(f"{name}: a list of patients is expected, not {type(patients).__name__}.")
    ids: dict[str, str] = {}
    unusable = 0
    for pair in map(_identity, patients):
        if pair is None:
            unusable += 1
        elif ids.setdefault(pair[0], pair[1]) != pair[1]:
            raise FormerIdentityContradicted(f"{name}: {pair[0]} is two patients in it.")
    return FormerIdentities(ids, unusable)


def keep_former(url: str, former: FormerIdentities) -> Kept:
    """Keep former identities in Nexus's schema `nexus_reimport`, all of them or none.

    Raises FormerIdentityContradicted where one is kept already for another patient, PublicationInProgress
    where somebody publishes at the same time.
    """
    with connect(url, "identity import") as connection:
        keep_publications_out(connection)
        upgrade(connection)
        known = dict(_kept(connection))
        for row_id, source_key in former.ids.items():
            if known.get(row_id, source_key) != source_key:
                raise FormerIdentityContradicted(f"{row_id} is kept already as a UUID of another patient.")
        added = [(row_id, key) for row_id, key in former.ids.items() if row_id not in known]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO former_identities VALUES (%s, %s)", added)
    return Kept(len(added), len(former.ids) - len(added), former.unusable)


def _kept(connection: Connection) -> Iterator[tuple[str, str]]:
    rows = connection.execute("SELECT id::text, source_key FROM former_identities")
    return ((str(row_id), str(key)) for row_id, key in rows)


def _identity(patient: object) -> tuple[str, str] | None:
    """Return UUID and FileMaker id of one patient of a backup; None where either is missing or no UUID."""
    if not isinstance(patient, dict):
        return None
    metadata = patient.get("filemaker_metadata")
    if isinstance(metadata, str):
        metadata = _parsed(metadata)
    found = metadata.get("filemaker_id") if isinstance(metadata, dict) else None
    try:
        return str(UUID(str(patient.get("id")))), str(UUID(str(found)))
    except ValueError:
        return None


def _parsed(text: str) -> object:
    """Return JSON that an old backup holds as text inside its JSON; None where it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
