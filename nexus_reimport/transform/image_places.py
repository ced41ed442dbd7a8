"""Each image's place in its batch: by recid, and never that of an image which stays beside it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

import numpy as np

from nexus_reimport.transform.nexus_state import NexusState

# By batch, the places that are not to be given.
_Taken = Mapping[str, Collection[int]]


def image_places(
    batches: Sequence[str], recids: np.ndarray, ids: Sequence[str], state: NexusState
) -> list[int]:
    """Return the images' places. `batches`: UUIDs of their batches, `ids`: their own, `recids` as numbers.

    A batch whose images, as we have published them, are in the order of their recids stays as it is: what was
    removed leaves a gap, and nobody moves. Else they are numbered from 0. Images that are not among these but
    stay in Nexus (rejected now, gone from the source, left over from an older import, people's own) keep
    their places, so that none is given to another. One that a person has moved is staged as it was last
    published: theirs is an edit.
    """
    taken, own, edited = _taken(ids, state), state.image_places("own"), state.image_places("written")
    result = [edited[image].place if image in edited else 0 for image in ids]
    given = [index for index in _in_order(batches, recids) if ids[index] not in edited]
    for batch, found in groupby(given, key=lambda index: batches[index]):
        members = list(found)
        kept = [own.get(ids[index]) for index in members]
        places = [one.place if one and one.batch == batch else None for one in kept]
        for index, place in zip(members, _numbered(places, taken.get(batch, ())), strict=True):
            result[index] = place
    return result


def _in_order(batches: Sequence[str], recids: np.ndarray) -> list[int]:
    codes = {batch: code for code, batch in enumerate(dict.fromkeys(batches))}
    order = np.lexsort((recids, np.array([codes[batch] for batch in batches], dtype=np.int64)))
    found: list[int] = order.tolist()
    return found


def _numbered(kept: Sequence[int | None], taken: Collection[int]) -> list[int]:
    """Return places that rise: those kept where all of them can be, else from the first."""
    places: list[int] = []
    for place in kept:
        begin = places[-1] + 1 if places else 0
        if place is not None and (place < begin or place in taken):
            return _numbered([None] * len(kept), taken)
        places.append(_first_free(begin, taken) if place is None else place)
    return places


def _first_free(begin: int, taken: Collection[int]) -> int:
    while begin in taken:
        begin += 1
    return begin


def _taken(ids: Sequence[str], state: NexusState) -> _Taken:
    """Return the places of all images that are not staged, and those that people's edits concern."""
    staged = set(ids)
    taken: defaultdict[str, set[int]] = defaultdict(set)
    for image, one in (*state.image_places("foreign").items(), *state.image_places("own").items()):
        if image not in staged:
            taken[one.batch].add(one.place)
    for one in (*state.image_places("edited").values(), *state.image_places("written").values()):
        taken[one.batch].add(one.place)
    return taken
