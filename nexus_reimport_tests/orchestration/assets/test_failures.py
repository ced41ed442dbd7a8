"""A source's refusal comes first in what a person reads, and brings nothing else with it."""

import traceback

import dagster as dg
import pytest

from nexus_reimport.exceptions import NotFound
from nexus_reimport.orchestration.assets.failures import refusal_first


def test_a_refusal_is_the_failures_own_words_and_its_cause_is_left_out() -> None:
    with pytest.raises(dg.Failure) as caught, refusal_first():
        _refuse_for_a_row()
    assert caught.value.description == "NotFound: API_Notes: no such entity set."
    assert "Wattlebird" not in "".join(traceback.format_exception(caught.value))


def test_an_error_that_is_no_refusal_passes_as_it_is() -> None:
    with pytest.raises(KeyError), refusal_first():
        raise KeyError("id")


def _refuse_for_a_row() -> None:
    try:
        int("Wattlebird")
    except ValueError as cause:
        raise NotFound("API_Notes: no such entity set.") from cause
