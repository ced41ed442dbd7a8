"""contact_json and address_json as each older import shaped them out of API_Contact_Details."""

from collections.abc import Sequence
from typing import Final

from nexus_reimport.sandbox.clinic.chance import Row

_TYPES: Final = ("phone", "mobile", "email")
_STRIPPED: Final = str.maketrans("", "", " -().")


class DetailFailed(Exception):
    """A detail with a null type or label, on which the first export failed."""


def shape_a(details: Sequence[Row]) -> tuple[Row | None, Row | None]:
    """Return the first export's contact_json and address_json, None where there is nothing.

    The value of an email is the flag `Email default`. Of two entries of one type and label the last is kept,
    and of two addresses the last. Nulls stay in an address. Raise DetailFailed.
    """
    contact: Row = {}
    address: Row | None = None
    for detail in details:
        if detail["type"] is None or detail["Name"] is None:
            raise DetailFailed
        kind, label = str(detail["type"]).lower(), str(detail["Name"]).strip().lower() or "home"
        value = _number(detail, kind)
        if kind in _TYPES and value:
            contact[kind] = {**_object(contact.get(kind)), label: {"value": value, "default": False}}
        elif kind == "address" and (detail["address 1"] or detail["suburb"]):
            address = {
                "street": detail["address 1"],
                "street2": detail["address 2"],
                "suburb": detail["suburb"],
                "state": detail["state"],
                "postcode": detail["post code"],
                "type": label,
                "default": True,
            }
    return contact or None, address


def _number(detail: Row, kind: str) -> str:
    if kind == "email":
        return str(detail["Email default"] or "")
    return str(detail["ph"] or "").translate(_STRIPPED)


def shape_b(details: Sequence[Row]) -> tuple[Row, Row | None]:
    """Return the Data API reimport's contact_json and address_json.

    Numbers are raw. Emails and streets were looked for under other names than FileMaker's, so there are none.
    """
    contact: dict[str, Row] = {kind: {} for kind in _TYPES}
    for detail in details:
        kind, label = str(detail["type"] or "").lower(), str(detail["Name"] or "").strip().lower() or "home"
        if kind in {"phone", "mobile"} and detail["ph"]:
            contact[kind][label] = {"value": detail["ph"], "default": False}
    first = next((one for one in details if str(one["type"] or "").lower() == "address"), None)
    return dict(contact), None if first is None else _address_without_street(first)


def _address_without_street(detail: Row) -> Row:
    return {
        "street": "",
        "street2": detail["address 2"] or "",
        "suburb": detail["suburb"] or "",
        "state": detail["state"] or "",
        "postcode": "",
        "type": str(detail["Name"] or "").strip().lower() or "home",
        "default": True,
    }


def with_coms(contact: object, address: object, details: Sequence[Row]) -> tuple[Row, Row]:
    """Return both JSONs with what `Coms.xlsx` adds to what is there; types must be written exactly so."""
    numbers = [_phone_entry(one) for one in details if one["type"] in {"Phone", "Mobile"} and one["ph"]]
    emails = [
        {"address": str(one["ph"]), "label": one["Name"] or "Email"}
        for one in details
        if one["type"] == "Email" and one["ph"]
    ]
    addresses = [_address_entry(one) for one in details if one["type"] == "Address" and one["address 1"]]
    with_numbers: Row = {**_object(contact)}
    if numbers:
        with_numbers["phones"] = numbers
    if emails:
        with_numbers |= {"emails": emails, "email": emails[0]["address"]}
    with_addresses: Row = {**_object(address)}
    if addresses:
        first = addresses[0]
        with_addresses |= {
            "addresses": addresses,
            "street": first["line1"],
            **{name: first[name] for name in ("suburb", "state", "postcode")},
        }
    return with_numbers, with_addresses


def _object(value: object) -> Row:
    return value if isinstance(value, dict) else {}


def _phone_entry(detail: Row) -> Row:
    """Return a number as the sheet has it: a cell of digits alone is a number, without a leading 0."""
    written = str(detail["ph"])
    number = str(int(written)) if written.isascii() and written.isdigit() else written
    return {
        "type": str(detail["type"]).lower(),
        "number": number,
        "label": detail["Name"] or str(detail["type"]),
    }


def _address_entry(detail: Row) -> Row:
    return {
        "line1": detail["address 1"],
        "line2": detail["address 2"] or "",
        "suburb": detail["suburb"] or "",
        "state": detail["state"] or "",
        "postcode": detail["post code"] or "",
        "country": detail["country"] or "Australia",
        "label": detail["Name"] or "Address",
        "full_address": detail["Full Address one line"] or "",
    }
