"""What staging knows of a living row that has no identity yet, and how the frame `nexus_state` carries it.

No text of a patient, no number and no name is in it: digests only.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

import orjson

from nexus_reimport.transform.text import canonical_json

Living = TypeVar("Living", bound="LivingRow")
StateLine = tuple[str | None, ...]


@dataclass(frozen=True)
class LivingRow:
    """A row of Nexus: its UUID, and its patient's ("" for none)."""

    TABLE: ClassVar[str]

    id: str
    patient: str

    @classmethod
    def kind(cls) -> str:
        """Return the kind of the state frame's lines about such rows."""
        return f"adoptable:{cls.TABLE}"

    def line(self) -> StateLine:
        """Return the row as a line of the state frame: kind, key, id, detail."""
        told = {name: value for name, value in asdict(self).items() if name not in ("id", "patient")}
        return self.kind(), self.patient, self.id, canonical_json(told)


def living_rows(row_type: type[Living], lines: Iterable[tuple[str, ...]]) -> list[Living]:
    """Return rows from their lines of the state frame: patient, id, detail."""
    rows = []
    for patient, row_id, detail in lines:
        told: dict[str, Any] = orjson.loads(detail)
        rows.append(row_type(id=row_id.lower(), patient=patient.lower(), **told))
    return rows


@dataclass(frozen=True)
class LivingAppointment(LivingRow):
    """An appointment without FileMaker's event id, of no series.

    `start`, `end`: microseconds since 1970 UTC. `text`: `bare_digest` of its notes. `reimported`: a reimport
    may have made it, its reason and type aside. `has_reason`: no reimport gave one. `worked_on`: somebody has
    changed it since it was made.
    """

    TABLE = "appointments"

    start: int
    end: int | None
    text: str
    appointment_type: str | None
    reimported: bool
    has_reason: bool
    worked_on: bool


@dataclass(frozen=True)
class LivingNote(LivingRow):
    """A note. Digests of its text, as compared and bare, of who made it, and of its type as it stands.

    `imported`: it bears the marks of an older import.
    """

    TABLE = "notes"

    text: str
    bare: str
    author: str
    note_type: str
    imported: bool


@dataclass(frozen=True)
class LivingMessage(LivingRow):
    """A message. Digests of its text and of its number's digits; the gateway's id; when it was sent.

    `sent`: microseconds since 1970 UTC, of a message that says nothing of it when it was made.
    """

    TABLE = "sms_messages"

    text: str
    number: str
    gateway: str
    sent: int
