"""Windows-1252 or Mac Roman: which of the two makes words of bytes that are not UTF-8.

Every byte means something in both, so each reading is judged by the company its characters keep: an
accented letter belongs in a word and keeps to its case, an apostrophe stands before an s, a dash between
spaces.
"""

import re
from collections import Counter

WINDOWS = "windows-1252"
MAC = "mac-roman"

_HIGH = re.compile(rb"[\x80-\xff]+")
_APOSTROPHE_ENDS = re.compile(r"(?:s|t|d|m)(?![a-z])|ll|re|ve|[A-Z]")
_APOSTROPHE = "\u2019"
_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e"
_DASHES = "\u2013\u2014"
_EVERYDAY_SYMBOLS = frozenset("°½¼¾£€•…™®©²³±·\u00a0\u00d7")
_ODD_LETTERS = frozenset("ƒªºˆˇıﬁﬂµπ∂Ω")


def legacy_encoding(content: bytes) -> tuple[str, str]:
    """Return the encoding that reads more plausibly, and the evidence in words; in a tie, Windows-1252."""
    contexts = Counter(
        content[max(0, found.start() - 1) : found.end() + 3] for found in _HIGH.finditer(content)
    )
    windows, mac = (_score(contexts, encoding) for encoding in (WINDOWS, MAC))
    evidence = f"plausible characters: {WINDOWS} {windows}, {MAC} {mac}"
    try:
        b"".join(contexts).decode(WINDOWS)
    except UnicodeDecodeError:
        return MAC, f"a byte that {WINDOWS} does not have"
    return (MAC if mac > windows else WINDOWS), evidence


def _score(contexts: Counter[bytes], encoding: str) -> int:
    return sum(count * _plausibility(part.decode(encoding, "replace")) for part, count in contexts.items())


def _plausibility(text: str) -> int:
    """Return how well the characters beyond ASCII suit those beside them."""
    padded = f" {text} " if ord(text[0]) > 127 else f"{text} "
    places = (place for place in range(1, len(padded)) if ord(padded[place]) > 127)
    return sum(_suits(padded[place - 1], padded[place], padded[place + 1 :]) for place in places)


def _suits(before: str, character: str, after: str) -> int:
    if character in _QUOTES:
        return _quote_suits(before, character, after)
    if character in _DASHES:
        return 2 if before == " " and after[:1] == " " else -1
    if character in _EVERYDAY_SYMBOLS:
        return -1 if before.isalpha() and after[:1].isalpha() else 1
    return _letter_suits(before, character, after[:1]) if character.isalpha() else -2


def _quote_suits(before: str, character: str, after: str) -> int:
    if before.isalpha() and after[:1].isalpha():
        return 3 if character == _APOSTROPHE and _APOSTROPHE_ENDS.match(after) else -1
    return 1


def _letter_suits(before: str, character: str, after: str) -> int:
    if character in _ODD_LETTERS:
        return -2
    if not before.isalpha() and not after.isalpha():
        return -1
    if character.islower():
        return -2 if after.isupper() else 2
    return -2 if before.islower() or (before.isupper() and after.islower()) else 2
