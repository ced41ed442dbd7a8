"""Days of a clinic, generated: bookings, edits, deletions, now and then something big. All are ordinary."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from nexus_reimport.model.filemaker import BY_ASSET, ENTITY_SETS
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport_tests.staged_clinic import LISTING, Sources, extracted
from nexus_reimport_tests.transform.records import listing

Row = dict[str, Any]
FIRST_DAY = date(2026, 7, 1)
DOCUMENTS = "patients/filemaker-import/documents/"


@dataclass
class Clinic:
    """What FileMaker and the bucket have, as days go by. `rows` are by asset, `files` keys and sizes."""

    sources: Sources
    rows: dict[str, list[Row]]
    files: dict[str, int]
    chance: random.Random
    today: date = FIRST_DAY
    big_days: dict[int, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.big_days = {
            20: self.mend_the_numbers,
            35: self.close_a_clinic,
            50: self.take_over_another_practice,
            65: self.reschedule_a_week,
            80: self.throw_old_messages_away,
            90: self.file_a_year_of_documents,
        }

    def a_day(self, number: int) -> None:
        """Let a day go by: its ordinary work and, on some days, something big."""
        self.today = FIRST_DAY + timedelta(days=number)
        for _ in range(self.chance.randint(0, 2)):
            self.register(self.some("contacts"))
        for asset, fields in EDITED.items():
            for _ in range(self.chance.randint(0, max(1, len(self.rows[asset]) // 150))):
                self.edit(asset, self.chance.choice(fields))
        for asset in ("events", "notes", "messages", "docs"):
            for _ in range(self.chance.randint(0, 1 + len(self.rows[asset]) // 300)):
                self.add_like(asset, self.some(asset))
        for asset in ("events", "contact_details", "notes"):
            if self.chance.random() < 0.4:
                self.rows[asset].remove(self.some(asset))
        self.empty_a_field()
        self.big_days.get(number, lambda: None)()

    def some(self, asset: str) -> Row:
        """A record."""
        return self.chance.choice(self.rows[asset])

    def stamped(self, row: Row) -> Row:
        """The record, changed today."""
        at = datetime.combine(self.today, datetime.min.time()) + timedelta(minutes=self.chance.randrange(900))
        return {**row, "modificationTimestamp": f"{at.isoformat()}+10:00", "modificationAccountName": "desk"}

    def add_like(self, asset: str, like: Row, **given: Any) -> Row:
        """Add a record like another one, under an id of its own."""
        entity_set = BY_ASSET[asset]
        own = {entity_set.key: str(uuid.UUID(int=self.chance.getrandbits(128))).upper(), **given}
        row = self.stamped({**like, **own})
        row["creationTimestamp"] = row["modificationTimestamp"]
        if asset == "docs":
            self.files[f"{DOCUMENTS}P-1/erf/{own[entity_set.key]}.pdf"] = self.chance.randrange(9_000, 90_000)
        self.rows[asset].append(row)
        return row

    def register(self, like: Row) -> None:
        """A new patient, with what is mostly known of one."""
        new = self.add_like("contacts", like, nameLast=f"New {self.chance.randrange(9**9)}")
        for one in [one for one in self.rows["contact_details"] if one["id_key"] == like["id"]][:3]:
            self.add_like("contact_details", one, id_key=new["id"])

    def edit(self, asset: str, name: str) -> None:
        """Give a field of some record what another record has there."""
        place = self.chance.randrange(len(self.rows[asset]))
        value = self.some(asset)[name]
        self.rows[asset][place] = self.stamped({**self.rows[asset][place], name: value})

    def edit_where(self, asset: str, chosen: Callable[[Row], bool], **given: Any) -> None:
        """Give the records that are chosen other values, all at once and so all of them stamped alike."""
        at = self.stamped({})
        self.rows[asset] = [{**row, **given, **at} if chosen(row) else row for row in self.rows[asset]]

    def empty_a_field(self) -> None:
        """Somebody takes a value out of a record."""
        place = self.chance.randrange(len(self.rows["contacts"]))
        name = self.chance.choice(EDITED["contacts"])
        self.rows["contacts"][place] = self.stamped({**self.rows["contacts"][place], name: None})

    def close_a_clinic(self) -> None:
        """The clinic that has fewest patients goes, and its patients and bookings to another."""
        of = [row["id_Clinic"] for row in self.rows["contacts"] if row["id_Clinic"]]
        goes, stays = min(set(of), key=lambda one: (of.count(one), one)), max(set(of), key=of.count)
        self.edit_where("contacts", lambda row: row["id_Clinic"] == goes, id_Clinic=stays)
        self.edit_where("events", lambda row: row["idCal"] == goes, idCal=stays)
        self.rows["clinics"] = [row for row in self.rows["clinics"] if row["id"] != goes]

    def reschedule_a_week(self) -> None:
        """A week's bookings, one in twenty of all, move by a day."""
        moved = {id(row) for row in self.chance.sample(self.rows["events"], len(self.rows["events"]) // 20)}
        day = (self.today + timedelta(days=8)).isoformat()
        self.edit_where("events", lambda row: id(row) in moved, startDate=day, endDate=day)

    def mend_the_numbers(self) -> None:
        """One number in thirty is written in another way."""
        mended = {
            id(row)
            for row in self.chance.sample(
                self.rows["contact_details"], len(self.rows["contact_details"]) // 30
            )
        }
        self.edit_where(
            "contact_details", lambda row: id(row) in mended and bool(row["ph"]), ph="0400 111 222"
        )

    def take_over_another_practice(self) -> None:
        """One patient in twelve is new, and nobody knows when they were born, nor their health number."""
        for like in self.chance.sample(self.rows["contacts"], len(self.rows["contacts"]) // 12):
            self.add_like("contacts", like, DOB=None, **{"Health Number": None})

    def throw_old_messages_away(self) -> None:
        """The oldest messages go, one in twelve."""
        self.rows["messages"] = self.rows["messages"][len(self.rows["messages"]) // 12 :]

    def file_a_year_of_documents(self) -> None:
        """One document in ten more, and all of them marked as exported at one moment."""
        for like in self.chance.sample(self.rows["docs"], len(self.rows["docs"]) // 10):
            self.add_like("docs", like)
        self.edit_where("docs", lambda _: True, NexusExportDate=self.today.isoformat())

    def now(self) -> Sources:
        """The sources as they would be read now."""
        frames = {f"filemaker/{one.asset}": extracted(one, self.rows[one.asset]) for one in ENTITY_SETS}
        return self.sources.having({**frames, LISTING: listing(*self.files.items())})


EDITED = {
    "contacts": (
        "title",
        "nameFirst",
        "DOB",
        "gender",
        "Health Number",
        "Area",
        "Funding",
        "id_Clinic",
        "NDIS Plan End Date",
    ),
    "contact_details": ("ph", "Name", "address 1", "suburb", "post code"),
    "events": ("title", "startTime", "endTime", "idCal", "note", "Consult Notes", "Status"),
    "notes": ("Note", "Note Type", "Date"),
    "docs": ("Type", "Date"),
}


def clinic_of(synthetic: SyntheticClinic, sources: Sources, seed: int = 5) -> Clinic:
    """The synthetic clinic on its first day."""
    rows = {
        one.asset: [{name: row.get(name) for name in one.names} for row in synthetic.entities[one.entity]]
        for one in ENTITY_SETS
    }
    files = {one.key: len(one.body) for one in synthetic.objects}
    return Clinic(sources, rows, files, random.Random(seed))  # noqa: S311 - the same days for everybody
