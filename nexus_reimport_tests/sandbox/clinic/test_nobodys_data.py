"""Nothing in the clinic can be a real person's: numbers that never ring, addresses at example.*."""

import re
from collections.abc import Iterator

import phonenumbers

from nexus_reimport.sandbox.clinic import OlderImport, SyntheticClinic, peoples_rows
from nexus_reimport.sandbox.clinic.phones import RESERVED_MOBILES

FICTION = re.compile(r"\+61[2378](?:5550|7010)\d{4}")
MOBILES = {f"+61{number[1:]}" for number in RESERVED_MOBILES}
LOOKS_LIKE_A_NUMBER = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d)(?:\+?61|0)[\d ().-]{8,}\d(?![\w-])")
EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
NUMBER_FIELDS = (
    "ph",
    "PhoneMobileIntFormat",
    "RecipientPhoneMobile",
    "RecipientPhoneMobileIntFormat",
    "NDIS Coordinator Phone",
)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def is_fiction(text: str) -> bool:
    number = phonenumbers.format_number(phonenumbers.parse(text, "AU"), phonenumbers.PhoneNumberFormat.E164)
    return bool(FICTION.fullmatch(number)) or number in MOBILES


def test_every_number_field_holds_a_reserved_number_or_no_number(whole: SyntheticClinic) -> None:
    written = {
        str(row[name])
        for rows in whole.entities.values()
        for row in rows
        for name in NUMBER_FIELDS
        if row.get(name) and "@" not in str(row[name]) and re.search(r"\d{3}", str(row[name]))
    }
    assert len(written) > 3000
    for text in written:
        for part in re.split(r" or, after six, ", text):
            assert not re.search(r"\d", part) or is_fiction(part), "a number that could ring"


def test_no_free_text_holds_any_other_number(whole: SyntheticClinic, older: OlderImport) -> None:
    everything = [whole.entities, whole.nexus, peoples_rows(whole)]
    found = {
        match for part in everything for text in texts(part) for match in LOOKS_LIKE_A_NUMBER.findall(text)
    }
    found |= {match for text in texts(older.rows["patients"]) for match in LOOKS_LIKE_A_NUMBER.findall(text)}
    assert len(found) > 1000
    assert all(is_fiction(text) for text in found)


def test_every_email_address_is_at_a_domain_kept_for_examples(
    whole: SyntheticClinic, older: OlderImport
) -> None:
    everything = [whole.entities, whole.nexus, peoples_rows(whole), older.rows]
    found = {
        match.lower()
        for part in everything
        for text in texts(part)
        if "@" in text
        for match in EMAIL.findall(text)
    }
    assert len(found) > 1000
    assert all(address.endswith(("@example.com", "@example.org")) for address in found)


def test_health_numbers_say_that_they_are_synthetic(whole: SyntheticClinic) -> None:
    numbers = [str(row["Health Number"]) for row in whole.entities["API_Contacts"] if row["Health Number"]]
    assert len(numbers) > 1000
    assert all(number.startswith("SYN-") for number in numbers)


def test_post_codes_are_of_no_place(whole: SyntheticClinic) -> None:
    codes = {row["post code"] for row in whole.entities["API_Contact_Details"]} - {None}
    assert codes
    assert all(str(code).startswith("00") for code in codes)
