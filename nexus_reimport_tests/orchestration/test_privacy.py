"""Errors keep their kind and place and lose their words, unless they are our own."""

import traceback

import dagster as dg
import pytest

from nexus_reimport.exceptions import NotFound
from nexus_reimport.orchestration.privacy import UnforeseenError, keeps_values_out_of_errors, without_values


def test_an_error_of_a_library_loses_its_words_and_its_cause() -> None:
    with pytest.raises(UnforeseenError) as caught, without_values():
        int("Wattlebird")
    told = "".join(traceback.format_exception(caught.value))
    assert "Wattlebird" not in told
    assert "ValueError at test_privacy.py:" in told


@pytest.mark.parametrize("error", [NotFound("no such bucket"), dg.Failure("refused")])
def test_our_own_errors_pass_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, without_values():
        raise error
    assert caught.value is error


def test_a_guarded_function_keeps_its_signature_for_dagster() -> None:
    @dg.asset
    @keeps_values_out_of_errors
    def guarded(context: dg.AssetExecutionContext) -> int:
        """Say something."""
        return len(context.run.run_id)

    assert dg.materialize_to_memory([guarded]).success
    assert guarded.descriptions_by_key[dg.AssetKey("guarded")] == "Say something."
