"""What batches are called, and which day the names of older imports speak of."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.transform.batch_names import NAME_END, batch_name, day_key

DAYS = st.dates(date(1000, 1, 1))


@pytest.mark.parametrize("month", range(1, 13))
def test_a_batch_is_named_in_english_whatever_the_machine_speaks(month: int) -> None:
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert batch_name(date(2016, month, 5)) == f"05 {names[month - 1]} 2016 (FileMaker Import)"


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("18 Oct 2016", "2016-10-18"),
        ("10/18/2016", "2016-10-18"),
        ("2016-10-18", "2016-10-18"),
        ("18/10/2016", "2016-10-18"),
        ("10/11/2016", "2016-10-11"),
        ("8/1/2016", "2016-08-01"),
        ("1 october 2016", "2016-10-01"),
        ("2016-10-18 00:00:00", "2016-10-18"),
        ("10/18/2016 00:00:00", "2016-10-18"),
        ("Unknown Date", "unknown"),
        ("", "unknown"),
        (" 18 Oct 2016 ", "2016-10-18"),
        ("31 Feb 2016", None),
        ("13/13/2016", None),
        ("18 Okt 2016", None),
        ("Left foot", None),
        ("None", None),
    ],
)
def test_the_names_of_older_imports_speak_of_a_day(name: str, day: str | None) -> None:
    assert day_key(name) == day


@given(DAYS)
def test_every_form_of_a_name_speaks_of_the_same_day(on: date) -> None:
    forms = {
        batch_name(on).removesuffix(NAME_END),
        f"{on.month:02}/{on.day:02}/{on.year:04}",
        f"{on.month}/{on.day}/{on.year:04}",
        on.isoformat(),
    }
    assert {day_key(form) for form in forms} == {on.isoformat()}


@given(st.text(max_size=30))
def test_no_name_is_too_odd_to_be_read(name: str) -> None:
    found = day_key(name)
    assert found is None or found == "unknown" or date.fromisoformat(found)
