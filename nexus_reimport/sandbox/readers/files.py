"""Notes, documents and photographs as their dialogs list them, and as a download sends them."""

import re
from collections.abc import Iterable
from typing import Any

from nexus_reimport.model.nexus import NOTES
from nexus_reimport.sandbox.exceptions import ReaderFault
from nexus_reimport.sandbox.readers.reading import ReadRow, shown_text

_BATCH_DAY = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}")


def note_entry(note: ReadRow) -> dict[str, Any]:
    """Return a note as listed; a kind outside the choices shows as itself and can't be saved again."""
    return {
        "can_be_saved": note["note_type"] in NOTES.column("note_type").choices,
        "content": shown_text(note["content"], "content"),
        "day": note["created_at"].date(),
    }


def document_entry(document: ReadRow) -> dict[str, Any]:
    """Return a document as listed: its category in words, and how it is opened."""
    words = shown_text(document["category"], "category").replace("_", " ").replace("-", " ")
    name = shown_text(document["original_name"], "original_name").lower()
    kinds = {"pdf": document["mime_type"] == "application/pdf" or name.endswith(".pdf")}
    kinds["picture"] = document["mime_type"].startswith("image/")
    return {
        "category": words[:1].upper() + words[1:],
        "opens_as": [kind for kind, is_it in kinds.items() if is_it],
    }


def download_headers(row: ReadRow) -> dict[str, str]:
    """Return the headers of a download. A quote or a line end in the name breaks them."""
    name = shown_text(row["original_name"], "original_name")
    if re.search(r'["\r\n]', name):
        raise ReaderFault("original_name breaks the header")
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(int(row["file_size"])),
    }


def batches_header(batches: Iterable[ReadRow]) -> int:
    """Return how many photographs the header says that a patient has."""
    return sum(batch["image_count"] for batch in batches)


def archive_day(batch: ReadRow) -> str:
    """Return the day that the name of a batch's ZIP has."""
    found = _BATCH_DAY.search(shown_text(batch["name"], "name"))
    return found[0] if found else str(batch["uploaded_at"].date())


def preview_key(image: ReadRow) -> str:
    """Return the key of the picture that a batch shows of an image."""
    return shown_text(image["s3_thumbnail_key"], "s3_thumbnail_key") or shown_text(image["s3_key"], "s3_key")
