"""Who a row is."""

import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.model.nexus import APPOINTMENTS, PATIENTS
from nexus_reimport.transform.adoption.rows_in_nexus import LivingNote
from nexus_reimport.transform.adoption.texts import digest
from nexus_reimport.transform.identity import NAMESPACE, Adoption, decide_ids, derived_id, natural_key
from nexus_reimport.transform.staged import Accounting
from nexus_reimport_tests.transform.records import (
    StateRow,
    cells,
    contact,
    fm,
    key,
    line,
    notes_of,
    patients_of,
    reasons,
    state_of,
    uid,
)

SMALL = st.integers(0, 6)


def decide(keys: list[str], *rows: StateRow, adoptions: tuple[Adoption, ...] = ()) -> list[str]:
    return decide_ids(keys, state_of(*rows), Accounting(PATIENTS), adoptions)


def test_the_namespace_never_changes() -> None:
    assert str(NAMESPACE) == "6f1d2c9e-8a47-5b30-9d52-3c7e41b8a605"
    assert derived_id("patients", key(1)) == str(uuid.uuid5(NAMESPACE, f"patients:{key(1)}"))


@given(st.text(max_size=40), st.integers(0, 12))
def test_a_derived_id_is_the_standards_own_uuidv5(source_key: str, attempt: int) -> None:
    name = f"images:{source_key}:{attempt}" if attempt else f"images:{source_key}"
    assert derived_id("images", source_key, attempt) == str(uuid.uuid5(NAMESPACE, name))


def test_a_new_row_has_a_uuid_made_of_its_table_and_filemaker_id() -> None:
    assert decide([key(1)]) == [derived_id("patients", key(1))]
    assert derived_id("patients", key(1)) != derived_id("notes", key(1))


def test_a_patient_deleted_and_imported_again_keeps_its_uuid() -> None:
    assert decide([key(1)], ("identity:patients", key(1), uid(9))) == [uid(9)]


def test_a_kept_identity_comes_before_a_living_row_that_claims_the_id() -> None:
    rows: list[StateRow] = [("claim:patients", key(1), uid(8)), ("identity:patients", key(1), uid(9))]
    assert decide([key(1)], *rows) == [uid(9)]


def test_a_living_row_that_carries_the_filemaker_id_is_adopted() -> None:
    assert decide([key(1)], ("claim:patients", key(1), uid(8))) == [uid(8)]


def test_a_claim_comes_before_the_other_adoptions_in_their_order() -> None:
    first, second = Adoption({"a": [uid(5)]}, ["a"]), Adoption({"b": [uid(6)]}, ["b"])
    assert decide([key(1)], ("claim:patients", key(1), uid(8)), adoptions=(first, second)) == [uid(8)]
    assert decide([key(1)], adoptions=(first, second)) == [uid(5)]
    assert decide([key(1)], adoptions=(Adoption({}, ["a"]), second)) == [uid(6)]


def test_a_claim_comes_after_a_kept_identity() -> None:
    kept = (("claim:patients", key(1), uid(8)), ("identity:patients", key(1), uid(9)))
    assert decide([key(1)], *kept) == [uid(9)]


def test_ids_compare_without_case() -> None:
    assert decide([key(1)], ("identity:patients", fm(1), uid(9).upper())) == [uid(9)]
    assert decide([key(1)], ("claim:patients", fm(1), uid(9).upper())) == [uid(9)]


def test_identities_of_another_table_do_not_count() -> None:
    assert decide([key(1)], ("identity:notes", key(1), uid(9))) == [derived_id("patients", key(1))]


def test_two_rows_that_claim_one_filemaker_id_are_reported_and_the_first_is_adopted() -> None:
    state = state_of(("claim:patients", key(1), uid(8)), ("claim:patients", key(1), uid(7)))
    staged = patients_of(contact(1), contact(2), state=state)
    assert cells(staged, "id") == [uid(8), derived_id("patients", key(2))]
    assert reasons(staged.warnings) == [(key(1), "id", "claimed_twice")]


def test_a_living_row_beside_the_kept_identity_is_reported() -> None:
    state = state_of(("identity:patients", key(1), uid(8)), ("claim:patients", key(1), uid(7)))
    assert reasons(patients_of(contact(1), state=state).warnings) == [(key(1), "id", "claimed_twice")]


