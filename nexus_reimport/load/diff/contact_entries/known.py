"""What is kept of the entries last written: digests, so that nobody's number or address is kept twice.

Four of each entry: of its value, its label, its content and what is more. Each has the row's id in it, so
that no two patients' can be compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from nexus_reimport.load.diff.contact_entries.entry import Entry


@dataclass(frozen=True)
class Known:
    """One entry as last written, in digests."""

    value: UUID
    label: UUID
    content: UUID
    more: UUID


@dataclass(frozen=True)
class Digester:
    """Makes the digests of one row's entries."""

    row_id: str

    def known(self, entry: Entry) -> Known:
        """Return the digests of an entry."""
        return Known(self.value(entry), self.label(entry, entry.label), self.content(entry), self.more(entry))

    def value(self, entry: Entry) -> UUID:
        """Return the digest of what an entry says."""
        return self._digest("value", entry.kind, entry.value)

    def label(self, entry: Entry, label: str | None) -> UUID:
        """Return the digest that an entry of that kind has with that label."""
        return self._digest("label", entry.kind, label or "")

    def content(self, entry: Entry) -> UUID:
        """Return the digest of an entry's content to the letter."""
        return self._digest("content", entry.kind, *entry.content)

    def more(self, entry: Entry) -> UUID:
        """Return the digest of what more an entry has."""
        return self._digest("more", entry.kind, *(entry.more or ()))

    def _digest(self, *parts: str) -> UUID:
        text = "\x1f".join((self.row_id, *parts))
        return UUID(bytes=blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())


def flattened(known: Iterable[Known]) -> list[UUID]:
    """Return the digests of entries in one row, as a column keeps them."""
    return [digest for one in known for digest in (one.value, one.label, one.content, one.more)]


def of_column(digests: Sequence[UUID]) -> list[Known]:
    """Return the entries of which a column keeps the digests."""
    return [Known(*four) for four in zip(*[iter(digests)] * 4, strict=True)]
