"""JSON values as text: the one form in which an extract keeps them, since the declared types lie."""

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from nexus_reimport.clients.filemaker.exceptions import UnreadableValue


def text_of(value: object) -> str | None:
    """Return a JSON value as text: strings as they are, 1.0 as "1", 0.5 as "0.5", true as "1", null as None.

    A half of a surrogate pair, which a field cut inside an emoji leaves, becomes U+FFFD: no UTF-8 holds it.
    Raises UnreadableValue for an object or a list.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return decimal_text(value)
    message = f"A {type(value).__name__} where a text, number or flag belongs."
    raise UnreadableValue(message)


def decimal_text(value: float) -> str:
    """Return a number in plain digits: no exponent, no ".0", no "-0"."""
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def text_array(values: Sequence[object]) -> pa.Array:
    """Return a column of texts. Most columns are texts and nulls already: Arrow takes those as they are."""
    try:
        return pa.array(values, type=pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return pa.array([text_of(value) for value in values], type=pa.string())
