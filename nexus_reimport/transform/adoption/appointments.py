"""Which living appointments without FileMaker's event id are which events.

The reimports wrote no event id. Theirs is an appointment of the same patient at any of an event's readings;
its notes, end and type tell between several. What a person made in Nexus bears no import's marks: it is taken
only where it stands at the event's own start with the same notes.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from nexus_reimport.transform.adoption.candidates import Candidates
from nexus_reimport.transform.adoption.event_readings import Readings
from nexus_reimport.transform.adoption.pairing import Degree, Likeness, Pairing
from nexus_reimport.transform.adoption.rows_in_nexus import LivingAppointment


@dataclass(frozen=True)
class AdoptableEvent:
    """An event to be published, as older imports may have had it.

    `place`: among those to be published. `patient`: the UUID under which the patient is published. `made`:
    when FileMaker made it, for the order.
    `note`, `notes`: bare digests of what the scripts read, and of all that is published. The type is by UUID.
    """

    place: int
    key: str
    patient: str
    made: int
    readings: Readings
    note: str
    notes: str
    appointment_type: str | None


_Degree = Degree[AdoptableEvent, LivingAppointment]
_Start = Callable[[AdoptableEvent], int | None]
_Text = Callable[[AdoptableEvent], str]
_Rows = Callable[[LivingAppointment], bool]

# How many readings beside those that the reimports and the rules have: see `event_readings`.
_MOST_OTHERS = 5


def adopt_appointments(
    events: Sequence[AdoptableEvent], candidates: Candidates[LivingAppointment]
) -> tuple[dict[int, str], list[str]]:
    """Return the events' places to the UUIDs of their living rows, and the keys of undecided events.

    An undecided event may be a row that is left alone, since that may be another event's as well.
    """
    ordered = sorted(events, key=lambda event: (event.made, event.key))
    pairing = Pairing(ordered, candidates.rows, preferred=lambda row: row.worked_on)
    pairing.pair(_degrees(candidates.owners))
    found = {ordered[record].place: candidates.rows[row].id for record, row in sorted(pairing.found.items())}
    return found, [ordered[record].key for record in sorted(pairing.undecided)]


def _degrees(owners: Mapping[str, str]) -> list[_Degree]:
    """Return the degrees of likeness, the closest first.

    An import's row with the event's very note comes first, at whichever reading. Then one without notes: the
    sheet's reimport wrote none. Then what a person made of an import's row, and what was made in Nexus as it
    is in FileMaker. At another reading than an event has by its present time, a row without notes counts less
    than those. Last is a row whose notes are others: either side may have changed.
    """
    certain: tuple[_Start, ...] = (_agreed, _reimported)
    uncertain: tuple[_Start, ...] = (_ruled, *(_other(place) for place in range(_MOST_OTHERS)))
    return [
        *(_told(owners, start, text, _is_reimported) for start in certain for text in (_note, _notes)),
        *(_told(owners, start, text, _is_plain) for start in uncertain for text in (_note, _notes)),
        *(_silent(owners, start, _is_reimported) for start in certain),
        *(_changed(owners, start) for start in certain),
        *(_made_in_nexus(owners, text) for text in (_note, _notes)),
        *(_silent(owners, start, _is_plain) for start in uncertain),
        *(_otherwise(owners, start) for start in (*certain, _ruled)),
    ]


def _is_plain(row: LivingAppointment) -> bool:
    return row.reimported and not row.has_reason


def _is_reimported(row: LivingAppointment) -> bool:
    """Say that a reimport made the row, as far as it tells: a reason came later, if there is one."""
    return row.reimported and (row.worked_on or not row.has_reason)


def _agreed(event: AdoptableEvent) -> int | None:
    return event.readings.agreed


def _reimported(event: AdoptableEvent) -> int | None:
    return event.readings.reimported


def _ruled(event: AdoptableEvent) -> int | None:
    return event.readings.ruled


def _other(place: int) -> _Start:
    def start(event: AdoptableEvent) -> int | None:
        others = event.readings.others
        return others[place] if place < len(others) else None

    return start


def _note(event: AdoptableEvent) -> str:
    return event.note


def _notes(event: AdoptableEvent) -> str:
    return event.notes


def _told(owners: Mapping[str, str], start: _Start, text: _Text, is_meant: _Rows) -> _Degree:
    """Compare an older import's rows with the text of events that have one."""
    group = Likeness[AdoptableEvent, LivingAppointment](
        lambda event: (event.patient, start(event), text(event)) if text(event) else None,
        lambda row: (owners.get(row.patient), row.start, row.text) if is_meant(row) else None,
    )
    return Degree(group, _CLOSER)


def _silent(owners: Mapping[str, str], start: _Start, is_meant: _Rows) -> _Degree:
    """Compare an older import's rows without notes; events whose texts differ can't stand for one another."""
    return Degree(_at(owners, start, lambda row: is_meant(row) and not row.text), _CLOSER, record_is=_notes)


def _changed(owners: Mapping[str, str], start: _Start) -> _Degree:
    """Compare an older import's rows that a person has given another type or other notes."""
    group = _at(owners, start, lambda row: _is_reimported(row) and row.worked_on)
    return Degree(group, _CLOSER_OF_ANY_TYPE, record_is=_notes, row_is=lambda row: row.id)


def _made_in_nexus(owners: Mapping[str, str], text: _Text) -> _Degree:
    """Compare rows of any marks and type with the event's own start and its very notes."""
    group = Likeness[AdoptableEvent, LivingAppointment](
        lambda event: (event.patient, event.readings.ruled, text(event)),
        lambda row: (owners.get(row.patient), row.start, row.text),
    )
    return Degree(group, _CLOSER_OF_ANY_TYPE, row_is=lambda row: row.id)


def _otherwise(owners: Mapping[str, str], start: _Start) -> _Degree:
    """Compare an older import's rows with other notes; those that differ can't stand for one another."""
    group = _at(owners, start, lambda row: _is_plain(row) and bool(row.text))
    return Degree(group, _CLOSER, record_is=_notes, row_is=lambda row: row.text)


def _at(
    owners: Mapping[str, str], start: _Start, is_meant: _Rows
) -> Likeness[AdoptableEvent, LivingAppointment]:
    return Likeness(
        lambda event: (event.patient, start(event)),
        lambda row: (owners.get(row.patient), row.start) if is_meant(row) else None,
    )


def _type_and_end(which: int) -> tuple[Likeness[AdoptableEvent, LivingAppointment], ...]:
    """Those alike by type and by one of the event's ends, then those without a type by the end."""
    return (
        Likeness(
            lambda event: (event.appointment_type, event.readings.ends[which]),
            lambda row: (row.appointment_type, row.end),
        ),
        Likeness(
            lambda event: event.readings.ends[which],
            lambda row: None if row.appointment_type else row.end,
        ),
    )


def _typed(of: AdoptableEvent | LivingAppointment) -> Hashable:
    return (of.appointment_type,)


def _anything(_: object) -> Hashable:
    return True


# A reimport wrote the event's type, or none. A row of another type is not an import's.
_CLOSER = (
    *_type_and_end(0),
    *_type_and_end(1),
    Likeness[AdoptableEvent, LivingAppointment](_typed, _typed),
    Likeness[AdoptableEvent, LivingAppointment](
        _anything, lambda row: None if row.appointment_type else True
    ),
)
_CLOSER_OF_ANY_TYPE = (*_CLOSER, Likeness[AdoptableEvent, LivingAppointment](_anything, _anything))
