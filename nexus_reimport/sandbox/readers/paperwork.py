"""Invoices, receipts and quotes: whom they are for, the lines of the address, and the reference."""

from collections.abc import Iterable

from nexus_reimport.sandbox.readers.reading import ReadRow, json_object


def invoice_name(row: ReadRow) -> str:
    """Return whom an invoice is for."""
    return " ".join([row.get("title") or "", row["first_name"], row["last_name"]]).strip()


def invoice_address(row: ReadRow) -> list[str]:
    """Return the address as printed. A key with null prints the word None; a missing one prints nothing."""
    address = json_object(row, "address_json")
    street, *others = (address.get(name, "") for name in ("street", "suburb", "state", "postcode"))
    lines = [str(street), " ".join(str(part) for part in others)]
    return [line.strip() for line in lines if line.strip()]


def invoice_reference(row: ReadRow, funding_sources: Iterable[ReadRow]) -> str:
    """Return the reference: the funding source's own, else what its name says, else the patient's name."""
    source = str(row.get("funding_source") or "").lower()
    number = row.get("health_number") or ""
    for one in funding_sources:
        if one["is_active"] and source and one["name"].lower() == source:
            if one["display_format"] or one["reference_number"]:
                return str(one["display_format"] or one["reference_number"])
            break
    if source == "ndis":
        return f"NDIS # {number}".strip()
    if source in ("dva", "enable"):
        return source.upper()
    if source in ("bupa", "medibank", "ahm"):
        return f"{source.upper()} {invoice_name(row)}"
    return invoice_name(row)
