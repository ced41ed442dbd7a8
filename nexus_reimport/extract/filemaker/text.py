"""JSON values as text: the one form in which an extract keeps them, since the declared types lie."""

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from nexus_reimport.extract.filemaker.exceptions import UnreadableValue
from nexus_reimport.model.reasons.every_table import UNREADABLE_CHARACTER, UNREADABLE_VALUE
from nexus_reimport.model.reasons.reason import Reason

# FileMaker's own numbers have 400 digits on either side of the point at most.
DIGITS = 500


def text_of(value: object) -> str | None:
    """Return a JSON value as text: strings as they are, 1.0 as "1", 0.5 as "0.5", true as "1", null as None.

    A half of a surrogate pair, which a field cut inside an emoji leaves, becomes U+FFFD: no UTF-8 holds it.
    Raises UnreadableValue for an object, a list, a number beyond any FileMaker has, and what is UNREADABLE.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float | Decimal):
        return number_text(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    message = f"A {type(value).__name__} where a text, number or flag belongs."
    raise UnreadableValue(message)


def number_text(value: Decimal) -> str:
    """Return a number in plain digits, all of them: no exponent, no zeros behind the point, no "-0"."""
    if value.is_finite() and abs(value.adjusted()) < DIGITS and len(value.as_tuple().digits) < DIGITS:
        plain = format(value, "f")
        shortest = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return "0" if shortest in ("-0", "") else shortest
    message = "A number with more digits than FileMaker has."
    raise UnreadableValue(message)


def text_column(values: Sequence[object]) -> tuple[pa.Array, dict[int, Reason]]:
    """Return a column of texts, and by place why a text is not what FileMaker has: a reason code.

    A value that can't be read is null. Most columns are texts and nulls: Arrow takes those as they are.
    """
    try:
        return pa.array(values, type=pa.string()), {}
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        texts = []
        doubts: dict[int, Reason] = {}
    for place, value in enumerate(values):
        try:
            texts.append(text_of(value))
        except UnreadableValue:
            texts.append(None)
            doubts[place] = UNREADABLE_VALUE
        else:
            if isinstance(value, str) and texts[-1] != value:
                doubts[place] = UNREADABLE_CHARACTER
    return pa.array(texts, type=pa.string()), doubts
