"""The names of older imports: what runs, in which order, and what is refused."""

import pytest

from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.clinic.older import GENERATIONS, older_state, runs_of
from nexus_reimport.sandbox.exceptions import UnknownStartingStateError


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("older:P1+A1", "P1 A1"),
        ("older:A2+N3", "P3 A2 N3"),
        ("older:P2+A2*3", "P2 A2 A2 A2"),
        ("older:P1+D1+delete+P3+D3", "P1 D1 delete P3 D3"),
        ("older:P3+D3", "P1 D1 delete P3 D3"),
        ("older:D2+D1", "P1 D1 delete P3 D2 D1"),
        ("older: P1 + N1 ", "P1 N1"),
        ("older:P1-notes+A1", "P1-notes A1"),
    ],
)
def test_imports_run_in_the_order_given_with_patients_and_documents_to_work_on(name: str, runs: str) -> None:
    assert runs_of(name) == tuple(runs.split())


@pytest.mark.parametrize("name", ["older:", "older:P4", "older:P3+", "older:a2", "older:A2*0", "older:A2*10"])
def test_a_name_that_is_none_is_refused_with_all_that_are(name: str) -> None:
    with pytest.raises(UnknownStartingStateError) as refused:
        runs_of(name)
    assert ", ".join(GENERATIONS) in str(refused.value)


def test_the_same_name_gives_the_same_rows(small: SyntheticClinic) -> None:
    first, again = (older_state("older:P2+A2*2+N1+D1+I1", small) for _ in range(2))
    assert first.rows == again.rows
    assert first.book == again.book
    assert [entry.key for entry in first.objects] == [entry.key for entry in again.objects]


@pytest.mark.parametrize("name", ["older:P1+A1+N1+D1+I1", "older:P2*2+A2+N2+D2+I2", "older:P3+A3+N3+D3+I2"])
def test_every_row_is_a_record_s_or_a_person_s_and_none_is_both(small: SyntheticClinic, name: str) -> None:
    state = older_state(name, small)
    for relation, rows in state.rows.items():
        imported = state.book.sources.get(relation, {}).keys()
        people = state.book.people.get(relation, set())
        assert {str(row["id"]) for row in rows} == imported | people, relation
        assert not imported & people, relation
        assert people, relation


@pytest.mark.parametrize(
    ("name", "relation"), [("A2", "appointments"), ("A3", "appointments"), ("N1", "notes"), ("N3", "notes")]
)
def test_a_second_run_doubles_and_the_moments_of_saving_differ(
    small: SyntheticClinic, name: str, relation: str
) -> None:
    once = older_state(f"older:P2+{name}", small).book.sources[relation]
    twice = older_state(f"older:P2+{name}*2", small)
    assert len(twice.book.sources[relation]) == 2 * len(once)
    assert sorted(twice.book.sources[relation].values()) == sorted([*once.values(), *once.values()])
    imported = [row for row in twice.rows[relation] if row["id"] in twice.book.sources[relation]]
    moments = [row["created_at"] for row in imported]
    assert moments == sorted(set(moments), key=str)


def test_a1_and_p3_find_what_they_wrote_before_and_p2_does_not(small: SyntheticClinic) -> None:
    for name, factor in (("P3", 1), ("P2", 2)):
        once, twice = (older_state(f"older:{name}*{count}", small).book.sources for count in (1, 2))
        assert len(twice["patients"]) == factor * len(once["patients"]), name
    once, twice = (older_state(f"older:P2+A1*{count}", small).book.sources for count in (1, 2))
    assert len(twice["appointments"]) == len(once["appointments"])


def test_a_delete_takes_patients_appointments_and_notes_and_leaves_files_pointing_at_nobody(
    small: SyntheticClinic,
) -> None:
    before = older_state("older:P2+A2+N2+D1+I2", small)
    state = older_state("older:P2+A2+N2+D1+I2+delete", small)
    assert not any(state.book.sources[relation] for relation in ("patients", "appointments", "notes"))
    for relation in ("documents_document", "images_batch", "images_image"):
        assert state.book.sources[relation].keys() == before.book.sources[relation].keys()
    living = {row["id"] for row in state.rows["patients"]}
    imported = [row for row in state.rows["images_batch"] if row["id"] in state.book.sources["images_batch"]]
    assert imported
    assert not {row["object_id"] for row in imported} & living


def test_after_a_delete_the_linker_makes_new_batches_and_leaves_them_empty(small: SyntheticClinic) -> None:
    state = older_state("older:P3+I2+delete+P3+I2", small)
    batches = [row for row in state.rows["images_batch"] if row["id"] in state.book.sources["images_batch"]]
    living = {row["id"] for row in state.rows["patients"]}
    new = [row for row in batches if row["object_id"] in living]
    assert 2 * len(new) == len(batches)
    assert {row["image_count"] for row in new} == {0}
    assert all(row["image_count"] for row in batches if row not in new)
