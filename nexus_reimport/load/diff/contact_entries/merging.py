"""The merge of a column entry by entry: as last written, as Nexus has it, as FileMaker has it now. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nexus_reimport.load.diff.contact_entries.addresses import one_line
from nexus_reimport.load.diff.contact_entries.entry import ADDRESS, Entry, Held
from nexus_reimport.load.diff.contact_entries.known import Digester, Known
from nexus_reimport.load.diff.contact_entries.matching import Matches, is_numbered_alike, match, match_held


@dataclass(frozen=True)
class Merged:
    """What comes of a merge. `base`: what is written of FileMaker's entries from now on, in digests.

    `is_clash`: an entry was changed on both sides. The person's stays, and stays an edit of what was written.
    """

    entries: tuple[Entry, ...]
    base: tuple[Known, ...]
    is_clash: bool


@dataclass(frozen=True)
class _Sides:
    """What a merge knows. `held` and `now`: by place in `base`, what the entry is in Nexus and in FileMaker.

    `chosen`: the entries, by identity, that a person has made the default.
    """

    base: Sequence[Known]
    mine: Held
    held: Matches
    added: list[Entry]
    now: Matches
    chosen: set[int]
    digester: Digester


def merge(base: Sequence[Known], mine: Held, theirs: Sequence[Entry], digester: Digester) -> Merged:
    """Return the entries with each person's change in `mine` kept, and all others as FileMaker has them.

    An entry that a person has changed, added or taken out stays so. Where FileMaker has changed the same one,
    the person's stays; where a person took it out and FileMaker says something else, that is a new entry.
    """
    # FileMaker's default is the first: their order says which one that is
    theirs = [replace(one, is_default=False) for one in theirs]
    sides = _sides(base, mine, theirs, digester)
    places = {id(entry): place for place, entry in sides.now.items()}
    merged: list[Entry] = []
    written: list[Known] = []
    clashed = False
    for entry in theirs:
        place = places.get(id(entry))
        one = _added_by_both(entry, sides) if place is None else _followed(entry, place, sides)
        clash = place is not None and _is_clash(entry, place, sides)
        merged += [one] if one else []
        written.append(base[place] if place is not None and clash else digester.known(entry))
        clashed = clashed or clash
    gone = [entry for place, entry in sorted(sides.held.items()) if _outlives(entry, place, sides)]
    merged += [_of_nexus(entry, sides) for entry in (*gone, *sides.added)]
    return Merged(tuple(merged), tuple(written), clashed)


def _sides(base: Sequence[Known], mine: Held, theirs: Sequence[Entry], digester: Digester) -> _Sides:
    held, added = match_held(mine, base, digester)
    now = match(theirs, base, digester, slots=False)
    news = [one for one in theirs if not any(one is entry for entry in now.values())]
    # What a person changed into something that FileMaker has anew is that, and no change of the other
    for place, entry in list(held.items()):
        if digester.value(entry) != base[place].value and any(_says_the_same(entry, one) for one in news):
            added.append(held.pop(place))
    return _Sides(base, mine, held, added, now, _chosen(held, added), digester)


def _chosen(held: Matches, added: Iterable[Entry]) -> set[int]:
    """Return the defaults, by identity, that aren't default only because they were the first written."""
    chosen = {id(entry) for entry in added if entry.is_default}
    for place, entry in held.items():
        before = (one for at, one in held.items() if at < place and one.group == entry.group)
        if entry.is_default and any(before):
            chosen.add(id(entry))
    return chosen


def _followed(entry: Entry, place: int, sides: _Sides) -> Entry | None:
    """Return what becomes of an entry of FileMaker's that was written before; None where it stays out."""
    mine = sides.held.get(place)
    if mine is not None:
        return _combined(mine, entry, sides.base[place], sides)
    was_taken_out = not sides.mine.is_partial or (sides.mine.lacks_first and place == 0)
    says_something_new = sides.digester.value(entry) != sides.base[place].value
    return entry if says_something_new or not was_taken_out else None


def _combined(mine: Entry, theirs: Entry, known: Known, sides: _Sides) -> Entry:
    """Return the entry with each part that a person has changed, and FileMaker's of the others."""
    keeps_content = sides.digester.content(mine) != known.content
    keeps_label = mine.label is not None and sides.digester.label(mine, mine.label) != known.label
    keeps_more = mine.more is not None and sides.digester.more(mine) != known.more
    more = mine.more if keeps_more else theirs.more
    if keeps_content and not keeps_more and theirs.more is not None:
        more = (*theirs.more[:-1], one_line(mine.content))
    return replace(
        theirs,
        kind=mine.kind if keeps_content else theirs.kind,
        content=mine.content if keeps_content else theirs.content,
        label=mine.label if keeps_label else theirs.label,
        more=more,
        is_default=id(mine) in sides.chosen,
        own=mine.own,
    )


def _is_clash(theirs: Entry, place: int, sides: _Sides) -> bool:
    """Say whether both sides changed what an entry says, to different things."""
    mine, known, value = sides.held.get(place), sides.base[place].value, sides.digester.value
    return mine is not None and value(mine) != known and value(theirs) not in (known, value(mine))


def _added_by_both(entry: Entry, sides: _Sides) -> Entry:
    """Return a new entry of FileMaker's, as a person wrote it where one has added the same."""
    twin = next((one for one in sides.added if _says_the_same(one, entry)), None)
    if twin is None:
        return entry
    sides.added[:] = [one for one in sides.added if one is not twin]
    label = entry.label if twin.label is None else twin.label
    return replace(
        entry, content=twin.content, label=label, is_default=id(twin) in sides.chosen, own=twin.own
    )


def _outlives(entry: Entry, place: int, sides: _Sides) -> bool:
    """Say whether an entry that is gone from FileMaker stays: a person has changed it."""
    if place in sides.now:
        return False
    known, digester = sides.base[place], sides.digester
    is_relabelled = entry.label is not None and not is_numbered_alike(entry, known, digester, len(sides.base))
    return (
        is_relabelled
        or digester.content(entry) != known.content
        or (entry.more is not None and digester.more(entry) != known.more)
    )


def _of_nexus(entry: Entry, sides: _Sides) -> Entry:
    """Return an entry that only Nexus has."""
    more = ("", one_line(entry.content)) if entry.kind == ADDRESS and entry.more is None else entry.more
    return replace(entry, more=more, is_default=id(entry) in sides.chosen)


def _says_the_same(one: Entry, other: Entry) -> bool:
    return (one.kind, one.value) == (other.kind, other.value)
