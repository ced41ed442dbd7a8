"""Which living messages are which of FileMaker's: no older import ever wrote one, all were sent from Nexus.

A message is known by the gateway's id, else by patient, text and the minute it was sent in. What is sent from
a patient's page has two rows: one with the patient, and one with the gateway's id but without the patient.
The latter is the message.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from nexus_reimport.transform.adoption.candidates import Candidates
from nexus_reimport.transform.adoption.rows_in_nexus import LivingMessage

MINUTE = 60 * 1_000_000

_Handle = tuple[str, str, str]


@dataclass(frozen=True)
class AdoptableMessage:
    """A message to be published: its place among them, `patient` by UUID ("" for none), digests.

    `text`: `bare_digest`. `number`: digest of it as it is compared. `gateway`: its id there.
    `sent`: microseconds since 1970 UTC; when it was made, if nothing says.
    """

    place: int
    key: str
    patient: str
    text: str
    number: str
    gateway: str
    sent: int


def adopt_messages(
    messages: Sequence[AdoptableMessage], candidates: Candidates[LivingMessage]
) -> dict[int, str]:
    """Return the messages' places to the UUIDs of their living rows."""
    ordered = sorted(messages, key=lambda message: (message.sent, message.key))
    found = dict(_by_gateway(ordered, candidates))
    taken = set(found.values())
    left = [message for message in ordered if message.place not in found]
    free = [row for row in candidates.rows if row.id not in taken]
    found.update(_by_text(left, Candidates(free, candidates.owners)))
    return found


def _by_gateway(
    messages: Sequence[AdoptableMessage], candidates: Candidates[LivingMessage]
) -> Iterable[tuple[int, str]]:
    """Yield messages and rows of one gateway's id; of several rows the patient's first, then the oldest."""
    by_id: defaultdict[str, list[LivingMessage]] = defaultdict(list)
    for row in candidates.rows:
        if row.gateway:
            by_id[row.gateway].append(row)
    for message in messages:
        alike = by_id.get(message.gateway, [])
        if alike:
            own = (
                row
                for row in alike
                if message.patient and candidates.owners.get(row.patient) == message.patient
            )
            row = next(own, alike[0])
            alike.remove(row)
            yield message.place, row.id


def _by_text(
    messages: Sequence[AdoptableMessage], candidates: Candidates[LivingMessage]
) -> Iterable[tuple[int, str]]:
    """Yield messages and rows of one patient and text, sent within a minute: at the same instant first.

    Without a patient the number must be the same: what is sent to many is sent in one minute. A row with
    another id at the gateway is another message.
    """
    by_text: defaultdict[_Handle, list[LivingMessage]] = defaultdict(list)
    for row in candidates.rows:
        patient = candidates.owners.get(row.patient, row.patient)
        by_text[_handle(patient, row.text, row.number)].append(row)
    alike: defaultdict[_Handle, list[AdoptableMessage]] = defaultdict(list)
    for message in messages if by_text else ():
        handle = _handle(message.patient, message.text, message.number)
        if handle in by_text:
            alike[handle].append(message)
    for handle, some in alike.items():
        yield from _nearest(some, sorted(by_text[handle], key=lambda row: row.sent))


def _handle(patient: str, text: str, number: str) -> _Handle:
    return patient, text, "" if patient else number


def _nearest(messages: Sequence[AdoptableMessage], rows: list[LivingMessage]) -> Iterable[tuple[int, str]]:
    """Yield what was sent at one instant, then what is within a minute, in order of time."""
    for reach in (0, MINUTE):
        left = []
        for message in messages:
            row = _first_within(message, rows, reach)
            if row is None:
                left.append(message)
            else:
                rows.remove(row)
                yield message.place, row.id
        messages = left


def _first_within(
    message: AdoptableMessage, rows: Sequence[LivingMessage], reach: int
) -> LivingMessage | None:
    """Return the first of the rows, which are in order of time, that may be the message."""
    first = bisect_left(rows, message.sent - reach, key=lambda row: row.sent)
    for row in islice(rows, first, None):
        if row.sent > message.sent + reach:
            return None
        if not (row.gateway and message.gateway and row.gateway != message.gateway):
            return row
    return None
