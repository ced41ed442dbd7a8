"""The bytes of a CSV as text: which encoding they are in, by evidence, and whether all of them are."""

import codecs
import re
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper

from nexus_reimport.model.reasons.image_export import NUL, UNDECODABLE, UNKNOWN_ENCODING
from nexus_reimport.model.reasons.image_files import EMPTY
from nexus_reimport.transform.csv_legacy import legacy_encoding
from nexus_reimport.transform.exceptions import CsvEncodingError, CutCsvError, EmptyCsvError

HEAD = 40  # bytes that no header is shorter than: all ASCII, whatever the records hold

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LINE_END = re.compile("\r\n|\r|\n")
_WORD = re.compile(r"\w")
_LINE_END_NAMES = {"\r\n": "CRLF", "\r": "CR", "\n": "LF", "": "none"}
_INVALID = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_MARK = "\ufeff"


@dataclass(frozen=True)
class CsvText:
    """A CSV whose every byte can be read: its encoding and how it was found, and how its lines end.

    `encoding` may be given back as the one to use. `first_line` is the first one that has a word in it,
    `last_character` the very last one.
    """

    content: bytes
    encoding: str
    evidence: str
    first_line: str
    line_ending: str
    last_character: str

    @property
    def is_ended(self) -> bool:
        """Whether the last line has its end."""
        return self.last_character in "\r\n"

    @property
    def is_cut_between_quotes(self) -> bool:
        """Whether it ends without a quote or a line end, though its fields are quoted to the last."""
        return self.first_line.endswith('"') and self.last_character not in '"\r\n'

    def lines(self) -> TextIOWrapper:
        """Return the lines with their ends as they are, without the byte order mark."""
        stream = TextIOWrapper(BytesIO(self.content), self.encoding, newline="")
        if stream.read(1) != _MARK:
            stream.seek(0)
        return stream


def read_text(content: bytes, file: str, encoding: str | None = None) -> CsvText:
    """Return the CSV as text in the encoding given, else in the one its bytes give evidence of.

    Raises EmptyCsvError, CutCsvError, or CsvEncodingError where a byte does not fit, the encoding is not
    known, or a NUL says that the file was never written to its end.
    """
    found, evidence = (encoding, "given") if encoding else detect_encoding(content)
    text = _decoded(content, file, found)
    if "\x00" in text:
        raise CsvEncodingError(file, NUL, line=_line(text, text.index("\x00")))
    word = _WORD.search(text)
    if word is None:
        raise EmptyCsvError(file, EMPTY, "There is no text in it. Export it again.")
    begin = max(text.rfind("\r", 0, word.start()), text.rfind("\n", 0, word.start())) + 1
    end = _LINE_END.search(text, word.start())
    first_line = text[begin : end.start() if end else None].lstrip(_MARK)
    return CsvText(content, found, evidence, first_line, _LINE_END_NAMES[end[0] if end else ""], text[-1])


def detect_encoding(content: bytes) -> tuple[str, str]:
    """Return the encoding and the evidence for it.

    A byte order mark; else zero bytes in every other place of the header (UTF-16); else UTF-8 where the bytes
    are that, or were before one was damaged; else Windows-1252 or Mac Roman, by the characters they make.
    """
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding, "byte order mark"
    wide = _wide_encoding(content[:HEAD])
    if wide:
        return wide, "zero bytes"
    if content.isascii():
        return "utf-8", "ASCII only"
    if _is_meant_as_utf8(content):
        return "utf-8", "UTF-8 sequences"
    return legacy_encoding(content)


def _wide_encoding(head: bytes) -> str | None:
    pairs = len(head) // 2
    if head[1::2].count(0) * 2 > pairs:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) * 2 > pairs else None


def _is_meant_as_utf8(content: bytes) -> bool:
    """Return whether sequences of UTF-8 outnumber the bytes that are not, the last character's aside."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = content.decode("utf-8", "surrogateescape")
        damaged = len(_INVALID.findall(text))
        whole = len(_BEYOND_ASCII.findall(text)) - damaged
        return whole > (0 if _is_at_end(error) else damaged)
    return True


def _is_at_end(error: UnicodeDecodeError) -> bool:
    return error.end == len(error.object) and error.reason in {"unexpected end of data", "truncated data"}


def _decoded(content: bytes, file: str, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "replace")
        line = _line(before, len(before))
        if _is_at_end(error):
            raise CutCsvError(file, line, "The last character is not whole") from None
        advice = f"A byte there is not {encoding}. Export it again, or give the encoding it is in."
        raise CsvEncodingError(file, UNDECODABLE, advice, line) from None
    except (LookupError, ValueError):
        raise CsvEncodingError(file, UNKNOWN_ENCODING) from None


def _line(text: str, place: int) -> int:
    return len(_LINE_END.findall(text, 0, place)) + 1
