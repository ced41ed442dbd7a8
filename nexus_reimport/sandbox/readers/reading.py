"""What all readers share: rows, JSON columns as Nexus takes them, and the fault of a page."""

from collections.abc import Mapping
from typing import Any

from nexus_reimport.sandbox.exceptions import ReaderFault

ReadRow = Mapping[str, Any]


def json_object(row: ReadRow, column: str) -> dict[str, Any]:
    """Return a JSON column as an object, empty for null. Raise ReaderFault for text and lists."""
    value = row.get(column)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ReaderFault(f"{column} is no object")
    return value


def shown_text(value: object, what: str) -> str:
    """Return text that a reader calls methods of. Raise ReaderFault where it is none."""
    if not isinstance(value, str):
        raise ReaderFault(f"{what} is no text")
    return value
