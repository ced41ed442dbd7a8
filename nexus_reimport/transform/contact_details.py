"""A patient's phones, emails and addresses, gathered from FileMaker's one row each."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from nexus_reimport.model.filemaker import CONTACT_DETAILS
from nexus_reimport.model.reasons.patients import UNKNOWN_DETAIL_TYPE
from nexus_reimport.transform.contact_shape import (
    MOBILE,
    PHONE,
    ShapedEntry,
    address_json,
    contact_json,
    has_address,
)
from nexus_reimport.transform.dates import UNKNOWN_INSTANT
from nexus_reimport.transform.extract_rows import ExtractRows
from nexus_reimport.transform.staged import Accounting
from nexus_reimport.transform.text import flag

PHONE_TYPES = (PHONE, MOBILE)

_ADDRESS_FIELDS = {
    "line1": "address 1",
    "line2": "address 2",
    "suburb": "suburb",
    "state": "state",
    "postcode": "post code",
    "country": "country",
    "label": "Name",
    "full_address": "Full Address one line",
}


@dataclass
class ContactCard:
    """All details of one patient, as they were made, identical ones once."""

    phones: list[ShapedEntry] = field(default_factory=list)
    emails: list[ShapedEntry] = field(default_factory=list)
    addresses: list[ShapedEntry] = field(default_factory=list)
    has_default_email: bool = False

    def contact(self) -> dict[str, object]:
        """Return what contact_json holds."""
        return contact_json(self.phones, self.emails)

    def address(self) -> dict[str, object]:
        """Return what address_json holds."""
        return address_json(self.addresses)


def contact_cards(
    contact_details: pd.DataFrame, patients: Collection[str], ledger: Accounting
) -> dict[str, ContactCard]:
    """Return a card for each of the patients (FileMaker ids, lower case) that has details.

    Details of referrers and companies belong to nobody here. A row of another type is warned of on its
    patient, `unknown_detail_type`, and one with a value that could not be read `unreadable_value` or
    `unreadable_character`; a row without content has nothing to say.
    """
    everything = _every_row(contact_details)
    owners = everything.ids("id_key")
    ours = [place for place in _by_creation(everything) if owners[place] in patients]
    cards: defaultdict[str, ContactCard] = defaultdict(ContactCard)
    details = everything.take(ours)
    _warn_of_unread(everything, owners, patients, ledger)
    for owner, kind, entry, is_default in zip(details.ids("id_key"), *_entries(details), strict=True):
        if owner is not None and not _add(cards[owner], kind, entry, is_default):
            ledger.warn(owner, "contact_json", UNKNOWN_DETAIL_TYPE)
    return dict(cards)


def _warn_of_unread(
    everything: ExtractRows, owners: Sequence[str | None], patients: Collection[str], ledger: Accounting
) -> None:
    """Warn each patient of details that could not be read; where its owner could not, by the detail's id."""
    for key, owner, fields in zip(everything.keys, owners, everything.doubts(), strict=True):
        told = owner if owner in patients else key if "id_key" in fields else None
        for reason in sorted(set(fields.values())) if told else ():
            ledger.warn(str(told), "contact_json", reason)


def _every_row(contact_details: pd.DataFrame) -> ExtractRows:
    """Return all rows: a detail is found by its owner, so its own id need not be well formed."""
    records = pa.Table.from_pandas(contact_details, preserve_index=False)
    keys = ExtractRows(CONTACT_DETAILS.asset, [], records).texts(CONTACT_DETAILS.key)
    return ExtractRows(CONTACT_DETAILS.asset, [key.lower() for key in keys], records)


def _by_creation(details: ExtractRows) -> Sequence[int]:
    made = [moment for moment, _ in details.instants("creationTimestamp")]
    moments = [UNKNOWN_INSTANT if moment is None else moment for moment in made]
    return sorted(range(len(moments)), key=lambda place: (moments[place], details.keys[place]))


def _entries(details: ExtractRows) -> tuple[list[str], list[ShapedEntry], list[bool]]:
    """Return each row's type in lower case, its entry, and whether it is the default email."""
    types, labels, numbers = (details.texts(name) for name in ("type", "Name", "ph"))
    international = details.texts("PhoneMobileIntFormat")
    addresses = [details.texts(name) for name in _ADDRESS_FIELDS.values()]
    entries: list[ShapedEntry] = []
    for place, (kind, label, number) in enumerate(zip(types, labels, numbers, strict=True)):
        if kind.casefold() == "address":
            entries.append(dict(zip(_ADDRESS_FIELDS, (texts[place] for texts in addresses), strict=True)))
        elif kind.casefold() == "email":
            entries.append({"address": number, "label": label})
        else:
            entries.append(
                {"type": kind.casefold(), "number": number or international[place], "label": label}
            )
    defaults = [flag(text) for text in details.texts("Email default")]
    return [kind.casefold() for kind in types], entries, defaults


def _add(card: ContactCard, kind: str, entry: ShapedEntry, is_default: bool) -> bool:
    """Put the entry where its type belongs; return False for a type nobody knows."""
    if kind == "email":
        _append(card.emails, entry, bool(entry["address"]))
        if is_default and entry["address"] and not card.has_default_email:
            card.has_default_email = True
            card.emails[card.emails.index(entry)] = {**entry, "default": True}
    elif kind == "address":
        _append(card.addresses, entry, has_address(entry))
    elif kind in PHONE_TYPES:
        _append(card.phones, entry, bool(entry["number"]))
    return kind in (*PHONE_TYPES, "email", "address")


def _append(entries: list[ShapedEntry], entry: ShapedEntry, has_content: bool) -> None:
    listed = ({name: value for name, value in one.items() if name != "default"} for one in entries)
    if has_content and entry not in listed:
        entries.append(entry)
