"""The book: what the sandbox knows of every older row, and no row says. For judges only."""

from dataclasses import dataclass, field

Key = str
"""A record of FileMaker: its lower-case id; of a batch `{lower-case contact id}/{ISO day, or unknown}`."""


@dataclass
class Book:
    """Of each row its relation, its id, and where it came from.

    `sources`: by relation and row id the one record of FileMaker it was made from. `unknowable`: rows that
    were made from records but no longer say which, such as a note whose text the sheet turned into a date.
    `silent`: notes that say their patient and text only, so that of two such records either may be theirs.
    `people`: by relation the ids of rows that people made; `look_alikes`: those of them that are like one row
    of an import in all but one thing. `edits`: by relation and row id the columns of an import's row that a
    person has changed since, and what they hold. `worked_on`: ids of imported appointments that somebody went
    on with, and which FileMaker decides about all the same. `shared`: ids of imported batches with a picture
    of a person's in them. `strays`: keys in S3 that no row names.
    """

    sources: dict[str, dict[str, Key]] = field(default_factory=dict)
    unknowable: dict[str, set[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    people: dict[str, set[str]] = field(default_factory=dict)
    look_alikes: set[str] = field(default_factory=set)
    edits: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)
    worked_on: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)

    def came_from(self, relation: str, row_id: object, key: object) -> None:
        """Write down a row's record."""
        self.sources.setdefault(relation, {})[str(row_id)] = str(key).lower()

    def says_no_longer(self, relation: str, row_id: object) -> None:
        """Write down that no reader can tell a row's record."""
        self.unknowable.setdefault(relation, set()).add(str(row_id))

    def is_peoples(self, relation: str, row_id: object) -> None:
        """Write down that a person made a row."""
        self.people.setdefault(relation, set()).add(str(row_id))

    def is_edited(self, relation: str, row_id: object, column: str, value: object) -> None:
        """Write down that a person changed a column of an import's row."""
        self.edits.setdefault(relation, {}).setdefault(str(row_id), {})[column] = value

    def forget(self, relation: str, row_id: object) -> None:
        """Take out a row that was deleted."""
        self.sources.get(relation, {}).pop(str(row_id), None)
        self.unknowable.get(relation, set()).discard(str(row_id))
