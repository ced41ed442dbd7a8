"""What an account no longer sees: rows and values that are kept from it, and that `$count` does not count."""

from collections.abc import Callable, Mapping, Sequence

from nexus_reimport.sandbox.filemaker.faults import Fault, FaultPlan

_Row = Mapping[str, object]
DETAILS, _CONTACTS = "API_Contact_Details", "API_Contacts"
# What says whose a detail is; without it and the rest, a changed privilege set shows a row of nothing.
_SHOWN = ("id", "id_key", "type", "creationTimestamp")


def _without(rows: Sequence[_Row], *names: str) -> list[_Row]:
    return [{**row, **dict.fromkeys(set(names) & row.keys())} for row in rows]


_FADES: dict[Fault, tuple[str, Callable[[Sequence[_Row]], Sequence[_Row]]]] = {
    Fault.NO_DETAILS: (DETAILS, lambda _: []),
    Fault.HALF_DETAILS: (DETAILS, lambda rows: rows[::2]),
    Fault.BLANK_DETAILS: (
        DETAILS,
        lambda rows: [{name: row[name] if name in _SHOWN else None for name in row} for row in rows],
    ),
    Fault.NO_BIRTH_DATES: (_CONTACTS, lambda rows: _without(rows, "DOB")),
}


def as_shown(name: str, rows: Sequence[_Row], plan: FaultPlan) -> Sequence[_Row]:
    """Return the rows of an entity set as the account sees them."""
    for fault, (entity, fade) in _FADES.items():
        if entity == name and plan.has(fault):
            rows = fade(rows)
    return rows
