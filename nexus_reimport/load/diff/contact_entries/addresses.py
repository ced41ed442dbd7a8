"""address_json as entries: as this program writes it, and as the patient page saves it after an edit.

The page's shape is the top level alone, `{street, street2, suburb, postcode, state, type, default}`: the
first address, without its label and country. The other addresses are gone from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nexus_reimport.load.diff.contact_entries.entry import ADDRESS, Entry, Held, NotUnderstood
from nexus_reimport.transform.contact_shape import ADDRESS_PARTS, TOP_LEVEL, address_json

CONTENT = tuple(TOP_LEVEL.values())
MORE = ("country", "full_address")
# What the page puts beside an address, whoever wrote that.
_OF_THE_PAGE: Mapping[str, object] = {"type": "home", "default": True}


def read_address(value: object) -> Held:
    """Return the entries of an address_json in either shape. Raises NotUnderstood."""
    if not isinstance(value, Mapping):
        raise NotUnderstood
    listed = value.get("addresses")
    if listed is None:
        return _as_saved(value)
    if not isinstance(listed, list):
        raise NotUnderstood
    entries = [replace(_address(one), is_default=place == 0) for place, one in enumerate(listed)]
    top = _top_level(value)
    return Held(tuple(entries), (top,) if any(top.content) else (), own=_own(value))


def write_address(entries: Sequence[Entry], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return address_json as this program writes it, the default first."""
    ordered = sorted(entries, key=lambda one: not one.is_default)
    shaped = [
        {
            **one.own,
            **dict(zip(CONTENT, one.content, strict=True)),
            **dict(zip(MORE, one.more or ("", ""), strict=True)),
            "label": one.label or "",
        }
        for one in ordered
    ]
    return {**own, **address_json(shaped)}


def one_line(content: Sequence[str]) -> str:
    """Return an address in one line, as FileMaker has it too."""
    line1, line2, suburb, state, postcode = content
    return ", ".join(
        part for part in (line1, line2, " ".join(filter(None, (suburb, state, postcode)))) if part
    )


def _as_saved(value: Mapping[str, Any]) -> Held:
    if not any(name in value for name in TOP_LEVEL):
        if value:
            raise NotUnderstood
        return Held(())
    top = _top_level(value)
    own = {name: one for name, one in _own(value).items() if _OF_THE_PAGE.get(name) != one}
    if not any(top.content):
        return Held((), is_partial=True, lacks_first=True, own=own)
    return Held((), (top,), is_partial=True, own=own)


def _address(one: object) -> Entry:
    if not isinstance(one, Mapping):
        raise NotUnderstood
    return Entry(
        ADDRESS,
        tuple(_text(one.get(part)) for part in CONTENT),
        _text(one.get("label")),
        tuple(_text(one.get(part)) for part in MORE),
        own={name: more for name, more in one.items() if name not in ADDRESS_PARTS},
    )


def _top_level(value: Mapping[str, Any]) -> Entry:
    return Entry(ADDRESS, tuple(_text(value.get(name)) for name in TOP_LEVEL), is_default=True)


def _own(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name not in ("addresses", *TOP_LEVEL)}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise NotUnderstood
    return str(value)
