"""A page of records as FileMaker writes it: strict JSON read fast, what is not quite JSON read all the same.

FileMaker writes its numbers as they were typed and puts a bare `?` where one can't be shown; clients of
others replace it before they parse (https://github.com/proofsh/proofkit, `sanitize-json`). Every digit is
kept: a number that a float would round comes as a Decimal. A value that can't be read is UNREADABLE and
costs nothing beside it. A surrogate in a text stands for a byte or half a character that no text can hold.
"""

import codecs
import json
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import Enum

import orjson

from nexus_reimport.exceptions import TruncatedAnswer, UnexpectedAnswer

Record = dict[str, object]
RECORDS = "value"


class Unreadable(Enum):
    """What stands where a value can't be read."""

    VALUE = "?"


UNREADABLE = Unreadable.VALUE

_BEGIN = re.compile(r'\{\s*(?="|\})')
_SPACE = re.compile(r"[\s\x00]*")
_BETWEEN = re.compile(r"[\s\x00,]*")
_NAME = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")\s*:', re.DOTALL)
_CUT_NAME = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*\\?(?:"[\s\x00]*)?\Z', re.DOTALL)
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_WORD = re.compile(r'[^\s,{}\[\]":]+')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})|(\\)')
_ENDS_VALUE = re.compile(r"[\s\x00]*[,}]")
_ENDS_RECORD = re.compile(r'\}[\s\x00]*(?:,[\s\x00]*\{\s*["}]|,?[\s\x00]*\][\s\x00]*[,}])')
_LEADING_ZEROS = re.compile(r"0\d+", re.ASCII)
_LITERALS = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def read_json(body: bytes, names: Sequence[str]) -> object:
    """Return the document of an answer, its numbers whole; `names` are the fields that matter of a record.

    Raises TruncatedAnswer where its end is missing, UnexpectedAnswer where it is whole and yet no page.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _forgiven(body, names)
    if isinstance(document, dict) and not _is_faithful(document, body):
        return _decoded(body.decode("utf-8").lstrip(), names)
    return document


def _is_faithful(document: Record, body: bytes) -> bool:
    """Say whether the fast parser lost nothing: no number made a float, no name given twice in a record.

    As many names as colons behind quotes: one more, and a name may be twice; a text with such a colon costs
    nothing but time.
    """
    records = _records_of(document)
    names = len(document) + sum(map(len, records))
    if body.count(b'":') != names:
        return False
    return not any(float in set(map(type, record.values())) for record in records)


def _records_of(document: Record) -> list[Record]:
    listed = document.get(RECORDS)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _forgiven(body: bytes, names: Sequence[str]) -> object:
    """Return the document of a body that is not strict JSON."""
    text = _text_of(body)
    begin = _BEGIN.search(text)
    if begin is None:
        said = text.strip("\ufeff \r\n\t\x00")
        if said and not said.startswith("{") and not said.endswith("{"):
            raise UnexpectedAnswer("The answer is no JSON, though it is whole.")
        raise TruncatedAnswer("The answer is cut short." if said else "The answer is empty.")
    return _decoded(text[begin.start() :], names)


def _text_of(body: bytes) -> str:
    """Return the text of a body; a byte that is not UTF-8 becomes a surrogate, so that it can be told."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    return body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def _decoded(text: str, names: Sequence[str]) -> object:
    try:
        return _DECODER.raw_decode(text)[0]
    except (ValueError, RecursionError):
        return _Walk(text, names).document()


def _record_of(pairs: Iterable[tuple[str, object]]) -> Record:
    """Return an object's pairs by name. Two values under one name, and neither can be trusted."""
    record: Record = {}
    for name, value in pairs:
        record[name] = value if record.get(name, value) == value else UNREADABLE
    return record


_DECODER = json.JSONDecoder(
    strict=False,
    parse_float=lambda digits: _decimal(digits),
    parse_constant=lambda _: UNREADABLE,
    object_pairs_hook=_record_of,
)


