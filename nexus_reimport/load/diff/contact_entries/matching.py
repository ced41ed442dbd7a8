"""Which entry is which: those that a column holds now, and those last written, known by digests alone."""

import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from nexus_reimport.load.diff.contact_entries.entry import ADDRESS, Entry, Held
from nexus_reimport.load.diff.contact_entries.known import Digester, Known

# By place among those last written: the entry that it is now.
Matches = dict[int, Entry]

_NUMBER_BEHIND = re.compile(r" \d+$")


def match(entries: Sequence[Entry], base: Sequence[Known], digester: Digester, *, slots: bool) -> Matches:
    """Return which entry each of those last written is now: the very same, else by content, value or label.

    One that is under a label whose entry is gone is that entry, changed. Labels that differ by a number alone
    change their numbers when one of them goes: `slots` is whether such a label says which entry it is.
    """
    found: Matches = {}
    left = list(entries)
    for is_same in (_is_all_the_same, _is_the_very_same, _has_content, _has_value, _has_label):
        for entry in list(left):
            place = next(
                (at for at, k in enumerate(base) if at not in found and is_same(entry, k, digester)), None
            )
            by_label = is_same is _has_label
            if place is not None and (slots or not by_label or _is_alone(entry, entries, base, digester)):
                found[place] = entry
                left = [one for one in left if one is not entry]
    return found


def match_held(held: Held, base: Sequence[Known], digester: Digester) -> tuple[Matches, list[Entry]]:
    """Return which entry each of those last written is now in Nexus, and the entries that a person has added.

    What the top level says is an entry again, or what has become of one, or an entry of its own.
    """
    listed, leads = list(held.entries), []
    for lead in held.leads:
        if any(_has_label(lead, known, digester) for known in base):
            listed.append(lead)
        elif not _is_listed(replace(lead, label=None), listed):
            leads.append(replace(lead, label=None))
    found = match(listed, base, digester, slots=True)
    added = [one for one in listed if not any(one is entry for entry in found.values())]
    for lead in leads:
        _place_lead(lead, found, added, base, digester)
    return found, added


def _is_listed(lead: Entry, listed: list[Entry]) -> bool:
    """Say whether what the top level says is one of the entries; it says which one is the default then."""
    for place, one in enumerate(listed):
        if (one.kind, one.value) == (lead.kind, lead.value):
            if lead.is_default and not any(other.is_default for other in listed if other.group == lead.group):
                listed[place] = replace(one, is_default=True)
            return True
    return False


def _place_lead(
    lead: Entry, found: Matches, added: list[Entry], base: Sequence[Known], digester: Digester
) -> None:
    """Put what only the top level says where it belongs: the list was changed, or it was."""
    place = next((at for at, known in enumerate(base) if _has_value(lead, known, digester)), None)
    if place is not None:
        found.setdefault(place, lead)
    elif lead.kind != ADDRESS:
        added.append(lead)
    elif base and (0 not in found or _has_content(found[0], base[0], digester)):
        found[0] = replace(lead, own=found[0].own if 0 in found else {})
    elif not found and not added:
        added.append(lead)


def _is_all_the_same(entry: Entry, known: Known, digester: Digester) -> bool:
    return _is_the_very_same(entry, known, digester) and digester.more(entry) == known.more


def _is_the_very_same(entry: Entry, known: Known, digester: Digester) -> bool:
    return _has_label(entry, known, digester) and _has_content(entry, known, digester)


def _has_content(entry: Entry, known: Known, digester: Digester) -> bool:
    return digester.content(entry) == known.content


def _has_value(entry: Entry, known: Known, digester: Digester) -> bool:
    return digester.value(entry) == known.value


def _has_label(entry: Entry, known: Known, digester: Digester) -> bool:
    return entry.label is not None and digester.label(entry, entry.label) == known.label


def is_numbered_alike(entry: Entry, known: Known, digester: Digester, entries: int) -> bool:
    """Say whether a label of those last written is the entry's, but for a number behind it."""
    return known.label in _family(entry, digester, entries)


def _is_alone(entry: Entry, entries: Sequence[Entry], base: Sequence[Known], digester: Digester) -> bool:
    """Say whether no other entry, now or as last written, has the label with another number behind it."""
    family = _family(entry, digester, len(base) + len(entries))
    now = [digester.label(one, one.label) for one in entries]
    return sum(known.label in family for known in base) == 1 == sum(one in family for one in now)


def _family(entry: Entry, digester: Digester, entries: int) -> set[UUID]:
    """Return the digests of the entry's label without a number, and with each that it may have."""
    stem = _NUMBER_BEHIND.sub("", entry.label or "")
    labels = (entry.label, stem, *(f"{stem} {number}" for number in range(2, entries + 2)))
    return {digester.label(entry, label) for label in labels}
