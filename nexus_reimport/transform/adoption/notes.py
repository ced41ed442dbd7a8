"""Which living notes are which of FileMaker's: no older import kept a note's id, its type or its day.

A note is known by patient and text. Rows by the importer are an older import's; those by FileMaker's account
of the note may be one's, or that person's own. Notes by anybody else are never taken.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from nexus_reimport.transform.adoption.candidates import Candidates
from nexus_reimport.transform.adoption.pairing import Degree, Likeness, Pairing
from nexus_reimport.transform.adoption.rows_in_nexus import LivingNote
from nexus_reimport.transform.adoption.texts import bare, compared, digest

IMPORTER = "FileMaker Import"
# What the first export wrote where FileMaker says no type.
NO_TYPE = "General"

_DAY_ALONE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_BY_IMPORTER = digest(IMPORTER)

_Handle = Hashable | None


@dataclass(frozen=True)
class AdoptableNote:
    """A note to be published: its place among them, `patient` by UUID, the others clean text.

    `made`: when FileMaker made it, for the order. `author`: the account that made it, "" for none.
    """

    place: int
    key: str
    patient: str
    made: int
    text: str
    author: str
    note_type: str


@dataclass(frozen=True)
class _Told:
    """A note as it is compared with living ones, in digests. `days`: what a sheet makes of a day alone."""

    place: int
    patient: str
    text: str
    bare: str
    days: tuple[str, ...]
    author: str
    note_type: str


_Degree = Degree[_Told, LivingNote]


def adopt_notes(notes: Sequence[AdoptableNote], candidates: Candidates[LivingNote]) -> dict[int, str]:
    """Return the notes' places to the UUIDs of their living rows."""
    told = [_told(note) for note in sorted(notes, key=lambda note: (note.made, note.key))]
    pairing = Pairing(told, candidates.rows)
    pairing.pair(_degrees(candidates.owners))
    return {told[record].place: candidates.rows[row].id for record, row in sorted(pairing.found.items())}


def _told(note: AdoptableNote) -> _Told:
    return _Told(
        note.place,
        note.patient,
        digest(compared(note.text)),
        digest(bare(note.text)),
        tuple(digest(text) for text in sheet_days(note.text)),
        digest(note.author or IMPORTER),
        digest(note.note_type or NO_TYPE),
    )


def sheet_days(text: str) -> list[str]:
    """Return what a spreadsheet makes of a text that is nothing but a day; its cell is a date then.

    Days come first in Australia; a sheet from elsewhere has the month first.
    """
    found = _DAY_ALONE.fullmatch(compared(text))
    if not found:
        return []
    first, second, year = map(int, found.groups())
    days = [one for one in (_day(year, second, first), _day(year, first, second)) if one]
    return [f"{one}{clock}" for one in dict.fromkeys(days) for clock in ("T00:00:00", " 00:00:00", "")]


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _degrees(owners: Mapping[str, str]) -> list[_Degree]:
    def alike(of_note: Callable[[_Told], str], of_row: Callable[[LivingNote], str]) -> _Degree:
        group = Likeness[_Told, LivingNote](
            lambda note: (note.patient, text) if (text := of_note(note)) else None,
            lambda row: (owners.get(row.patient), of_row(row)),
        )
        return Degree(group, _CLOSER)

    def sheet_day(place: int) -> _Degree:
        return alike(lambda note: note.days[place] if place < len(note.days) else "", lambda row: row.text)

    return [
        alike(lambda note: note.text, lambda row: row.text),
        alike(lambda note: note.bare, lambda row: row.bare),
        *(sheet_day(place) for place in range(_MOST_DAYS)),
    ]


_MOST_DAYS = 6


def _by_its_account(row: LivingNote) -> _Handle:
    return row.author if row.imported else None


def _by_the_importer(row: LivingNote) -> _Handle:
    return True if row.author == _BY_IMPORTER else None


# Of two rows with the text, that with the note's own account and type is the first export's row of it.
_CLOSER: tuple[Likeness[_Told, LivingNote], ...] = (
    Likeness(
        lambda note: (note.author, note.note_type),
        lambda row: (row.author, row.note_type) if row.imported else None,
    ),
    Likeness(lambda note: note.author, _by_its_account),
    Likeness(lambda _: True, _by_the_importer),
    Likeness(lambda note: note.author, lambda row: row.author),
)
