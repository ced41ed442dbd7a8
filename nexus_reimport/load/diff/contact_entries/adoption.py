"""The entries of a row that is to be adopted: which of them an older import may have written, and which none.

The clinic's scripts wrote numbers raw, without blanks and brackets, or without their first nought; labels in
lower case; of an email only whether it is the default; an address without its street and postcode. What no
script can have made of what FileMaker has is taken for a person's, or for what FileMaker had once: it stays
beside FileMaker's. What is missing says nothing, since of two with one label the scripts kept one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nexus_reimport.load.diff.contact_entries.columns import SHAPES, MergedColumn, entries_of
from nexus_reimport.load.diff.contact_entries.contacts import LISTS
from nexus_reimport.load.diff.contact_entries.entry import ADDRESS, EMAIL, Entry, Held, NotUnderstood
from nexus_reimport.load.diff.contact_entries.known import Digester, flattened
from nexus_reimport.model.columns import EntriesOf
from nexus_reimport.transform.phones import comparable_number

# What the scripts stripped, and what FileMaker's text is cleaned of.
_LEFT_OUT = re.compile(r"[\s\x00-\x1f().-]+")
_FLAGS = frozenset({"0", "1", "yes", "no", "true", "false"})


def adopted_value(
    kind: EntriesOf | None, row_id: str, mine: object, theirs: object, *, is_worked_on: bool
) -> MergedColumn | None:
    """Return FileMaker's value with those entries of `mine` that no older import can have written.

    None where there are none, or where `mine` is of no shape that is understood. `is_worked_on`: Nexus has
    saved the row again since it was made, so that its address is likely to be the right one.
    """
    shape = SHAPES[kind]
    try:
        held = shape.read(mine)
    except NotUnderstood:
        return None
    filemakers = entries_of(shape, theirs)
    chosen = is_worked_on if kind == "address" else not (isinstance(mine, dict) and mine.keys() & {*LISTS})
    persons = [
        replace(entry, label=_label(entry, filemakers), is_default=entry.is_default and chosen)
        for entry in _each_once(held)
        if not _may_be_scripted(entry, filemakers)
        and not (entry in held.leads and not held.is_partial and _is_mixed(entry, filemakers))
    ]
    if not persons:
        return None
    known = flattened(map(Digester(row_id).known, filemakers))
    inherited = [replace(entry, is_default=False) for entry in filemakers]
    return MergedColumn(shape.write([*inherited, *persons], {}), known, is_clash=False)


def _each_once(held: Held) -> Iterable[Entry]:
    """Return the entries and what the top level says beside them; the same one once, a default as such."""
    found: dict[tuple[str, str], Entry] = {}
    for entry in (*held.entries, *held.leads):
        key = entry.kind, entry.value
        first = found.setdefault(key, entry)
        found[key] = replace(first, is_default=first.is_default or entry.is_default)
    return found.values()


def _label(entry: Entry, filemakers: Iterable[Entry]) -> str | None:
    """Return the entry's label as FileMaker writes it, where a script has put it into lower case."""
    same = (one.label for one in filemakers if one.label and one.label.lower() == entry.label)
    return next(same, entry.label)


def _may_be_scripted(entry: Entry, filemakers: Sequence[Entry]) -> bool:
    of_group = [one for one in filemakers if one.group == entry.group]
    if entry.kind == ADDRESS:
        return any(_is_part_of(entry, one) for one in of_group)
    if entry.kind == EMAIL:
        return entry.value in _FLAGS or any(one.value == entry.value for one in of_group)
    return any(_readings(entry.content[0]) & _readings(one.content[0]) for one in of_group)


def _readings(number: str) -> set[str]:
    """Return what a script may have made of a number, or what it may have been made of."""
    bare = _LEFT_OUT.sub("", number).casefold()
    return {
        bare,
        bare.lstrip("0") or bare,
        comparable_number(number) or bare,
        comparable_number(bare) or bare,
    }


def _is_part_of(entry: Entry, other: Entry) -> bool:
    """Say whether an address says nothing that the other one does not say; parts may be missing."""
    parts = zip(map(_bare, entry.content), map(_bare, other.content), strict=True)
    return all(not mine or mine == theirs for mine, theirs in parts)


def _is_mixed(entry: Entry, filemakers: Iterable[Entry]) -> bool:
    """Say whether a top level may be one script's, with parts of its own where another had put an address."""
    if entry.kind != ADDRESS:
        return False
    there = [set(map(_bare, parts)) for parts in zip(*(one.content for one in filemakers), strict=True)]
    parts = zip(map(_bare, entry.content), there, strict=False)
    return bool(there) and all(not mine or mine in theirs for mine, theirs in parts)


def _bare(part: str) -> str:
    text = re.sub(r"[\s\x00-\x1f]+", "", part).casefold()
    return text.lstrip("0") if text.isdecimal() else text
