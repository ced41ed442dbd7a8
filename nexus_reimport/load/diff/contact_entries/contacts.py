"""contact_json as entries: as this program writes it, and as the patient page saves it after an edit.

The page's shape is `{phone: {}, mobile: {}, email: {}}`, each number or address under its label, as text or
as `{value, default}`; the lists are gone, and the top-level email stands among the emails as `Primary`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nexus_reimport.load.diff.contact_entries.entry import EMAIL, Entry, Held, NotUnderstood
from nexus_reimport.transform.contact_shape import (
    EMAIL_LABEL,
    FALLBACK_LABELS,
    MOBILE,
    PHONE,
    PRIMARY,
    contact_json,
    unique,
)

LISTS = ("phones", "emails")
_SECTIONS = (PHONE, MOBILE, EMAIL)
_FALLBACKS = {**FALLBACK_LABELS, EMAIL: EMAIL_LABEL}
_OF_PHONE = ("type", "number", "phone", "label", "default", "is_default")
_OF_EMAIL = ("address", "label", "default", "is_default")


def read_contact(value: object) -> Held:
    """Return the entries of a contact_json in either shape. Raises NotUnderstood."""
    if not isinstance(value, Mapping) or not any(name in value for name in (*LISTS, *_SECTIONS)):
        raise NotUnderstood
    listed = [_phone(one) for one in _list(value, "phones")] + [_email(one) for one in _list(value, "emails")]
    listed = [one for one in listed if any(one.content)]
    sections = [one for name in _SECTIONS for one in _section(name, value.get(name))]
    entries = [*listed, *(one for one in sections if not _is_lead(one))]
    own = {name: one for name, one in value.items() if name not in (*LISTS, *_SECTIONS)}
    leads = tuple(one for one in sections if _is_lead(one))
    return Held(tuple(_with_defaults(entries, leads, value)), leads, own=own)


def write_contact(entries: Sequence[Entry], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return contact_json as this program writes it; of two with one label the earlier keeps it."""
    phones, emails = [], []
    for kind in _SECTIONS:
        of_kind = [one for one in entries if one.kind == kind]
        # Before the default is put first: a label of FileMaker's is not to give way to a person's
        labels = unique([one.label or _FALLBACKS[kind] for one in of_kind], ())
        for one, label in zip(of_kind, labels, strict=True):
            shaped = {**one.own, "label": label, **({"default": True} if one.is_default else {})}
            if kind == EMAIL:
                emails.append({**shaped, "address": one.content[0]})
            else:
                phones.append({**shaped, "type": kind, "number": one.content[0]})
    return {**own, **contact_json(phones, emails)}


def _with_defaults(entries: list[Entry], leads: tuple[Entry, ...], value: Mapping[str, Any]) -> list[Entry]:
    """Mark the first of a list as its default where nothing else says which one is."""
    found = list(entries)
    for name, group in (("phones", PHONE), ("emails", EMAIL)):
        places = [place for place, one in enumerate(found) if one.group == group]
        told = [*(found[place] for place in places if found[place].is_default)]
        told += [lead for lead in leads if lead.kind == group == EMAIL]
        if name in value and places and not told:
            found[places[0]] = replace(found[places[0]], is_default=True)
    return found


def _list(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise NotUnderstood
    return found


def _phone(one: Mapping[str, Any]) -> Entry:
    kind = _text(one.get("type")).lower() or PHONE
    if kind not in (PHONE, MOBILE):
        raise NotUnderstood
    return _entry(kind, one, _text(one.get("number")) or _text(one.get("phone")), _OF_PHONE)


def _email(one: Mapping[str, Any]) -> Entry:
    return _entry(EMAIL, one, _text(one.get("address")), _OF_EMAIL)


def _entry(kind: str, one: Mapping[str, Any], content: str, known: Sequence[str]) -> Entry:
    return Entry(
        kind,
        (content,),
        _text(one.get("label")) or None,
        is_default=bool(one.get("default") or one.get("is_default")),
        own={name: value for name, value in one.items() if name not in known},
    )


def _section(kind: str, value: object) -> Iterator[Entry]:
    """Yield what a key of the page's shape holds; without a label where it is text of the top level."""
    if not isinstance(value, Mapping):
        if text := _text(value):
            yield Entry(kind, (text,), is_default=kind != PHONE)
        return
    for label, one in value.items():
        said = one if isinstance(one, Mapping) else {"value": one}
        if text := _text(said.get("value")):
            own = {name: more for name, more in said.items() if name not in ("value", "default")}
            entry = Entry(kind, (text,), label, None, bool(said.get("default")), own)
            yield replace(entry, is_default=True) if _is_lead(entry) else entry


def _is_lead(entry: Entry) -> bool:
    return entry.label is None or (entry.kind, entry.label) == (EMAIL, PRIMARY)


def _text(value: object) -> str:
    """Return a value as text. Raises NotUnderstood for what is none, nor a number."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise NotUnderstood
    return str(value) if str(value).strip() else ""
