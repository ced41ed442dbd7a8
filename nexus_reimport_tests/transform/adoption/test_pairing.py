"""One to one: closest first, in order among equals, and nothing guessed."""

import random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.adoption.pairing import Degree, Likeness, Pairing


class One(NamedTuple):
    """A record or a row: a group, what is closer, and what it says."""

    group: str
    closer: int
    says: str = ""


def likeness(name: str) -> Likeness[One, One]:
    return Likeness(lambda one: getattr(one, name), lambda one: getattr(one, name))


ANY = Likeness[One, One](lambda _: True, lambda _: True)
CLOSE = Degree(likeness("group"), (likeness("closer"), ANY), lambda one: one.says, lambda one: one.says)


def pair(records: list[One], rows: list[One], *degrees: Degree[One, One]) -> Pairing[One, One]:
    pairing = Pairing(records, rows, preferred=lambda row: row.says == "worked on")
    pairing.pair(degrees or (CLOSE,))
    return pairing


def test_what_is_closer_is_paired_before_what_comes_first() -> None:
    pairing = pair([One("a", 1), One("a", 2)], [One("a", 2), One("a", 1)])
    assert pairing.found == {0: 1, 1: 0}


def test_as_many_rows_as_records_are_paired_in_order_where_nothing_else_tells() -> None:
    records = [One("a", 1, "x"), One("a", 2, "y")]
    assert pair(records, [One("a", 8, "p"), One("a", 9, "q")]).found == {0: 0, 1: 1}


def test_two_records_for_one_row_are_undecided_unless_they_say_the_same() -> None:
    undecided = pair([One("a", 1, "x"), One("a", 2, "y")], [One("a", 9)])
    assert (undecided.found, undecided.undecided) == ({}, {0, 1})
    same = pair([One("a", 1, "x"), One("a", 2, "x")], [One("a", 9)])
    assert (same.found, same.undecided) == ({0: 0}, set())


def test_two_rows_for_one_record_are_undecided_unless_they_say_the_same() -> None:
    undecided = pair([One("a", 1)], [One("a", 8, "p"), One("a", 9, "q")])
    assert (undecided.found, undecided.undecided) == ({}, {0})
    same = pair([One("a", 1)], [One("a", 8, "p"), One("a", 9, "p")])
    assert (same.found, same.undecided) == ({0: 0}, set())


def test_what_is_closer_decides_between_rows_that_do_not_say_the_same() -> None:
    assert pair([One("a", 2)], [One("a", 1, "p"), One("a", 2, "q")]).found == {0: 1}


def test_an_undecided_row_is_left_alone_by_weaker_degrees_too() -> None:
    weaker = Degree(ANY, (ANY,))
    pairing = pair([One("a", 1, "x"), One("a", 2, "y"), One("b", 3)], [One("a", 9)], CLOSE, weaker)
    assert (pairing.found, pairing.undecided) == ({}, {0, 1})


def test_a_record_that_is_found_later_is_not_undecided() -> None:
    weaker = Degree(ANY, (ANY,))
    pairing = pair(
        [One("a", 1, "x"), One("a", 2, "y")], [One("a", 9), One("c", 9), One("d", 9)], CLOSE, weaker
    )
    assert (pairing.found, pairing.undecided) == ({0: 1, 1: 2}, set())


def test_of_rows_that_say_the_same_those_are_taken_that_somebody_has_worked_on() -> None:
    degree = Degree(likeness("group"), (ANY,))
    rows = [One("a", 1), One("a", 2, "worked on"), One("a", 3)]
    assert pair([One("a", 9)], rows, degree).found == {0: 1}
    assert pair([One("a", 8), One("a", 9)], rows, degree).found == {0: 0, 1: 1}


def test_what_is_like_nothing_is_never_paired() -> None:
    nothing = Degree(Likeness[One, One](lambda _: None, lambda _: None), (ANY,))
    assert pair([One("a", 1)], [One("a", 1)], nothing).found == {}
    only_rows = Degree(likeness("group"), (Likeness[One, One](lambda _: True, lambda _: None),))
    assert pair([One("a", 1)], [One("a", 1)], only_rows).found == {}


def test_ten_thousand_equal_rows_are_paired_in_linear_time() -> None:
    many = [One("a", 1)] * 10_000
    assert pair(many, many).found == {place: place for place in range(10_000)}


ONES = st.lists(
    st.builds(One, st.sampled_from("ab"), st.integers(0, 2), st.sampled_from(["x", "y", "worked on"])),
    max_size=7,
)


@given(ONES, ONES)
def test_no_row_is_ever_two_records_and_nothing_undecided_is_paired(
    records: list[One], rows: list[One]
) -> None:
    pairing = pair(records, rows, Degree(likeness("closer"), (likeness("group"), likeness("says"))), CLOSE)
    assert len(set(pairing.found.values())) == len(pairing.found)
    assert not pairing.undecided & pairing.found.keys()


@pytest.mark.parametrize("seed", range(3))
@given(ONES)
def test_the_order_of_other_groups_changes_nothing(seed: int, ones: list[One]) -> None:
    """Rows and records of one group keep their order; where the groups stand among each other is nothing."""
    chance = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
    groups = [[one for one in ones if one.group == name] for name in "ab"]
    mixed = [group.pop(0) for group in chance.sample([g for g in groups for _ in g], len(ones))]
    by_group = sorted(ones, key=lambda one: one.group)
    rows = list(reversed(by_group))
    pairs = [(mixed[record], rows[row]) for record, row in pair(mixed, rows).found.items()]
    again = [(by_group[record], rows[row]) for record, row in pair(by_group, rows).found.items()]
    assert sorted(pairs) == sorted(again)
