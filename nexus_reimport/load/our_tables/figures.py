"""What each publication was made of: kept in our schema, so that it commits with the rows.

What was published and rolled back since counts no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from nexus_reimport.load.database.connection import Connection
from nexus_reimport.load.database.postgres_errors import explained
from nexus_reimport.load.our_tables.migrations import reading
from nexus_reimport.transform.source_figures import SourceFigures, figures_from_json

_LAST = """
    SELECT DISTINCT ON (s.key) s.key, s.value
    FROM publications p, jsonb_each(p.sources) s
    WHERE p.kind = 'publication' AND p.undone_by IS NULL
    ORDER BY s.key, p.id DESC
"""


@dataclass(frozen=True)
class MadeOf:
    """What a publication is made of: a digest of the code that decides rows, and the sources by asset.

    `versions`: a digest of the content of each; `figures`: how much it says.
    """

    code: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, SourceFigures] = field(default_factory=dict)

    def has_sources_of(self, other: "MadeOf") -> bool:
        """Say whether every source of the other is one of these, with the very same content."""
        return all(self.versions.get(name) == version for name, version in other.versions.items())


# Of whoever publishes without saying so; all such are alike.
NOTHING_KNOWN = MadeOf()


def record_made_of(
    connection: Connection, publication: int, made_of: MadeOf, changes: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write down what a publication was made of, and its changes by table, inside its own transaction."""
    sources = {
        name: {**figures.as_json(), "version": made_of.versions.get(name)}
        for name, figures in made_of.figures.items()
    }
    connection.execute(
        "UPDATE publications SET code = %s, sources = %s, changes = %s WHERE id = %s",
        [made_of.code, Jsonb(sources), Jsonb(dict(changes)), publication],
    )


def read_last_made_of(connection: Connection, table: str) -> MadeOf:
    """Return what the last publication of a table that stands was made of, without the figures.

    The ledger's relations must be in sight. Of an older release's publication the code is not known.
    """
    row = connection.execute(
        "SELECT code, sources FROM publications"
        " WHERE kind = 'publication' AND undone_by IS NULL AND tables ? %s ORDER BY id DESC LIMIT 1",
        [table],
    ).fetchone()
    code, sources = row or (None, {})
    versions = {name: one.get("version") for name, one in sources.items()}
    return MadeOf("unknown" if code is None else code, versions)


def read_last_figures(url: str) -> dict[str, SourceFigures]:
    """Return by source how much it said at the last publication that stands. Raises a PublicationError."""
    try:
        with reading(url, "reading figures") as connection:
            return {str(name): figures_from_json(kept) for name, kept in connection.execute(_LAST)}
    except psycopg.Error as error:
        raise explained(error) from None
