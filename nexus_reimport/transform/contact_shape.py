"""The shape of a patient's contact_json and address_json: the one that every reader of Nexus takes.

The patient page shows phones and emails by label within a type, so that of two with one label only the last
is seen. It takes `mobile` in lower case for a mobile and all else for a landline, and the first of the list
for the default. The day list reads a phone's `phone`, the SMS dialogs its `number`, reminders the top-level
`mobile`, invoices the top level of an address. A null is printed as the word None, and ends some pages: there
is none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

ShapedEntry = dict[str, Any]

MOBILE, PHONE = "mobile", "phone"
# What the page calls the top-level `email`, beside those of the list: no other email may have the label.
PRIMARY = "Primary"
FALLBACK_LABELS = {MOBILE: "Mobile", PHONE: "Phone"}
EMAIL_LABEL = "Email"
ADDRESS_PARTS = ("line1", "line2", "suburb", "state", "postcode", "country", "label", "full_address")
# Keys of an address's top level, and which part of the first address each is.
TOP_LEVEL = {
    "street": "line1",
    "street2": "line2",
    "suburb": "suburb",
    "state": "state",
    "postcode": "postcode",
}
# The page keeps what it shows in a JavaScript object, where this key is no key.
_UNUSABLE = "__proto__"


def contact_json(phones: Iterable[ShapedEntry], emails: Iterable[ShapedEntry]) -> dict[str, Any]:
    """Return what contact_json holds: both lists, `mobile` and `email` where there are any.

    A phone has `type` (mobile or phone), `label` and `number`, an email `label` and `address`; both may have
    `default`, and keys of Nexus's own. Labels come out unique within a type: the first that has one keeps it.
    The default comes first; without one the first mobile is it, or the first phone.
    """
    listed, addressed = _phones(list(phones)), _emails(list(emails))
    mobiles = [one["number"] for one in listed if one["type"] == MOBILE]
    return {
        "phones": listed,
        "emails": addressed,
        **({"mobile": mobiles[0]} if mobiles else {}),
        **({"email": addressed[0]["address"]} if addressed else {}),
    }


def address_json(addresses: Iterable[ShapedEntry]) -> dict[str, Any]:
    """Return what address_json holds; an empty object where there is no address.

    An address has the parts of `ADDRESS_PARTS`; one that is missing is "". The first, or the one marked
    `default`, is the top level too.
    """
    ordered = _default_first([one for one in addresses if has_address(one)])
    if not ordered:
        return {}
    listed = [
        {**_own(one, ADDRESS_PARTS), **{part: _text(one.get(part)) for part in ADDRESS_PARTS}}
        for one in ordered
    ]
    return {"addresses": listed, **{name: listed[0][part] for name, part in TOP_LEVEL.items()}}


def has_address(entry: Mapping[str, Any]) -> bool:
    """Say whether an address has anything but a label."""
    return any(_text(entry.get(part)) for part in ADDRESS_PARTS if part != "label")


def _phones(phones: list[ShapedEntry]) -> list[ShapedEntry]:
    labelled = []
    for kind in (MOBILE, PHONE):
        of_kind = [one for one in phones if one["type"] == kind]
        labels = [_text(one.get("label")) or FALLBACK_LABELS[kind] for one in of_kind]
        labelled += [
            {**one, "label": label} for one, label in zip(of_kind, unique(labels, {_UNUSABLE}), strict=True)
        ]
    return [
        {
            **_own(one, ("type", "label", "number", "phone", "default", "is_default")),
            "type": one["type"],
            "number": one["number"],
            "phone": one["number"],
            "label": one["label"],
            "default": place == 0,
        }
        for place, one in enumerate(_default_first(labelled))
    ]


def _emails(emails: list[ShapedEntry]) -> list[ShapedEntry]:
    ordered = _default_first(emails)
    labels = [_text(one.get("label")) or EMAIL_LABEL for one in ordered]
    taken = {_UNUSABLE} if labels[:1] == [PRIMARY] else {_UNUSABLE, PRIMARY}
    return [
        {**_own(one, ("label", "address", "default")), "address": one["address"], "label": label}
        for one, label in zip(ordered, unique(labels, taken), strict=True)
    ]


def _default_first(entries: list[ShapedEntry]) -> list[ShapedEntry]:
    """Return the entries with the one marked as default, if any, before the others."""
    defaults = [place for place, one in enumerate(entries) if one.get("default")]
    first = entries[defaults[0] : defaults[0] + 1] if defaults else []
    return first + [one for place, one in enumerate(entries) if place not in defaults[:1]]


def unique(labels: Sequence[str], taken: Collection[str]) -> list[str]:
    """Return the labels with a number behind each that another has already: `Home`, `Home 2`.

    `taken` are labels that none may have. A label that is given with its number keeps it.
    """
    used, given = set(taken), set(labels)
    result = []
    for label in labels:
        free = label
        if label in used:
            numbered = (f"{label} {number}" for number in count(2))
            free = next(one for one in numbered if one not in used and one not in given)
        used.add(free)
        result.append(free)
    return result


def _own(entry: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return what Nexus has of an entry that FileMaker knows nothing of."""
    return {name: value for name, value in entry.items() if name not in known}


def _text(value: object) -> str:
    return "" if value is None else str(value)
