"""Places of images in a batch, over one publication after another: by recid, and no two the same."""

from collections.abc import Iterator, Sequence

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus_reimport.load.publication import Publication, PublicationTerms, publish
from nexus_reimport.load.reading.nexus_state import read_state
from nexus_reimport.model.options import Options
from nexus_reimport.orchestration.assets.publishing import staged_tables
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport.transform.nexus_state import NexusState
from nexus_reimport.transform.staged import Staged
from nexus_reimport.validate.verification import count_doubled_places
from nexus_reimport_tests.line import query
from nexus_reimport_tests.load import older_rows as older
from nexus_reimport_tests.load.staged_frames import uid
from nexus_reimport_tests.transform.image_records import (
    Fields,
    csv_rejects_of,
    objects_of,
    row,
    staged_images,
    thumbnails_of,
)
from nexus_reimport_tests.transform.records import AS_OF, contact, patients_of

DUMP = "filemaker-import/images-bulk-dump"
DOUBLED = 'SELECT 1 FROM images_image GROUP BY batch_id, "order" HAVING count(*) > 1'


def run(
    url: str,
    *rows: Fields,
    broken: Sequence[int] = (),
    choices: Options | None = None,
    changed: object = None,
) -> Publication:
    """Stage these rows over Nexus as it is, some with a picture that can't be read, and publish them."""
    state = NexusState(read_state(url))
    people = patients_of(contact(1), state=state)
    objects = objects_of(*(int(str(one["recid"])) for one in rows))
    made = thumbnails_of(objects, **{f"_{number}": {"fault": "not_an_image"} for number in broken})
    batches, images = staged_images(
        *rows, objects=objects, thumbnails=made, rejects=csv_rejects_of(), patients=people, state=state
    )
    if changed is not None:
        images = Staged(images.rows.assign(order=changed), images.rejects, images.warnings)
    staged = {"patients": people, "image_batches": batches, "images": images}
    return publish(url, "run", AS_OF, staged_tables(staged), terms=PublicationTerms(choices or Options()))


def order(url: str) -> dict[str, int]:
    """The place of each image, by the name of its file without extension."""
    rows = query(url, "SELECT substring(s3_key FROM '([^/]+?)[.][^.]*$'), \"order\" FROM images_image")
    return dict(sorted(rows))


def renumber(url: str, **places: int) -> None:
    """Have a person give images another place."""
    for name, place in places.items():
        query(url, f"UPDATE images_image SET \"order\" = %s WHERE s3_key = '{DUMP}/{name[1:]}.jpg'", place)  # noqa: S608 - ours


ROWS = [row(number) for number in (1, 2, 3, 4, 5)]


@pytest.fixture
def published(nexus_database: str) -> str:
    """Five images of one day, in their order."""
    run(nexus_database, *ROWS)
    assert order(nexus_database) == {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4}
    return nexus_database


@pytest.mark.parametrize("lost", [0, 2, 4])
def test_an_image_gone_from_the_source_keeps_its_place_and_so_do_the_others(
    published: str, lost: int
) -> None:
    before = order(published)
    done = run(published, *ROWS[:lost], *ROWS[lost + 1 :])
    assert (done.number, done.tables["images"].missing, order(published)) == (None, 1, before)


@pytest.mark.parametrize("broken", [[1], [3], [1, 2, 5]])
def test_an_image_rejected_now_keeps_its_place_and_has_it_when_it_is_well_again(
    published: str, broken: list[int]
) -> None:
    before = order(published)
    assert run(published, *ROWS, broken=broken).number is None
    assert run(published, *ROWS).number is None
    assert order(published) == before


def test_images_that_come_later_stand_in_their_order_once_nobody_is_in_their_way(nexus_database: str) -> None:
    run(nexus_database, *ROWS, broken=[1, 2])
    assert order(nexus_database) == {"3": 0, "4": 1, "5": 2}
    run(nexus_database, *ROWS, broken=[3])
    assert order(nexus_database) == {"1": 1, "2": 2, "3": 0, "4": 3, "5": 4}
    run(nexus_database, *ROWS)
    assert order(nexus_database) == {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4}


def test_a_place_that_removal_has_freed_moves_nobody(published: str) -> None:
    choices = Options(on_missing={"images": "remove"}, missing_percent=100)
    assert run(published, *ROWS[1:], choices=choices).tables["images"].removed == 1
    assert order(published) == {"2": 1, "3": 2, "4": 3, "5": 4}
    assert run(published, *ROWS[1:]).number is None
    assert run(published, *ROWS).tables["images"].updated == 0
    assert order(published) == {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4}


def test_places_that_an_older_release_doubled_are_set_right(nexus_database: str) -> None:
    run(nexus_database, *ROWS, changed=pd.Series([0, 0, 1, 2, 3]))
    assert count_doubled_places(nexus_database) == 2
    assert run(nexus_database, *ROWS).tables["images"].updated == 4
    assert order(nexus_database) == {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4}
    assert count_doubled_places(nexus_database) == 0
    assert run(nexus_database, *ROWS).number is None


