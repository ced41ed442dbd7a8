"""How much each source said at each publication: kept in our schema, so that it commits with the rows.

What was published and rolled back since counts no more.
"""

from collections.abc import Mapping

import psycopg
from psycopg.types.json import Jsonb

from nexus_reimport.publish import ledger
from nexus_reimport.publish.connection import Connection, read_only_snapshot
from nexus_reimport.publish.refusals import explained
from nexus_reimport.transform.figures import SourceFigures, figures_from_json

_LAST = """
    SELECT DISTINCT ON (s.key) s.key, s.value
    -- By way of jsonb: the columns came later than the relation
    FROM nexus_reimport.publications p, jsonb_each(coalesce(to_jsonb(p)->'sources', '{}')) s
    WHERE coalesce(to_jsonb(p)->>'kind', 'publication') = 'publication' AND to_jsonb(p)->>'undone_by' IS NULL
    ORDER BY s.key, p.id DESC
"""


def record_figures(
    connection: Connection, publication: int, code: str, sources: Mapping[str, SourceFigures]
) -> None:
    """Write down what a publication was made of, and by which code, inside its own transaction."""
    connection.execute(
        "UPDATE nexus_reimport.publications SET code = %s, sources = %s WHERE id = %s",
        [code, Jsonb({name: one.as_json() for name, one in sources.items()}), publication],
    )


def read_last_figures(url: str) -> dict[str, SourceFigures]:
    """Return by source how much it said at the last publication that stands. Raises a PublicationError."""
    try:
        with read_only_snapshot(url, "reading figures") as connection:
            if not ledger.exists(connection, "publications"):
                return {}
            return {str(name): figures_from_json(kept) for name, kept in connection.execute(_LAST)}
    except psycopg.Error as error:
        raise explained(error) from None
