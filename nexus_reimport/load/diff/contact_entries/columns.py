"""The merge of a column's value: read in whichever shape it stands in, merged, written in ours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from nexus_reimport.load.diff.contact_entries.addresses import read_address, write_address
from nexus_reimport.load.diff.contact_entries.contacts import read_contact, write_contact
from nexus_reimport.load.diff.contact_entries.entry import Entry, Held, NotUnderstood
from nexus_reimport.load.diff.contact_entries.known import Digester, flattened, of_column
from nexus_reimport.load.diff.contact_entries.merging import merge
from nexus_reimport.model.columns import EntriesOf


@dataclass(frozen=True)
class Shape:
    """How a column's value is read as entries, and entries as its value. `read` raises NotUnderstood."""

    read: Callable[[object], Held]
    write: Callable[[Sequence[Entry], Mapping[str, Any]], dict[str, Any]]


SHAPES: Mapping[EntriesOf | None, Shape] = MappingProxyType(
    {"contact": Shape(read_contact, write_contact), "address": Shape(read_address, write_address)}
)


@dataclass(frozen=True)
class MergedColumn:
    """What a column becomes. `base`: the digests of its entries that are written down with it.

    `is_clash`: a person and FileMaker have both changed one of the entries.
    """

    value: object
    base: list[UUID]
    is_clash: bool


def entry_digests(kind: EntriesOf | None, row_id: str, value: object) -> list[UUID]:
    """Return the digests of a value's entries, as they are kept; none for a value that has no entries."""
    return flattened(map(Digester(row_id).known, entries_of(SHAPES[kind], value)))


def merged_value(
    kind: EntriesOf | None, row_id: str, base: Sequence[UUID], mine: object, theirs: object
) -> MergedColumn | None:
    """Return the value with a person's entries as they are in `mine` and all others as in `theirs`.

    `base`: the digests of the entries last written. None where `mine` is of no shape that is understood.
    """
    shape = SHAPES[kind]
    try:
        held = shape.read(mine)
    except NotUnderstood:
        return None
    if not mine and base:
        return None
    merged = merge(of_column(base), held, entries_of(shape, theirs), Digester(row_id))
    value: object = shape.write(merged.entries, held.own)
    # An order of a person's entries among FileMaker's own says nothing; that of FileMaker's alone does
    if value != theirs and _has_the_same(value, mine):
        value = mine
    return MergedColumn(value, flattened(merged.base), merged.is_clash)


def entries_of(shape: Shape, value: object) -> tuple[Entry, ...]:
    """Return the entries of a value of FileMaker's; none of one that has none."""
    try:
        return shape.read(value).entries
    except NotUnderstood:
        return ()


def _has_the_same(value: object, mine: object) -> bool:
    """Say whether a value has the entries of another, in any order but for what comes first."""
    return isinstance(value, dict) and isinstance(mine, dict) and _unordered(value) == _unordered(mine)


def _unordered(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value as it is compared: what its lists have after the first in a fixed order."""
    return {
        name: [*one[:1], *sorted(one[1:], key=_canonical)] if isinstance(one, list) else one
        for name, one in value.items()
    }


def _canonical(entry: object) -> bytes:
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
