"""One column at a time: values cut to length, days read, names looked up; whatever is lost is warned of."""

from collections.abc import Callable, Sequence

from nexus_reimport.model.reasons.reason import Reason
from nexus_reimport.model.reasons.several_tables import BAD_DATE, TOO_LONG
from nexus_reimport.transform.dates import day
from nexus_reimport.transform.extract_rows import ExtractRows
from nexus_reimport.transform.staged import Accounting


def cut(keys: Sequence[str], texts: Sequence[str], column: str, ledger: Accounting) -> list[str]:
    """Return the texts, each no longer than the column; one that was cut is warned of, `too_long`."""
    length = ledger.table.column(column).length
    result = list(texts)
    for place, text in enumerate(texts):
        if length is not None and len(text) > length:
            ledger.warn(keys[place], column, TOO_LONG)
            result[place] = text[:length].rstrip()
    return result


def nullable(texts: Sequence[str]) -> list[str | None]:
    """Return the texts with None for the empty ones."""
    return [text or None for text in texts]


def days(extract: ExtractRows, field: str, column: str, ledger: Accounting) -> list[object]:
    """Return one field's days; None where it is empty, and where it cannot be read, `bad_date`."""
    texts = extract.texts(field)
    found: list[object] = [day(text) for text in texts]
    for key, text, value in zip(extract.keys, texts, found, strict=True):
        if text and value is None:
            ledger.warn(key, column, BAD_DATE)
    return found


def looked_up(
    keys: Sequence[str],
    texts: Sequence[str],
    find: Callable[[str], str | None],
    warning: tuple[str, Reason],
    ledger: Accounting,
) -> list[str | None]:
    """Return what each text is known as; None where it is empty or unknown, the latter with the warning.

    `warning` is the column and the reason.
    """
    found = [find(text) if text else None for text in texts]
    for key, text, value in zip(keys, texts, found, strict=True):
        if text and value is None:
            ledger.warn(key, *warning)
    return found
