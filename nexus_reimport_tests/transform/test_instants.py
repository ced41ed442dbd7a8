"""Instants of rows within their second: different, each by the row's own key."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform import instants
from nexus_reimport.transform.instants import SECOND, distinct_instants
from nexus_reimport_tests.transform.records import key

KEYS = st.lists(st.uuids(version=4).map(str), unique=True, max_size=60).map(sorted)
ROWS = st.lists(
    st.tuples(st.uuids().map(str), st.integers(-3 * SECOND, 3 * SECOND)),
    unique_by=lambda row: row[0],
    max_size=60,
).map(sorted)
HOUR = 3600 * SECOND


def many(count: int) -> list[str]:
    """Keys in ascending order; the same ones every time."""
    scattered = (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128 for number in range(count))
    return sorted(str(UUID(int=number)) for number in scattered)


def moved(keys: list[str], lost: int, ties: list[int] | None = None) -> int:
    """How many of the others have another instant when one row of the second is lost."""
    whole = distinct_instants([0] * len(keys), keys, ties)
    left = keys[:lost] + keys[lost + 1 :]
    fewer = distinct_instants([0] * len(left), left, None if ties is None else ties[:lost] + ties[lost + 1 :])
    return sum(a != b for a, b in zip(whole[:lost] + whole[lost + 1 :], fewer, strict=True))


@given(ROWS)
def test_instants_become_distinct_and_stay_in_their_second(rows: list[tuple[str, int]]) -> None:
    keys, bases = [row[0] for row in rows], [row[1] for row in rows]
    for ties in (None, [base + HOUR for base in bases], [0] * len(bases)):
        spread = distinct_instants(bases, keys, ties)
        assert len(set(spread)) == len(rows)
        assert [found // SECOND for found in spread] == [base // SECOND for base in bases]


def test_of_no_rows_there_are_no_instants() -> None:
    assert distinct_instants([], []) == []


def test_an_instant_is_the_same_on_every_machine_and_in_every_version() -> None:
    found = distinct_instants([0, SECOND, 2 * SECOND + 5], [key(1), key(2), key(3)])
    assert found == PINNED
    assert distinct_instants([0, SECOND], [key(1), key(2)], [HOUR, -9000 * HOUR]) == PINNED_IN_ORDER


PINNED = [764836, 1770803, 2498463]
PINNED_IN_ORDER = [516702, 1096827]


@given(KEYS, st.data())
def test_losing_a_row_moves_only_rows_that_had_met_it(keys: list[str], data: st.DataObject) -> None:
    if keys:
        lost = data.draw(st.integers(0, len(keys) - 1))
        alone = [distinct_instants([0], [one])[0] for one in keys]
        if len(set(alone)) == len(keys):
            assert distinct_instants([0] * len(keys), keys) == alone
            assert moved(keys, lost) == 0
        else:
            assert moved(keys, lost) <= len(keys) - len(set(alone))


def test_of_ten_thousand_rows_in_one_second_one_lost_moves_hardly_another() -> None:
    keys = many(10_000)
    began = time.monotonic()
    spread = distinct_instants([0] * len(keys), keys)
    assert time.monotonic() - began < 1
    assert len(set(spread)) == len(keys)
    assert {found // SECOND for found in spread} == {0}
    assert sum(moved(keys, lost) for lost in range(0, len(keys), 400)) <= 2


def test_where_two_rows_want_one_instant_the_same_one_gets_it_whoever_else_is_there() -> None:
    keys = many(3_000)
    alone = {one: distinct_instants([0], [one])[0] for one in keys}
    met = [one for one in keys if list(alone.values()).count(alone[one]) > 1]
    assert met
    together = dict(zip(keys, distinct_instants([0] * len(keys), keys), strict=True))
    pair = dict(zip(met, distinct_instants([0] * len(met), met), strict=True))
    assert pair == {one: together[one] for one in met}
    assert sum(pair[one] == alone[one] for one in met) == len({alone[one] for one in met})


def test_rows_that_others_displaced_come_back_when_these_are_gone() -> None:
    keys = many(3_000)
    alone = [distinct_instants([0], [one])[0] for one in keys]
    places = [place for place, found in enumerate(alone) if alone.count(found) > 1]
    half = len(places) // 2
    assert sorted(moved(keys, place) for place in places) == [0] * half + [1] * half


def test_a_row_that_finds_no_room_in_its_second_goes_on_into_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = many(3_000)
    usual = distinct_instants([0] * len(keys), keys)
    monkeypatch.setattr(instants, "ATTEMPTS_IN_A_SECOND", 1)
    spread = distinct_instants([0] * len(keys), keys)
    assert len(set(spread)) == len(keys)
    later = [place for place, found in enumerate(spread) if found // SECOND == 1]
    assert later == [place for place, found in enumerate(usual) if found != spread[place]] != []


def test_rows_with_ties_follow_one_another_by_them_to_the_minute() -> None:
    days = [-900, -40, -2, 2, 40, 900]
    minutes = [minute for minute in range(-1439, 1440, 7) if minute]
    ties = sorted([day * 24 * HOUR for day in days] + [minute * HOUR // 60 for minute in minutes])
    spread = distinct_instants([0] * len(ties), many(len(ties)), ties)
    assert spread == sorted(spread)
    assert max(spread) < SECOND


def test_a_tie_beyond_all_years_is_still_in_the_second() -> None:
    ages = [-200 * 365 * 24 * HOUR, 200 * 365 * 24 * HOUR]
    first, last = distinct_instants([0, 0], many(2), ages)
    assert 0 <= first < last < SECOND


def test_rows_of_one_base_and_one_tie_find_room_all_the_same() -> None:
    keys = many(10_000)
    ties = [HOUR] * len(keys)
    spread = distinct_instants([0] * len(keys), keys, ties)
    assert len(set(spread)) == len(keys)
    assert {found // SECOND for found in spread} == {0}
    assert sum(moved(keys, lost, ties) for lost in range(0, len(keys), 500)) < 30


def test_a_row_keeps_its_instant_while_others_join_it_one_by_one() -> None:
    keys = many(200)
    first = distinct_instants([0], [keys[100]])[0]
    for count in range(1, 200, 20):
        some = sorted({*keys[:count], keys[100]})
        assert distinct_instants([0] * len(some), some)[some.index(keys[100])] == first
