"""Constraint triggers that make PostgreSQL itself refuse a generic link that points at no patient.

Of batches, documents, relationships, and of whatever else has a content type and an id beside it; logs aside.

Off by default: they are put into Nexus, and taken out again, by one command. They are checked at COMMIT, so
any order of writing inside a transaction works, as with Nexus's own foreign keys.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from nexus_reimport.load.database.connection import Connection, connect
from nexus_reimport.load.diff.references import LOGS, Reference, references_to
from nexus_reimport.load.exceptions import PublicationError
from nexus_reimport.model.nexus import PATIENTS

LINK_TRIGGER = "nexus_reimport_link"
DELETE_TRIGGER = "nexus_reimport_patient"

_FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS nexus_reimport;

CREATE OR REPLACE FUNCTION nexus_reimport.refuse_link_to_nobody() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    patient uuid;
BEGIN
    -- The row as it is at COMMIT: a later statement may have mended or removed it.
    EXECUTE format(
        'SELECT t.%I FROM %I.%I t JOIN django_content_type c ON c.id = t.%I
            WHERE t.id = $1 AND c.app_label = ''patients'' AND c.model = ''patient''',
        TG_ARGV[0], TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[1]) INTO patient USING NEW.id;
    IF patient IS NULL THEN
        RETURN NULL;
    END IF;
    -- Locked as a foreign key locks it: nobody deletes the patient in the same moment.
    PERFORM FROM patients p WHERE p.id = patient FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('%s %s would point at a patient who is not there', TG_TABLE_NAME, NEW.id),
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION nexus_reimport.refuse_to_leave_links_behind() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM patients WHERE id = OLD.id) THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM ({links}) t
        JOIN django_content_type c ON c.id = t.content_type_id
        WHERE c.app_label = 'patients' AND c.model = 'patient')
    THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('patient %s still has photographs or documents, or a relationship', OLD.id),
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
"""

_LINK = """
CREATE CONSTRAINT TRIGGER {trigger} AFTER INSERT OR UPDATE OF {column}, {type_column} ON {relation}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION nexus_reimport.refuse_link_to_nobody({column_name}, {type_name})
"""
_LINKS_OF = "SELECT {type_column} AS content_type_id FROM {relation} WHERE {column} = OLD.id"
_INSTALLED = """
    SELECT n.nspname, c.relname, t.tgname FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE t.tgname = %(patient)s OR starts_with(t.tgname, %(link)s)
"""
_DELETE = """
CREATE CONSTRAINT TRIGGER {trigger} AFTER DELETE OR UPDATE OF id ON patients
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nexus_reimport.refuse_to_leave_links_behind()
"""


def install(url: str) -> None:
    """Put the triggers into Nexus, in one transaction; those that are there are replaced.

    Rows that point at nobody already are not touched; changing one, but to mend it, will be refused.
    """
    with _explained(), connect(url, "guard") as connection:
        _drop_triggers(connection)
        links = _links(connection)
        connection.execute(_functions(links))
        for one in links:
            connection.execute(_link_trigger(one))
        connection.execute(sql.SQL(_DELETE).format(trigger=sql.Identifier(DELETE_TRIGGER)))


def remove(url: str) -> None:
    """Take the triggers out of Nexus, with their functions."""
    with _explained(), connect(url, "guard") as connection:
        _drop_triggers(connection)
        connection.execute("DROP FUNCTION IF EXISTS nexus_reimport.refuse_link_to_nobody()")
        connection.execute("DROP FUNCTION IF EXISTS nexus_reimport.refuse_to_leave_links_behind()")


def is_installed(url: str) -> bool:
    """Say whether all of the triggers are in Nexus, also those of links that have come since."""
    with _explained(), connect(url, "guard") as connection:
        wanted = {(one.schema, one.relation, _trigger_name(one)) for one in _links(connection)}
        found = set(_installed(connection))
    patients = [place for place in found if place[1:] == (PATIENTS.relation, DELETE_TRIGGER)]
    return bool(patients) and found == wanted.union(patients)


def _links(connection: Connection) -> list[Reference]:
    """Return the generic links there are. Its own id column is what a row is known by."""
    return [
        one
        for one in references_to(connection, PATIENTS)
        if one.type_column and not one.is_text and one.relation not in LOGS
    ]


def _functions(links: Sequence[Reference]) -> sql.Composed:
    links_of = [
        sql.SQL(_LINKS_OF).format(
            type_column=sql.Identifier(str(one.type_column)),
            relation=sql.Identifier(one.schema, one.relation),
            column=sql.Identifier(one.column),
        )
        for one in links
    ]
    return sql.SQL(_FUNCTIONS).format(links=sql.SQL(" UNION ALL ").join(links_of))


def _link_trigger(one: Reference) -> sql.Composed:
    type_column = str(one.type_column)
    return sql.SQL(_LINK).format(
        trigger=sql.Identifier(_trigger_name(one)),
        relation=sql.Identifier(one.schema, one.relation),
        column=sql.Identifier(one.column),
        type_column=sql.Identifier(type_column),
        column_name=sql.Literal(one.column),
        type_name=sql.Literal(type_column),
    )


def _trigger_name(one: Reference) -> str:
    """Return the name of a link's trigger: a table may have several links."""
    side = one.column.removesuffix("object_id").strip("_")
    return f"{LINK_TRIGGER}_{side}" if side else LINK_TRIGGER


@contextmanager
def _explained() -> Iterator[None]:
    """Say in one line why PostgreSQL would not have it: its own words name relations, and no rows."""
    try:
        yield
    except psycopg.Error as error:
        message = f"PostgreSQL refused: {error.diag.message_primary}. The guard needs the tables' owner."
        raise PublicationError(message) from None


def _installed(connection: Connection) -> list[tuple[str, str, str]]:
    """Return the schema, relation and name of each of our triggers that there is."""
    names = {"patient": DELETE_TRIGGER, "link": LINK_TRIGGER}
    return [(str(one[0]), str(one[1]), str(one[2])) for one in connection.execute(_INSTALLED, names)]


def _drop_triggers(connection: Connection) -> None:
    for schema, relation, name in _installed(connection):
        statement = sql.SQL("DROP TRIGGER {} ON {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(schema, relation)))
