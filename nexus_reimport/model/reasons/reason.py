"""What a reason is: a code, what it means, of which tables and fields it is said, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

ReasonKind: TypeAlias = Literal["reject", "warning", "refusal", "removal", "finding"]

IMAGE_CSV = "image_csv"  # the table of rows that the image export's reading rejects
IN_FILEMAKER = "Correct it in FileMaker."
IN_THE_EXPORT = "Correct it in FileMaker, then export the images again."
NOTHING = "Nothing needs doing."


@dataclass(frozen=True)
class Use:
    """One way in which a reason is said.

    `kinds`: "reject" is of a source row that is not published, "warning" of a row that is; "refusal" of a
    whole file; "removal" of a row that a publication took out of Nexus; "finding" of one that stays.
    `tables` may have it; any table where there are none. `fields` are named with it, FileMaker's of a reject,
    else Nexus's; any field where there are none. `meaning` is for engineers, `words` for people where the
    reason's own do not fit these tables.
    """

    kinds: tuple[ReasonKind, ...]
    tables: tuple[str, ...]
    fields: tuple[str, ...]
    meaning: str
    words: str = ""

    def is_of(self, kind: ReasonKind, table: str, field: str) -> bool:
        """Say whether the reason is said so."""
        return (
            kind in self.kinds
            and (not self.tables or table in self.tables)
            and (not self.fields or field in self.fields)
        )


class Reason(str):
    """A reason code: as text it is the code, which is what frames and Nexus hold.

    `words` say it to people who know no program, `advice` what to do about it; `uses` where it is said.
    """

    words: str
    uses: tuple[Use, ...]
    advice: str

    def __new__(cls, code: str, words: str = "", *uses: Use, advice: str = "") -> "Reason":
        """Return the reason; `words` are one sentence or more, without codes."""
        reason = super().__new__(cls, code)
        reason.words = words or f"The reason has no explanation yet; its code is {code}."
        reason.uses = uses
        reason.advice = advice
        return reason

    def words_for(self, table: str) -> str:
        """Return what the reason means of a table's row."""
        own = (use.words for use in self.uses if table in use.tables and use.words)
        return next(own, self.words)

    def field_of(self, table: str, otherwise: str) -> str:
        """Return the one field to blame in a table; where none is declared, or are several, the other."""
        named = (use.fields[0] for use in self.uses if table in use.tables and len(use.fields) == 1)
        return next(named, otherwise)

    def is_said(self, kind: ReasonKind, table: str, field: str) -> bool:
        """Say whether the reason is declared of that field of that table, and as of that kind."""
        return any(use.is_of(kind, table, field) for use in self.uses)


def reject(tables: str, fields: str, meaning: str, words: str = "") -> Use:
    """Return the use in rejects: names of tables and fields with commas between, empty for any."""
    return Use(("reject",), _names(tables), _names(fields), meaning, words)


def warning(tables: str, fields: str, meaning: str, words: str = "") -> Use:
    """Return the use in warnings: names of tables and fields with commas between, empty for any."""
    return Use(("warning",), _names(tables), _names(fields), meaning, words)


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def declared_in(names: dict[str, object]) -> Sequence[Reason]:
    """Return the reasons among a module's names, in the order in which they are declared."""
    return [value for value in names.values() if isinstance(value, Reason)]
