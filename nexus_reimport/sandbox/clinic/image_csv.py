"""FileMaker's CSV export of image metadata, `Image_dataV9.csv`, and the next one, a little changed."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from nexus_reimport.sandbox.clinic.images import ImageRow

_COLUMNS: Final = ("date", "fileName", "id", "id_Contact", "Name_of_file", "NexusExportDate", "recid", "Type")
CSV_NAME: Final = "Image_dataV9.csv"
NEXT_CSV_NAME: Final = "Image_dataV10.csv"
RETYPED: Final = 5
NEW_TYPE: Final = "Heel, retyped"


def drawn_image_csv(rows: Iterable[ImageRow]) -> bytes:
    """Return the export of these rows: UTF-8 with a byte order mark, CRLF, commas, days as MM/DD/YYYY."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        name, extension = str(row.recid), (row.key or ".jpg").rpartition(".")[2]
        writer.writerow(
            (
                _american(row.day),
                f"{name}.{extension}",
                row.filemaker_id,
                row.contact,
                row.file_name,
                _american(row.exported),
                name,
                row.type,
            )
        )
    return text.getvalue().encode("utf-8-sig")


def next_rows(rows: Iterable[ImageRow], later: Iterable[ImageRow]) -> list[ImageRow]:
    """Return the next export's rows: five types changed, the rows that came since at the end."""
    changed, left = [], RETYPED
    for row in rows:
        is_retyped = left > 0 and row.key is not None
        left -= is_retyped
        changed.append(replace(row, type=NEW_TYPE) if is_retyped else row)
    return [*changed, *later]


def _american(day: date | None) -> str:
    return day.strftime("%m/%d/%Y") if day else ""