def test_a_single_claim_is_nothing_to_report() -> None:
    state = state_of(("identity:patients", key(1), uid(8)), ("claim:patients", key(1), uid(8)))
    assert reasons(patients_of(contact(1), state=state).warnings) == []


def test_one_living_row_is_never_two_source_rows() -> None:
    rows: list[StateRow] = [("claim:patients", key(1), uid(8)), ("claim:patients", key(2), uid(8))]
    assert decide([key(1), key(2)], *rows) == [uid(8), derived_id("patients", key(2))]


def test_a_row_kept_for_a_source_row_that_is_gone_is_not_adopted_by_another() -> None:
    rows: list[StateRow] = [("identity:patients", key(5), uid(8)), ("claim:patients", key(1), uid(8))]
    assert decide([key(1)], *rows) == [derived_id("patients", key(1))]


def test_a_derived_uuid_that_is_taken_gives_way_to_another() -> None:
    taken = derived_id("patients", key(1))
    assert decide([key(1)], ("identity:patients", key(5), taken)) == [derived_id("patients", key(1), 1)]


def test_equal_rows_are_paired_one_to_one_in_order() -> None:
    living = Adoption({"same": [uid(5), uid(6)]}, ["same", "same", "same"])
    keys = [key(1), key(2), key(3)]
    assert decide(keys, adoptions=(living,)) == [uid(5), uid(6), derived_id("patients", key(3))]


def test_an_empty_handle_recognises_nobody() -> None:
    assert decide([key(1)], adoptions=(Adoption({"": [uid(5)]}, [""]),)) == [derived_id("patients", key(1))]


def test_the_natural_key_is_offered_with_the_identities() -> None:
    assert natural_key("a", "b") == natural_key("a", "b") != natural_key("ab")


@given(
    st.lists(SMALL, unique=True),
    st.dictionaries(SMALL, SMALL).filter(lambda kept: len(set(kept.values())) == len(kept)),
    st.lists(st.tuples(SMALL, SMALL), max_size=12),
    st.lists(SMALL, min_size=7, max_size=7),
    st.dictionaries(SMALL, st.lists(SMALL, max_size=4)),
)
def test_no_two_rows_ever_get_one_id(
    sources: list[int],
    kept: dict[int, int],
    claims: list[tuple[int, int]],
    handles: list[int],
    living: dict[int, list[int]],
) -> None:
    rows: list[StateRow] = [("identity:patients", key(k), uid(i)) for k, i in kept.items()]
    rows += [("claim:patients", key(k), uid(i)) for k, i in claims]
    natural = Adoption(
        {str(digest): [uid(i) for i in ids] for digest, ids in living.items()},
        [str(handle) for handle, _ in zip(handles, sources, strict=False)],
    )
    ids = decide([key(k) for k in sources], *rows, adoptions=(natural,))
    assert len(set(ids)) == len(sources)
    assert all(i == uid(kept[k]) for k, i in zip(sources, ids, strict=True) if k in kept)


@pytest.mark.parametrize("seed", range(3))
def test_who_a_row_is_does_not_depend_on_filemakers_order(seed: int) -> None:
    people = [contact(n) for n in range(1, 6)]
    written = [{"id": fm(100 + n), "id_Key": fm(1), "Note": "same"} for n in range(6)]
    patient, same = derived_id("patients", key(1)), digest("same")
    by_import = digest("FileMaker Import")
    living = [
        line(LivingNote(uid(50 + n), patient, same, same, by_import, digest("other"), imported=True))
        for n in range(3)
    ]
    expected = notes_of(*written, patients=patients_of(*people), state=state_of(*living)).rows
    chance = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
    chance.shuffle(people)
    chance.shuffle(written)
    again = notes_of(*written, patients=patients_of(*people), state=state_of(*living)).rows
    assert again.equals(expected)
    assert cells(notes_of(*written, state=state_of(*living)), "id")[:3] == [uid(50), uid(51), uid(52)]


def test_ten_thousand_equal_rows_are_paired_in_linear_time() -> None:
    size = 10_000
    keys = [key(n) for n in range(size)]
    living = Adoption({"same": [uid(n) for n in range(size)]}, ["same"] * size)
    assert decide_ids(keys, state_of(), Accounting(APPOINTMENTS), (living,)) == [uid(n) for n in range(size)]
