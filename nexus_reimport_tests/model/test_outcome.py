"""What a run came to in a table is one mapping, whatever it is read from and whoever shows it."""

from typing import Any

import pytest

from nexus_reimport.model.counts import COUNTED, COUNTS, TableCounts
from nexus_reimport.model.outcome import as_metadata, as_planned, as_published, as_staged, in_numbers

NUMBERS = {one.name: place for place, one in enumerate(COUNTS, start=10)}
REASONS = {"no_name": NUMBERS["rejected"]}


def test_a_plan_a_publication_and_what_dagster_keeps_of_it_come_to_the_same() -> None:
    planned = as_planned({**NUMBERS, "rejected": REASONS, "fields": {}, "samples": {}})
    published = as_published({**as_metadata(TableCounts(**NUMBERS)), "rejected_by_reason": REASONS})
    assert planned == published
    assert list(published) == ["read", *COUNTED, "rejected"]
    assert in_numbers(published) == NUMBERS


def test_a_table_that_was_not_published_has_staged_rows_and_no_other_counts() -> None:
    staged = as_staged({"read": 3, "rows": 2, "rejected": 1, "rejected_by_reason": {"no_name": 1}})
    assert staged == {"read": 3, "staged": 2, "rejected": {"no_name": 1}}
    assert in_numbers(staged) == {"read": 3, "rejected": 1}


def test_what_an_earlier_release_did_not_count_is_nought_of_a_publication_and_unsaid_of_a_plan() -> None:
    earlier: dict[str, Any] = {"read": 3, "inserted": 2, "rejected_by_reason": {}}
    assert as_published(earlier) == {"read": 3, **dict.fromkeys(COUNTED, 0), "inserted": 2, "rejected": {}}
    assert in_numbers({"inserted": 2, "of_tomorrow": 4}) == {"inserted": 2, "rejected": 0}


@pytest.mark.parametrize("rejected", [{"no_name": 2, "limit": 3}, 5])
def test_rejected_rows_are_told_by_reason_or_as_their_sum(rejected: Any) -> None:
    assert in_numbers({"rejected": rejected})["rejected"] == 5
