"""How many rows of each fate the clinic has: the real clinic's counts at scale 1, shrunk in proportion."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Figures:
    """Rows by fate. Each number is at least one at any scale, so that no fate disappears."""

    patients: int = 2842
    nameless_contacts: int = 3
    details: int = 10697
    details_of_others: int = 700
    families: int = 40

    appointments: int = 9837
    events_without_patient: int = 4700
    events_of_unknown_patients: int = 540
    events_without_start: int = 72

    notes: int = 11210
    empty_notes: int = 150
    notes_of_unknown_patients: int = 48

    messages_by_contact: int = 3600
    messages_by_number: int = 950
    messages_to_family_numbers: int = 310
    messages_to_unknown_numbers: int = 240
    messages_of_unknown_contacts: int = 200
    empty_messages: int = 21
    messages_without_number: int = 32

    documents_linked: int = 10148
    documents_unlinked: int = 42
    documents_without_file: int = 1084

    images: int = 6489
    images_without_file: int = 173
    image_patients: int = 1303
    image_batches: int = 1661


def figures_at(scale: float) -> Figures:
    """Return the figures at a scale; ValueError where the scale is not above zero."""
    if scale <= 0:
        message = f"scale must be above zero, not {scale}: give 1 for the whole clinic, 0.1 for a tenth"
        raise ValueError(message)
    return Figures(**{field.name: share(field.default, scale) for field in fields(Figures)})  # type: ignore[arg-type]  # every default is an int


def share(count: int, scale: float) -> int:
    """Return a count's share at a scale, never below one."""
    return max(1, round(count * scale))
