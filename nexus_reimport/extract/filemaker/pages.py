"""What an OData answer says: a page of records, a count alone, or an error."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from nexus_reimport.exceptions import UnexpectedAnswer, WebPageAnswered
from nexus_reimport.extract.filemaker.json_text import RECORDS, UNREADABLE, Record, read_json

MESSAGE_LENGTH = 160
XML_ERROR = re.compile(rb"<m:(code|message)[^>]*>([^<]*)</m:")
QUOTED = re.compile(r"'[^']*'?|\"[^\"]*\"?|\d{3,}")


@dataclass(frozen=True)
class Page:
    """One answer: its records, the count of the whole result where it is told, where to go on."""

    records: list[Record]
    count: int | None
    next_link: str | None


def parse_page(body: bytes, names: Sequence[str] = ()) -> Page:
    """Return the page of a 200 answer; `names` are the fields that matter of a record.

    Raises TruncatedAnswer where its end is missing, UnexpectedAnswer where it is whole but no page.
    """
    refuse_web_page(body)
    document = read_json(body, names)
    answer: Record = document if isinstance(document, dict) else {}
    records = answer.get(RECORDS)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        hint = "Check that FILEMAKER_HOST and FILEMAKER_DATABASE name a FileMaker OData service."
        message = f"The answer has no list of records{describe_error(body)}. {hint}"
        raise UnexpectedAnswer(message)
    count = answer.get("@odata.count", answer.get("@count"))
    link = answer.get("@odata.nextLink", answer.get("@nextLink"))
    return Page(
        records=records,
        count=None if count in (None, UNREADABLE) else parse_count(str(count).encode(errors="replace")),
        next_link=link if isinstance(link, str) and link else None,
    )


def refuse_web_page(body: bytes) -> None:
    """Raise WebPageAnswered for HTML or XML: it is whole, and comes again however often it is asked for."""
    if body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") and not body.rstrip().endswith(b"}"):
        raise WebPageAnswered(
            "HTTP 200, but a web page came in place of data: a login's or a proxy's, or the server is being "
            "looked after. Open FILEMAKER_HOST in a browser; check that it is the FileMaker server itself."
        )


def parse_count(body: bytes) -> int:
    """Return the number of a `$count` answer; WebPageAnswered or UnexpectedAnswer where it is none."""
    refuse_web_page(body)
    digits = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not digits.isdigit():
        message = "The server's count is not a number. Completeness can't be proved; check the OData service."
        raise UnexpectedAnswer(message)
    return int(digits)


def describe_error(body: bytes) -> str:
    """Return " (code …: message)" of an OData error body, or "": nothing quoted, no long number, not long.

    FileMaker writes errors as JSON or as XML, whatever was asked for.
    """
    error = error_parts(body)
    code, message = (presentable(error.get(part)) for part in ("code", "message"))
    if not code and not message:
        return ""
    return f" (code {code or 'none'}: {message or 'no message'})"


def error_parts(body: bytes) -> Record:
    """Return `code` and `message` of an error body, as far as they are there."""
    found: Record = {
        name.decode(): html.unescape(text.decode(errors="replace")) for name, text in XML_ERROR.findall(body)
    }
    if found:
        return found
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def presentable(part: object) -> str:
    """Return an error's code or message without what may come from a record or from the query."""
    if not isinstance(part, str | int):
        return ""
    text = str(part)
    if text.removeprefix("-").isdigit():
        return text[:12]
    return " ".join(QUOTED.sub("…", text).split())[:MESSAGE_LENGTH]
