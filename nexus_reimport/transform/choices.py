"""Free text to the choices Nexus knows: titles, sexes, statuses, kinds of note, categories."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from nexus_reimport.model.nexus import PATIENTS

_SPACES = re.compile(r"\s+")
_BREAKS = re.compile(r"[\s_-]+")
_TITLES = MappingProxyType({choice.casefold(): choice for choice in PATIENTS.column("title").choices})
_SEXES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("m", "male", "man"), "M"),
        **dict.fromkeys(("f", "female", "woman"), "F"),
        **dict.fromkeys(("o", "other", "non binary", "nonbinary", "x"), "O"),
        **dict.fromkeys(("u", "unknown"), "U"),
    }
)
_APPOINTMENT_STATUSES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("scheduled", "booked", "confirmed"), "scheduled"),
        **dict.fromkeys(("checked in", "arrived"), "checked_in"),
        **dict.fromkeys(("completed", "complete", "attended"), "completed"),
        **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
        **dict.fromkeys(("no show", "did not attend", "dna"), "no_show"),
    }
)
_SMS_STATUSES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("pending", "queued", "scheduled"), "pending"),
        "sent": "sent",
        "delivered": "delivered",
        **dict.fromkeys(("failed", "error", "undelivered", "rejected"), "failed"),
        **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
    }
)
_NOTE_TYPES = tuple(
    (re.compile(rf"\b(?:{words})"), note_type)
    for words, note_type in (
        ("clinical", "clinical_notes"),
        ("clinic|date", "clinic_dates"),
        ("order", "order_notes"),
        ("admin", "admin_notes"),
        ("referral", "referral"),
        ("3d|scan", "3d_scan_data"),
        ("workshop", "workshop_note"),
    )
)


def title(text: str) -> str | None:
    """Return the title Nexus knows, whatever its case and with or without its dot, or None."""
    return _TITLES.get(text.casefold().removesuffix(".").strip())


def sex(text: str) -> tuple[str | None, bool]:
    """Return M, F, O or U and whether the text says so; None where it is empty. Any other text is U."""
    if not text:
        return None, True
    known = _SEXES.get(_words(text))
    return known or "U", known is not None


def appointment_status(text: str) -> str | None:
    """Return the status of an appointment that the text maps to, or None."""
    return _APPOINTMENT_STATUSES.get(_words(text))


def sms_status(text: str) -> str | None:
    """Return the status of a message that the text maps to, or None."""
    return _SMS_STATUSES.get(_words(text))


def note_type(text: str) -> str:
    """Return the kind of note by the first of its words that is known; `other` where none is."""
    lowered = text.casefold()
    return next((kind for pattern, kind in _NOTE_TYPES if pattern.search(lowered)), "other")


def category(text: str) -> str:
    """Return a document's category: the type in lower case, hyphens for spaces."""
    return _SPACES.sub("-", text.lower())


def _words(text: str) -> str:
    return _BREAKS.sub(" ", text.casefold()).strip(" .")
