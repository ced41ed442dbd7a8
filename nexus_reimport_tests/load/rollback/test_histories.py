"""Whatever is published, taking it back gives what was before; taking that back, what was after."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from nexus_reimport.load.our_tables.previous_ids import FormerIdentities, keep_former
from nexus_reimport.load.rollback import rollback
from nexus_reimport.model.options import Options
from nexus_reimport.sandbox.postgres import Cluster, ephemeral_database
from nexus_reimport_tests.load.diff.test_repair import batch, document, image, imported_batch, nexus
from nexus_reimport_tests.load.rollback.histories import (
    ANN,
    DUMP,
    FORMER,
    ask,
    content,
    publish_backed_up,
    staged,
)
from nexus_reimport_tests.load.staged_frames import uid

State = Mapping[str, Mapping[str, Mapping[str, object]]]
ANYTHING = Options(on_missing={"notes": "remove", "patients": "archive"}, missing_percent=100)

DELETE_ANN = f"DELETE FROM patients WHERE id = '{ANN}'"  # noqa: S608 - ours


def rows(names: str, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, dict[str, object]]]:
    return st.dictionaries(st.sampled_from(list(names)), st.fixed_dictionaries(columns), max_size=2)


text = st.sampled_from(["", "a", "b\\\n"])
patients: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"ben": st.just({})},
    optional={"ann": st.fixed_dictionaries({"first_name": text, "middle_names": st.none() | text})},
)
sources = st.fixed_dictionaries(
    {
        "patients": patients,
        "notes": rows("xyz", content=text),
        "documents": rows("de", file_name=text),
        "batches": st.just({"day": {"id": uid("batch day"), "image_count": 1}}),
        "images": rows("12", caption=text),
    }
)
people = st.lists(
    st.sampled_from(
        [
            "UPDATE patients SET first_name = 'edited', notes = 'by hand'",
            "UPDATE notes SET content = 'edited'",
            "DELETE FROM notes",
            "DELETE FROM images_image",
            DELETE_ANN,
        ]
    ),
    max_size=2,
)


def publish_source(url: str, store: MemoryStore, source: State, number: int) -> None:
    images = {
        name: {"batch_id": uid("batch day"), "s3_key": f"{DUMP}{name}.jpg", **row}
        for name, row in source["images"].items()
    }
    tables = staged(url, source["patients"], source["notes"], source["documents"], source["batches"], images)
    publish_backed_up(url, store, tables, number, ANYTHING)


@given(
    st.booleans(), st.lists(st.tuples(sources, people), max_size=1), st.lists(sources, min_size=1, max_size=2)
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_before_and_after_come_back_whole(
    postgres: Cluster, is_damaged: bool, earlier: list[tuple[State, list[str]]], published: list[State]
) -> None:
    store = MemoryStore()
    with ephemeral_database(postgres) as url:
        if is_damaged:
            damage(url)
        for number, (source, edits) in enumerate(earlier):
            publish_source(url, store, source, number)
            for edit in edits:
                # A patient whom uploads point at would be in use when they are to go again.
                if not (is_damaged and edit == DELETE_ANN):
                    ask(url, edit)
        newest = newest_publication(url)
        before = content(url)
        for number, source in enumerate(published, 10):
            publish_source(url, store, source, number)
        after = content(url)
        if newest_publication(url) == newest:
            assert after == before
            return
        outcome = rollback(url, store, "back", to=newest + 1)
        assert outcome.kept == outcome.discarded == ()
        assert content(url) == before
        rollback(url, store, "forth")
        assert content(url) == after


def newest_publication(url: str) -> int:
    [(exists,)] = ask(url, "SELECT to_regclass('nexus_reimport.publications') IS NOT NULL")
    if not exists:
        return 0
    [(newest,)] = ask(url, "SELECT coalesce(max(id), 0) FROM nexus_reimport.publications")
    return int(newest)


def damage(url: str) -> None:
    """What earlier imports left: uploads and imported rows of nobody, one patient known formerly."""
    nexus(
        url, imported_batch("old"), image("old", "old", f"{DUMP}995.jpg"), image("1", "old", f"{DUMP}7.jpg")
    )
    nexus(url, batch("own", FORMER), document("own", FORMER), imported_batch("empty"))
    keep_former(url, FormerIdentities({FORMER: uid("key ann")}, 0))


def test_a_row_comes_back_with_every_column_that_nexus_gave_it(postgres: Cluster) -> None:
    store = MemoryStore()
    with ephemeral_database(postgres) as url:
        ask(url, "ALTER TABLE patients ADD COLUMN colour text")
        full = {"contact_json": json.dumps({"a": [1, None]}), "first_name": "a"}
        publish_backed_up(url, store, staged(url, {"ann": full}), 1)
        ask(url, "UPDATE patients SET colour = 'red', archived_by = 'somebody'")
        before = content(url)
        publish_backed_up(url, store, staged(url, {"ann": {**full, "first_name": "b"}}), 2)
        ask(url, "UPDATE patients SET colour = 'blue'")
        rollback(url, store, "back", edits="discard")
        assert content(url) == before
