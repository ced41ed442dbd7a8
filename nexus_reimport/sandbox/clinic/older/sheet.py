"""What becomes of a FileMaker text in a cell of an Excel sheet, as openpyxl reads it back."""

import re
from typing import Final

_NOT_IN_XML: Final = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f]")
_LINE_END: Final = re.compile("\r\n|\r|\n")
LINE_ENDS: Final = ("\n", "\r", "\r\n", "_x000D_\n", "_x000D_")
"""How a line end inside a cell came out; no real sheet was at hand, so each of them is tried."""
_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def cell_text(value: object, line_end: str | None = None) -> str:
    """Return the text of a cell: control characters, the vertical tab too, are not in it.

    Every line end becomes `line_end` where one is given.
    """
    text = _NOT_IN_XML.sub("", str(value or ""))
    return text if line_end is None else _LINE_END.sub(line_end.replace("\\", r"\\"), text)


def is_number_cell(text: str) -> bool:
    """Return whether Excel holds the text as a number."""
    return text.strip().isascii() and text.strip().isdigit()


def date_cell(text: str) -> str | None:
    """Return the ISO text of what Excel takes for a date, None where the text is none: 4/03/2019."""
    found = _DAY.fullmatch(text.strip())
    return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}T00:00:00" if found else None
