"""A count is declared once: where it shows, and in which order, follows from what is said of it."""

from dataclasses import fields

import pytest

from nexus_reimport.model.counts import (
    AT_A_TERMINAL,
    COMPARED,
    COUNT_BY_NAME,
    COUNTED,
    COUNTS,
    LISTED,
    MAIN,
    PARTS,
    SENTENCES,
    TAKEN_BACK,
    WATCHED,
    WORDS,
    WRITTEN,
    TableCounts,
    led_by,
)
from nexus_reimport.present import plan_display, terminal

# Said once more, by hand: what people see is to stay as it is when a count comes to it.
SEEN = {
    "a run's table": (
        AT_A_TERMINAL,
        "read inserted updated unchanged adopted missing left_over conflicts edits_kept restored relinked"
        " removed archived",
    ),
    "a plan's lines": (
        LISTED,
        "inserted updated adopted relinked archived removed missing left_over conflicts edits_kept",
    ),
    "a plan's table": (
        tuple(plan_display.COLUMNS),
        "read inserted updated unchanged rejected missing conflicts edits_kept restored relinked removed"
        " archived adopted left_over",
    ),
    "a report's comparison": (
        COMPARED,
        "inserted updated removed archived relinked unchanged adopted missing left_over conflicts edits_kept"
        " restored missing_kept",
    ),
    "a report's sentences": (
        SENTENCES,
        "edits_kept conflicts missing_kept adopted left_over restored relinked removed archived",
    ),
    "what is otherwise than before": (WATCHED, "conflicts edits_kept missing"),
    "why a plan does not hold": (MAIN, "inserted updated unchanged missing removed"),
}


@pytest.mark.parametrize("place", SEEN)
def test_each_table_and_picture_shows_its_counts_in_its_order(place: str) -> None:
    shown, said = SEEN[place]
    assert shown == tuple(said.split())


def test_what_was_read_is_made_up_of_parts_and_what_is_written_is_said() -> None:
    assert PARTS == ("inserted", "updated", "unchanged", "rejected")
    assert set(WRITTEN) == {"inserted", "updated", "relinked", "removed", "archived"}


def test_each_count_has_a_meaning_and_words_and_shows_somewhere() -> None:
    assert [one.name for one in fields(TableCounts)] == [one.name for one in COUNTS]
    for one in COUNTS:
        assert one.means
        assert one.words
        assert one.ahead or one.says
    assert set(COUNTED) <= set(COMPARED)
    assert set(WORDS) == {*COUNT_BY_NAME, *(one.name for one in TAKEN_BACK)}


def test_a_count_that_nothing_counts_is_no_nought() -> None:
    with pytest.raises(TypeError, match="missing_kept"):
        TableCounts(**{one.name: 0 for one in COUNTS if one.name != "missing_kept"})


def test_a_count_without_a_place_of_its_own_comes_after_those_that_have_one() -> None:
    assert led_by(("c", "a", "gone"), ("a", "b", "c", "new")) == ("c", "a", "b", "new")


def test_staged_rows_stand_where_a_table_that_is_not_published_has_no_others() -> None:
    assert list(terminal._columns())[:3] == ["read", "staged", "inserted"]
