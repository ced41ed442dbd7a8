"""What an entry is, whichever shape it stands in: a number, an email or an address under its label."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from nexus_reimport.transform.contact_shape import MOBILE, PHONE
from nexus_reimport.transform.phones import comparable_number

EMAIL, ADDRESS = "email", "address"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Entry:
    """One entry. `content`: what is written in it, in parts.

    `label` and `more` are None where the shape says none. `more`: parts that follow the content, as an
    address's country. `own`: what Nexus has of it that FileMaker knows nothing of.
    """

    kind: str
    content: tuple[str, ...]
    label: str | None = None
    more: tuple[str, ...] | None = None
    is_default: bool = False
    own: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def group(self) -> str:
        """Which list the entry is in: each has its own default."""
        return PHONE if self.kind == MOBILE else self.kind

    @property
    def value(self) -> str:
        """What the entry says, however it is written: the same number with blanks is the same number."""
        text = "\n".join(" ".join(part.split()) for part in self.content)
        return (comparable_number(text) if self.group == PHONE else "") or text.casefold()


@dataclass(frozen=True)
class Held:
    """All entries of a column, and the keys of its top level that FileMaker knows nothing of (`own`).

    `leads`: what its top level says, which is mostly one of the entries again; with a label where it could be
    an entry under that label as well. `is_partial`: the shape has room for the first entry alone, so others
    that are not in it were not taken out. `lacks_first`: it has room for that, and the room is blank.
    """

    entries: tuple[Entry, ...]
    leads: tuple[Entry, ...] = ()
    is_partial: bool = False
    lacks_first: bool = False
    own: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


class NotUnderstood(Exception):
    """A shape that nobody is known to write. It never leaves this package."""
