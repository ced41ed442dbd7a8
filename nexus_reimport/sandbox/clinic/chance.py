"""The clinic's only source of chance: seeded streams of ids, days and record stamps. No clock, no hash()."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

Row = dict[str, object]

CLINIC_ZONE: Final = ZoneInfo("Australia/Sydney")
TODAY: Final = date(2026, 6, 30)
"""The clinic's fixed present: nothing in it was made after this day."""
LAST_BOOKING: Final = date(2027, 12, 31)

BULK_IMPORT_STAMPS: Final = (
    "2016-10-14T10:02:28+10:00",  # the host's winter offset on a summer day, as seen on the real server
    "2018-07-02T09:15:00+10:00",
    "2021-11-20T17:40:11+11:00",
)
ACCOUNTS: Final = ("Pebble", "Saffron", "Juniper", "import", "Front Desk")

_FIRST_RECORD = int(datetime(2016, 10, 14, tzinfo=UTC).timestamp())
_LAST_RECORD = int(datetime(2026, 6, 29, tzinfo=UTC).timestamp())


class Chance(random.Random):
    """A stream of chance named by a text, such as "7/events": the same text, the same stream, anywhere."""

    def identifier(self) -> str:
        """Return a version 4 UUID in UPPER case, as FileMaker writes it."""
        number = self.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
        text = f"{number:032X}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def row_id(self) -> str:
        """Return a version 4 UUID in lower case, as Nexus writes it."""
        return self.identifier().lower()

    def below(self, limit: int) -> int:
        """Return a whole number from 0 to limit - 1; quicker than randrange."""
        return int(self.random() * limit)

    def percent(self, share: int) -> bool:
        """Return True in `share` of a hundred cases."""
        return self.random() * 100 < share

    def day(self, first: date, last: date) -> date:
        """Return a day from first to last, both included."""
        return first + timedelta(days=self.below((last - first).days + 1))


def sydney_stamp(seconds: int) -> str:
    """Return an epoch second as ISO 8601 with the offset Sydney has at that instant."""
    return datetime.fromtimestamp(seconds, CLINIC_ZONE).isoformat()


def record_stamps(chance: Chance) -> Row:
    """Return the four fields FileMaker keeps about each record; a third come from a bulk import."""
    created = _FIRST_RECORD + chance.below(_LAST_RECORD - _FIRST_RECORD)
    modified = created + chance.below(_LAST_RECORD - created + 1)
    bulk = chance.below(3 * len(BULK_IMPORT_STAMPS))
    return {
        "creationTimestamp": BULK_IMPORT_STAMPS[bulk]
        if bulk < len(BULK_IMPORT_STAMPS)
        else sydney_stamp(created),
        "modificationTimestamp": sydney_stamp(modified),
        "creationAccountName": ACCOUNTS[chance.below(len(ACCOUNTS))],
        "modificationAccountName": ACCOUNTS[chance.below(len(ACCOUNTS))],
    }
