"""Cleaning of text, ids and flags, and the one way JSON is written. Accents, emoji and direction are kept."""

import hashlib
import re
from collections.abc import Iterable

import orjson

_ODD = re.compile("[\x00\x0b\r\ud800-\udfff]")
_LINE_END = re.compile("\r\n|\r|\x0b")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HARMLESS_ID = re.compile(r"(?=.*\d)[0-9a-z{}_-]{1,64}")
_TRUE = frozenset({"1", "true", "yes", "y"})


def clean(value: str | None) -> str:
    r"""Return the text as PostgreSQL can hold it, trimmed; "" for null.

    NUL goes, VT, CR and CRLF become "\n", lone surrogates become U+FFFD.
    """
    if not value:
        return ""
    if _ODD.search(value):
        value = _SURROGATE.sub("\ufffd", _LINE_END.sub("\n", value.replace("\x00", "")))
    return value.strip()


def uuid_text(value: str | None) -> str | None:
    """Return a UUID in lower case with its hyphens, or None where the text is not one.

    FileMaker writes ids in upper case, Nexus in lower case; they are always compared in lower case.
    """
    if not value:
        return None
    lowered = value.strip().lower()
    return lowered if _UUID.fullmatch(lowered) else None


def report_key(value: str | None) -> str:
    """Return what a report may show in place of a bad id: itself, or a digest of what may be a name."""
    lowered = clean(value).lower()
    if not lowered or _HARMLESS_ID.fullmatch(lowered):
        return lowered
    return f"digest:{natural_key(lowered)}"


def flag(value: str | None) -> bool:
    """Return whether a FileMaker flag is set: 1, true or yes; null and "" are not."""
    return clean(value).lower() in _TRUE


def name_key(value: str | None) -> str:
    """Return the form in which names of clinics, clinicians, types and funding sources are compared."""
    return clean(value).casefold()


def canonical_json(value: object) -> str:
    """Return JSON text with sorted keys, no spaces and no escapes beyond those JSON needs."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def natural_key(*parts: str) -> str:
    """Return the digest that stands for a row without a FileMaker id: MD5 of the parts, 0x1F between."""
    return hashlib.md5("\x1f".join(parts).encode(), usedforsecurity=False).hexdigest()


def joined(texts: Iterable[str], separator: str) -> str | None:
    """Return the texts that are not empty, joined; None where all are empty."""
    return separator.join(text for text in texts if text) or None
