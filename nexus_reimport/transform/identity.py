"""Who a row is: the UUID kept, else adopted from a living row, else made from its FileMaker id."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias

from nexus_reimport.model.reasons.every_table import CLAIMED_TWICE
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting
from nexus_reimport.transform.text import natural_key as natural_key

NAMESPACE = uuid.UUID("6f1d2c9e-8a47-5b30-9d52-3c7e41b8a605")


# One way to recognise living rows. Takes the places of the source rows that have no id yet, in order, and the
# ids that are taken, to which each is added as it is given; gives places and ids, none twice.
Recognition: TypeAlias = Callable[[Sequence[int], Set[str]], Iterable[tuple[int, str]]]


@dataclass(frozen=True)
class Adoption:
    """Recognition by a handle: candidates by handle, and each source row's handle ("" is none).

    Rows that share a handle are paired one to one, in order.
    """

    candidates: Mapping[str, list[str]]
    handles: Sequence[str]

    def __call__(self, places: Sequence[int], taken: Set[str]) -> Iterator[tuple[int, str]]:
        """Yield places and ids, in the order of the places."""
        left: dict[str, Iterator[str]] = {}
        for place in places if self.candidates else ():
            handle = self.handles[place]
            if handle and handle in self.candidates:
                # One iterator per handle: a thousand equal rows must not each walk past those already given.
                queue = left.setdefault(handle, iter(self.candidates[handle]))
                found = next((one for one in queue if one not in taken), None)
                if found is not None:
                    yield place, found


def derived_id(table: str, source_key: str, attempt: int = 0) -> str:
    """Return the UUIDv5 of the table and the FileMaker id: the same on every machine, for ever."""
    suffix = f":{attempt}" if attempt else ""
    name = NAMESPACE.bytes + f"{table}:{source_key}{suffix}".encode()
    digest = bytearray(hashlib.sha1(name, usedforsecurity=False).digest()[:16])
    digest[6], digest[8] = (
        digest[6] & 0x0F | 0x50,
        digest[8] & 0x3F | 0x80,
    )  # as uuid.uuid5, in a third of its time
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def decide_ids(
    keys: Sequence[str],
    state: NexusState,
    ledger: Accounting,
    recognitions: Iterable[Recognition] = (),
) -> list[str]:
    """Return one id per source row, in the rows' order, never one id twice.

    The identity kept from an earlier publication comes first, then a living row that carries the FileMaker
    id, then what the recognitions find, in their order, then the UUIDv5. An id that another source row keeps,
    even one that FileMaker no longer has, is nobody else's. A FileMaker id that several rows claim is warned
    of.
    """
    table = ledger.table.name
    identities = state.identities(table)
    claims = state.claims(table)
    ids = [identities.get(key) for key in keys]
    taken = set(identities.values())
    in_order: tuple[Recognition, ...] = (Adoption(claims, keys), *recognitions)
    for recognition in in_order:
        places = [place for place, row_id in enumerate(ids) if row_id is None]
        for place, row_id in recognition(places, taken):
            ids[place] = row_id
            taken.add(row_id)
    _derive(table, keys, ids, taken)
    _warn_of_claims(keys, ids, claims, ledger)
    return [str(row_id) for row_id in ids]


def unique_ids(
    keys: Sequence[str], ids: Sequence[str], claims: Mapping[str, list[str]]
) -> Sequence[str | None]:
    """Return the FileMaker ids for a column that is unique in Nexus: not one that another living row carries.

    A row deleted by people gets its UUID back, and an older import may have made another in its place.
    """
    if not claims:
        return keys
    holders = (claims.get(key) for key in keys)
    return [
        None if held and row_id not in held else key
        for key, row_id, held in zip(keys, ids, holders, strict=True)
    ]


def _derive(table: str, keys: Sequence[str], ids: list[str | None], taken: set[str]) -> None:
    for place, key in enumerate(keys):
        attempt = 0
        while ids[place] is None:
            derived = derived_id(table, key, attempt)
            if derived not in taken:
                ids[place] = derived
                taken.add(derived)
            attempt += 1


def _warn_of_claims(
    keys: Sequence[str], ids: Sequence[str | None], claims: Mapping[str, list[str]], ledger: Accounting
) -> None:
    if claims:
        for key, row_id in zip(keys, ids, strict=True):
            if any(claim != row_id for claim in claims.get(key, ())):
                ledger.warn(key, "id", CLAIMED_TWICE)
