"""Which rows of older imports the images and batches of FileMaker are, so that their UUIDs stay."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from nexus_reimport.model.nexus import IMAGES
from nexus_reimport.transform.identity import Adoption, decide_ids
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Accounting

_COLUMNS = ("filemaker_id", "key", "recid", "batch")

# The batch (its key) that a living image goes to, None for none; whether the image itself is adopted.
_Place = tuple[str | None, bool]
# Living batch to the places of the imported images in it.
_Contents = Mapping[str, Sequence[_Place]]


def image_ids(images: pa.Table, state: NexusState, ledger: Accounting) -> list[str]:
    """Return the images' UUIDs. `images`: columns filemaker_id, key, recid, in order of filemaker_id.

    A living row is known by its FileMaker id, then by its S3 key, then by the recid that is its file's stem,
    then by the FileMaker id in its key. Where an older import fetched an image and another linked its bulk
    copy, there are two rows: the one is adopted, the other is left over.
    """
    keys, s3_keys, recids = (images[name].to_pylist() for name in _COLUMNS[:3])
    adoptions = (
        Adoption(state.s3_keys(IMAGES.name), s3_keys),
        Adoption(state.stems(IMAGES.name), recids),
        Adoption(state.key_ids(IMAGES.name), keys),
    )
    return decide_ids(keys, state, ledger, adoptions)


def batch_adoptions(
    keys: Sequence[str], owners: Sequence[str], images: pa.Table, state: NexusState
) -> tuple[Adoption, ...]:
    """Return how living batches are recognised. `keys`: patient and day; `owners`: the patients' UUIDs.

    First by patient, their own UUID before a former one, and day, where an image that is adopted and goes
    there is in it already; then a batch all of whose imported images go there, which may have been renamed,
    or be of a patient whom nobody knows any more; then by patient and day, though it is empty or the images
    in it are left over; at last a batch of such images alone. Of several the one that most of the images are
    in is taken, then the oldest.
    """
    days, batches = state.batch_days(), state.batches_of_images()
    if not days and not batches:
        return ()
    contents, formers = _contents(images, state, batches), _former_ids(state)
    by_day = {
        key: _fullest_first(
            _of_day(key, (owner, *formers.get(key.partition("/")[0], ())), days), key, contents
        )
        for key, owner in zip(keys, owners, strict=True)
    }
    by_contents = _by_contents(contents)
    in_order = (_holding(by_day, contents), _holding(by_contents, contents), by_day, by_contents)
    return tuple(Adoption(candidates, keys) for candidates in in_order)


def _holding(candidates: Mapping[str, list[str]], contents: _Contents) -> dict[str, list[str]]:
    """Return the candidates in which an adopted image is that goes to the batch they are candidates for."""
    return {
        key: [batch for batch in batches if (key, True) in contents.get(batch, ())]
        for key, batches in candidates.items()
    }


def _of_day(key: str, patients: Sequence[str], days: Mapping[str, list[str]]) -> list[str]:
    day = key.partition("/")[2]
    return [batch for patient in dict.fromkeys(patients) for batch in days.get(f"{patient}/{day}", ())]


def _fullest_first(batches: Iterable[str], key: str, contents: _Contents) -> list[str]:
    """Return batches in order of how many images go to the key: those adopted first, then those left over."""

    def fullness(batch: str) -> tuple[int, int]:
        places = contents.get(batch, ())
        return -sum(place == (key, True) for place in places), -sum(place[0] == key for place in places)

    return sorted(batches, key=fullness)


def _by_contents(contents: _Contents) -> dict[str, list[str]]:
    """Return batch key to the living batches whose images all go there."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for batch, places in contents.items():
        only, *others = {place for place, _ in places}
        if only is not None and not others:
            found[only].append(batch)
    return {key: _fullest_first(batches, key, contents) for key, batches in found.items()}


def _contents(images: pa.Table, state: NexusState, batches: Mapping[str, str]) -> _Contents:
    places = _places(images, state)
    contents: defaultdict[str, list[_Place]] = defaultdict(list)
    for image, batch in batches.items():
        contents[batch].append(places.get(image, (None, False)))
    return contents


def _places(images: pa.Table, state: NexusState) -> dict[str, _Place]:
    """Return living image to the batch it goes to; one left over goes where its double does."""
    columns = [images[name].to_pylist() for name in _COLUMNS]
    ids = image_ids(images, state, Accounting(IMAGES))
    places: dict[str, _Place] = {image: (batch, True) for image, batch in zip(ids, columns[-1], strict=True)}
    claims, stored = state.claims(IMAGES.name), state.s3_keys(IMAGES.name)
    stems, key_ids = state.stems(IMAGES.name), state.key_ids(IMAGES.name)
    for key, s3_key, recid, batch in zip(*columns, strict=True):
        doubles = (claims.get(key), stored.get(s3_key), stems.get(recid), key_ids.get(key))
        for image in (one for found in doubles for one in found or ()):
            places.setdefault(image, (batch, False))
    return places


def _former_ids(state: NexusState) -> dict[str, list[str]]:
    formers: defaultdict[str, list[str]] = defaultdict(list)
    for former, patient in state.former_patients().items():
        formers[patient.lower()].append(former)
    return formers