def test_an_image_that_a_person_put_into_our_batch_keeps_the_place_it_has(published: str) -> None:
    [(batch,)] = query(published, "SELECT DISTINCT batch_id::text FROM images_batch b, images_image i")
    _, own = older.image("own", "any", "images/1/2/own.jpg", order=0, batch_id=batch)
    older.load(published, ("images_image", own))
    query(published, "UPDATE images_batch SET image_count = 6")
    run(published, *ROWS)
    assert query(published, DOUBLED) == []
    assert order(published) == {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "own": 0}
    assert run(published, *ROWS).number is None


def test_a_person_s_order_stands_and_nothing_else_moves(published: str) -> None:
    renumber(published, _1=1, _2=0)
    done = run(published, *ROWS)
    assert (done.tables["images"].updated, done.tables["images"].edits_kept) == (0, 2)
    assert run(published, *ROWS).number is None
    renumber(published, _4=7)
    done = run(published, *ROWS, row(6), row(7), row(8), row(9))
    assert (done.tables["images"].updated, done.tables["images"].conflicts) == (0, 0)
    assert order(published) == {"1": 1, "2": 0, "3": 2, "4": 7, "5": 4, "6": 5, "7": 6, "8": 8, "9": 9}


def test_a_person_s_place_is_not_ours_to_double(published: str) -> None:
    renumber(published, _1=2)
    done = run(published, *ROWS)
    assert order(published) == {"1": 2, "2": 1, "3": 3, "4": 4, "5": 5}
    assert (done.tables["images"].edits_kept, done.tables["images"].conflicts) == (1, 0)
    assert run(published, *ROWS).number is None
    run(published, *ROWS, choices=Options(conflicts={"images": "filemaker"}))
    assert query(published, DOUBLED) == []


def test_an_image_that_a_person_moved_keeps_its_place_where_it_is_now(published: str) -> None:
    older.load(published, older.batch("own", uid("nobody"), name="Left foot"))
    query(
        published,
        "UPDATE images_image SET batch_id = %s WHERE s3_key LIKE '%%/2.jpg'",
        uid("batch own"),
    )
    run(published, *ROWS[1:])
    assert order(published) == {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4}


def test_what_an_older_import_left_beside_ours_is_not_doubled(nexus_database: str) -> None:
    """The linker's copy is adopted, the one that was fetched before is left over; all of them are at 0."""
    run(nexus_database)
    owner = query(nexus_database, "SELECT id::text FROM patients")[0][0]
    older.load(
        nexus_database,
        older.batch("day", owner, image_count=3),
        *(older.image(f"{n}", "day", f"{DUMP}/{n}.jpg") for n in (1, 2)),
        older.image(
            "fetched",
            "day",
            f"{older.FETCHED}/{owner}/10/18/2016/{row(1)['filemaker_id']}.jpg/{uid('random')}.jpg",
        ),
    )
    run(nexus_database, *ROWS[:2])
    found = query(nexus_database, 'SELECT id::text, "order" FROM images_image ORDER BY 2')
    assert [place for _, place in found] == [0, 1, 2]
    assert found[0] == (uid("image fetched"), 0)
    assert run(nexus_database, *ROWS[:2]).number is None


def test_an_image_between_two_others_has_its_place_there(published: str) -> None:
    run(published, *ROWS, row(6, recid="10"))
    run(published, *ROWS, row(6, recid="10"), row(7, recid="9"), row(8, recid="0"))
    found = order(published)
    assert sorted(found, key=lambda name: found[name]) == ["0", "1", "2", "3", "4", "5", "9", "10"]


@pytest.fixture(scope="module")
def generated(postgres: Cluster) -> Iterator[str]:
    """One Nexus for all generated histories, emptied between them."""
    with ephemeral_database(postgres) as url:
        run(url)
        yield url


numbers = st.integers(1, 6)
runs = st.tuples(
    st.lists(numbers, unique=True), st.lists(numbers), st.dictionaries(numbers, st.integers(0, 4), max_size=2)
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(runs, min_size=2, max_size=4))
def test_no_history_doubles_a_place_but_where_a_person_did(
    generated: str, history: list[tuple[list[int], list[int], dict[int, int]]]
) -> None:
    for table in ("images_image", "images_batch", "nexus_reimport.written_images"):
        query(generated, f"DELETE FROM {table}")  # noqa: S608 - ours
    query(generated, "DELETE FROM nexus_reimport.identities WHERE table_name LIKE 'image%'")
    for present, broken, moved in history:
        run(generated, *map(row, present), broken=broken)
        assert query(generated, DOUBLED) == []
        for number, place in moved.items():
            # Asked before each move: one person who gives two images one place has doubled it, not a run.
            if place not in order(generated).values():
                renumber(generated, **{f"_{number}": place})
