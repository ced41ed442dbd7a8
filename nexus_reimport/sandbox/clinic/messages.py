"""API_Messages: SMS matched by contact, by number, by neither; the rejected; the dirt of all."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from nexus_reimport.sandbox.clinic.chance import CLINIC_ZONE, TODAY, Chance, Row, record_stamps
from nexus_reimport.sandbox.clinic.details import Directory
from nexus_reimport.sandbox.clinic.dirt import Dirt, DirtLedger, changing, mixed_case, setting, spread
from nexus_reimport.sandbox.clinic.figures import Figures
from nexus_reimport.sandbox.clinic.patients import People
from nexus_reimport.sandbox.clinic.phones import WAYS_TO_WRITE, without_plus
from nexus_reimport.sandbox.clinic.words import sentence

_STATUSES: Final = (
    "Sent",
    "sent",
    "Delivered",
    "delivered",
    "Failed",
    "Pending",
    "Cancelled",
    "Queued",
    "",
    None,
)
EMPTY_BODIES: Final = (None, "")
_FIRST_DAY: Final = date(2017, 5, 1)


@dataclass(frozen=True)
class _Mailroom:
    """What a message is made from."""

    patients: list[str]
    events: list[str]
    directory: Directory
    chance: Chance

    def number(self) -> str:
        """Return a number of just one patient."""
        return self.owner()[0]

    def owner(self) -> tuple[str, str]:
        """Return a number and the one patient who has it."""
        owned = self.directory.own_numbers
        return owned[self.chance.below(len(owned))]


def messages(
    figures: Figures,
    people: People,
    events: list[Row],
    found: Directory,
    seed: int,
    scale: float,
    ledger: DirtLedger,
) -> list[Row]:
    """Return API_Messages' rows; how each is matched to a patient is in the ledger's places."""
    chance = Chance(f"{seed}/messages")
    ids = [str(row["id"]).upper() for row in people.patients]
    room = _Mailroom(ids, [str(row["id"]).upper() for row in events], found, chance)
    kept = _matched(figures, room, ledger) + _unmatched(figures, people, room, ledger)
    _spoil(kept, figures.messages_by_contact, seed, scale, ledger)
    empty = [_empty(place, room) for place in range(figures.empty_messages)]
    numberless = [_numberless(place, room) for place in range(figures.messages_without_number)]
    for rows, reason in ((empty, "empty_body"), (numberless, "no_number")):
        for row in rows:
            ledger.reject("sms_messages", row["_kp_MessageID"], reason)
    rows = [*kept, *empty, *numberless]
    chance.shuffle(rows)
    return rows


def _spoil(kept: list[Row], by_contact: int, seed: int, scale: float, ledger: DirtLedger) -> None:
    """Spoil rows in place; a spoilt number or contact id may not change who the message is for."""
    chance = Chance(f"{seed}/message dirt")
    half = by_contact // 2
    spread(kept[:half], ADDRESSED_DIRT, chance, scale, ledger, key="_kp_MessageID")
    spread(kept[half:], MESSAGE_DIRT, chance, scale, ledger, key="_kp_MessageID")


def _matched(figures: Figures, room: _Mailroom, ledger: DirtLedger) -> list[Row]:
    by_contact = [
        _message(room.patients[room.chance.below(len(room.patients))], room.number(), room)
        for _ in range(figures.messages_by_contact)
    ]
    ledger.note("message_by_contact", [row["_kp_MessageID"] for row in by_contact])
    by_number = [_message(None, room.number(), room) for _ in range(figures.messages_by_number)]
    ledger.note("message_by_own_number", [row["_kp_MessageID"] for row in by_number])
    return by_contact + by_number


def _unmatched(figures: Figures, people: People, room: _Mailroom, ledger: DirtLedger) -> list[Row]:
    """Return messages that no patient can be found for: they are kept, with no patient."""
    chance, book = room.chance, room.directory.book
    shared = room.directory.family_numbers or [book.mobile()]
    family = [
        _message(None, shared[chance.below(len(shared))], room)
        for _ in range(figures.messages_to_family_numbers)
    ]
    ledger.note("message_to_family_number", [row["_kp_MessageID"] for row in family])
    unknown = [_message(None, book.mobile(), room) for _ in range(figures.messages_to_unknown_numbers)]
    ledger.note("message_to_unknown_number", [row["_kp_MessageID"] for row in unknown])
    gone = [
        _message(chance.identifier(), book.mobile(), room)
        for _ in range(figures.messages_of_unknown_contacts)
    ]
    for row, nameless in zip(gone, people.nameless, strict=False):
        row["_kf_ContactID"] = nameless["id"]
    ledger.note("message_of_unknown_contact", [row["_kp_MessageID"] for row in gone])
    return family + unknown + gone


def _message(contact: str | None, number: str, room: _Mailroom) -> Row:
    chance = room.chance
    stamps = record_stamps(chance)
    body = " ".join(sentence(chance) for _ in range(1 + chance.below(4)))
    return {
        "_kp_MessageID": chance.identifier(),
        "_kf_ContactID": contact if contact or chance.percent(60) else "",
        "_kf_EventID": room.events[chance.below(len(room.events))] if chance.percent(60) else None,
        "MessageBody": f"{body} Ref {chance.below(900000) + 100000}",
        "MessageStatus": _STATUSES[chance.below(len(_STATUSES))],
        "SentTimestamp": _sent(chance),
        "RecipientPhoneMobile": WAYS_TO_WRITE[chance.below(len(WAYS_TO_WRITE))](number),
        "RecipientPhoneMobileIntFormat": without_plus(number) if chance.percent(70) else None,
        "_kf_GatewayMessageID": f"SYNGW{chance.getrandbits(64):016x}" if chance.percent(85) else None,
        "SMSCredits": 1 + len(body) // 160,
        **stamps,
    }


def _sent(chance: Chance) -> str:
    day = chance.day(_FIRST_DAY, TODAY)
    clock = 8 + chance.below(10), chance.below(60), chance.below(60)
    return datetime(day.year, day.month, day.day, *clock, tzinfo=CLINIC_ZONE).isoformat()


def _empty(place: int, room: _Mailroom) -> Row:
    """Return a message without text; every fifth has no number either."""
    row = _message(room.patients[room.chance.below(len(room.patients))], room.number(), room)
    row["MessageBody"] = EMPTY_BODIES[place % len(EMPTY_BODIES)]
    if place % 5 == 4:
        row["RecipientPhoneMobile"] = row["RecipientPhoneMobileIntFormat"] = None
    return row


def _numberless(place: int, room: _Mailroom) -> Row:
    row = _message(room.patients[room.chance.below(len(room.patients))], room.number(), room)
    row["RecipientPhoneMobile"] = "" if place % 2 else None
    row["RecipientPhoneMobileIntFormat"] = "" if place % 3 == 1 else None
    return row


def _unknown_event(row: Row, chance: Chance) -> None:
    row["_kf_EventID"] = chance.identifier()


def _only_international(row: Row, chance: Chance) -> None:
    if not row["RecipientPhoneMobileIntFormat"]:
        row["RecipientPhoneMobileIntFormat"] = row["RecipientPhoneMobile"]
    row["RecipientPhoneMobile"] = "" if chance.percent(50) else None


def _two_numbers(row: Row, _chance: Chance) -> None:
    row["RecipientPhoneMobile"] = f"{row['RecipientPhoneMobile']} or, after six, the neighbour's"
    row["RecipientPhoneMobileIntFormat"] = None


def _words_in_place_of_number(row: Row, _chance: Chance) -> None:
    """Leave the number in the international field only, and words where the desk types it."""
    if not row["RecipientPhoneMobileIntFormat"]:
        row["RecipientPhoneMobileIntFormat"] = row["RecipientPhoneMobile"]
    row["RecipientPhoneMobile"] = "ask at the desk"


ADDRESSED_DIRT: Final = (
    Dirt("mixed_case_contact_of_message", 60, changing("_kf_ContactID", mixed_case)),
    Dirt("over_long_number_of_message", 6, _two_numbers),
    Dirt("words_in_place_of_number_of_message", 4, _words_in_place_of_number),
)
MESSAGE_DIRT: Final = (
    Dirt("mixed_case_message_id", 30, changing("_kp_MessageID", mixed_case)),
    Dirt("message_of_unknown_event", 40, _unknown_event),
    Dirt("message_with_international_number_only", 60, _only_international),
    Dirt("message_without_sent_time", 15, setting("SentTimestamp", None, "")),
    Dirt("nul_in_message", 5, changing("MessageBody", lambda old: f"{old[:8]}\u0000{old[8:]}")),
    Dirt("emoji_in_message", 40, changing("MessageBody", lambda old: f"{old} 👍🏽")),
    Dirt("carriage_return_in_message", 60, changing("MessageBody", lambda old: old.replace(". ", ".\r"))),
    Dirt("many_part_message", 15, changing("MessageBody", lambda old: " ".join([old] * 6))),
)
