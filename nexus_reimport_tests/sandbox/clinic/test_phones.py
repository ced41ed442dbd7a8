"""The ways to write a number all mean that number; the two pools never meet."""

import phonenumbers
import pytest

from nexus_reimport.sandbox.clinic.phones import (
    RESERVED_MOBILES,
    WAYS_TO_WRITE,
    PhoneBook,
    international,
    without_plus,
)


@pytest.mark.parametrize("national", ["0255501234", "0870100009", *RESERVED_MOBILES])
def test_every_way_of_writing_a_number_is_that_number(national: str) -> None:
    written = {way(national) for way in WAYS_TO_WRITE}
    assert len(written) == len(WAYS_TO_WRITE) >= 10
    for text in (*written, without_plus(national)):
        number = phonenumbers.parse(text, "AU")
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == international(
            national
        )


def test_a_book_gives_forty_thousand_different_numbers_of_each_kind() -> None:
    book = PhoneBook()
    mobiles, phones = {book.mobile() for _ in range(40_000)}, {book.phone() for _ in range(40_000)}
    assert len(mobiles) == len(phones) == 40_000
    assert not mobiles & phones
    assert book.mobile() in mobiles