class _Walk:
    """A walk through a page that is broken somewhere: record by record, and where one is, field by field.

    Where a value has no end that can be seen, it ends before the next field that matters, or with its record.
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = text
        known = "|".join(re.escape(json.dumps(name)) for name in (*names, "ROWID", "ROWMODID"))
        self.resumes = re.compile(rf',\s*(?:{known}|"@[\w.]+")\s*:|{_ENDS_RECORD.pattern}')

    def document(self) -> Record:
        """Return the page: its annotations and its records."""
        found: Record = {}
        place = self.past(_BETWEEN, 1)
        while self.text[place] != "}":
            name, place = self.name(place)
            if name == RECORDS and self.text[place] == "[":
                found[name], place = self.records(place + 1)
            else:
                found[name], place = self.value(place)
            place = self.past(_BETWEEN, place)
        return found

    def records(self, place: int) -> tuple[list[Record], int]:
        """Return the records from here on, and the place behind their list."""
        found = []
        while self.text[place := self.past(_BETWEEN, place)] != "]":
            if self.text[place] != "{":
                raise UnexpectedAnswer("Among the records of the answer is something that is none.")
            record, place = self.record(place)
            found.append(record)
        return found, place + 1

    def record(self, place: int) -> tuple[Record, int]:
        """Return the record that begins here, and the place behind it.

        It is cut out before it is decoded: an error of the decoder counts the lines of all that is before it.
        """
        found = _ENDS_RECORD.search(self.text, place)
        if found is None:
            raise _cut_short()
        alone = self.text[place : found.start() + 1]
        try:
            record, length = _DECODER.raw_decode(alone)
        except (ValueError, RecursionError):
            return self.fields(place + 1)
        return (record, place + length) if length == len(alone) else self.fields(place + 1)

    def fields(self, place: int) -> tuple[Record, int]:
        """Return a broken record field by field, and the place behind it.

        What is no field is the rest of the one before, which had a quote in the middle: that one is in doubt.
        """
        pairs: list[tuple[str, object]] = []
        while self.text[place := self.past(_BETWEEN, place)] != "}":
            if _NAME.match(self.text, place):
                name, place = self.name(place)
                value, place = self.value(place)
                pairs.append((name, value))
            else:
                pairs[-1:] = [(name, UNREADABLE) for name, _ in pairs[-1:]]
                place = self.resumed(place)
        return _record_of(pairs), place + 1

    def name(self, place: int) -> tuple[str, int]:
        """Return the name that stands here, and where its value begins."""
        found = _NAME.match(self.text, place)
        if found is None:
            cut = _CUT_NAME.match(self.text, place)
            raise _cut_short() if cut else UnexpectedAnswer("The answer is no JSON, though it is whole.")
        return _string(found[1]) or "", self.past(_SPACE, found.end())

    def value(self, place: int) -> tuple[object, int]:
        """Return the value that stands here, and where it ends; UNREADABLE where no field follows it."""
        value, end = self.scalar(place) if self.text[place] not in "{[" else self.nested(place)
        return (value, end) if _ENDS_VALUE.match(self.text, end) else (UNREADABLE, self.resumed(place))

    def scalar(self, place: int) -> tuple[object, int]:
        """Return a text, a number, a flag or null, and where it ends: here, where it is none of them."""
        if string := _STRING.match(self.text, place):
            text = _string(string[0])
            return UNREADABLE if text is None else text, string.end()
        word = _WORD.match(self.text, place)
        return (_word(word[0]), word.end()) if word else (UNREADABLE, place)

    def nested(self, place: int) -> tuple[object, int]:
        """Return an object or a list, and where it ends: here, where it is none."""
        try:
            value, end = _DECODER.raw_decode(self.text, place)
        except (ValueError, RecursionError):
            return UNREADABLE, place
        return value, end

    def resumed(self, place: int) -> int:
        """Return where the next field or the record's end is; TruncatedAnswer where neither is."""
        found = self.resumes.search(self.text, place)
        if found is None:
            raise _cut_short()
        return found.start()

    def past(self, pattern: re.Pattern[str], place: int) -> int:
        """Return the place behind what matches here, which is not the text's end: else TruncatedAnswer."""
        found = pattern.match(self.text, place)
        end = found.end() if found else place
        if end >= len(self.text):
            raise _cut_short()
        return end


def _cut_short() -> TruncatedAnswer:
    return TruncatedAnswer("The answer is cut short.")


def _string(token: str) -> str | None:
    """Return the text of a JSON string, its wrong escapes taken for backslashes; None where that fails."""
    try:
        text: str = json.loads(_ESCAPE.sub(lambda found: found[0] + (found[1] or ""), token), strict=False)
    except ValueError:
        return None
    return text


def _word(word: str) -> object:
    """Return what a word stands for: a number, also as JSON does not write it (.5, 5., +5); or UNREADABLE.

    Where zeros lead it is a text: a phone's or a card's.
    """
    if word in _LITERALS or _LEADING_ZEROS.fullmatch(word):
        return _LITERALS.get(word, word)
    return _decimal(word) if _NUMBER.fullmatch(word) else UNREADABLE


def _decimal(digits: str) -> object:
    """Return a number with all its digits; UNREADABLE where its exponent is beyond any number's."""
    try:
        return Decimal(digits)
    except ArithmeticError:
        return UNREADABLE
