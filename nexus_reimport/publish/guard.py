"""Constraint triggers that make PostgreSQL itself refuse a batch or document that points at nobody.

Off by default: they are put into Nexus, and taken out again, by one command. They are checked at COMMIT, so
any order of writing inside a transaction works, as with Nexus's own foreign keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from nexus_reimport.publish.connection import Connection, connect
from nexus_reimport.publish.exceptions import PublicationError

POINTING = ("images_batch", "documents_document")
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
        'SELECT t.object_id FROM %I t JOIN django_content_type c ON c.id = t.content_type_id
            WHERE t.id = $1 AND c.app_label = ''patients'' AND c.model = ''patient''',
        TG_TABLE_NAME) INTO patient USING NEW.id;
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
        SELECT FROM (
            SELECT content_type_id FROM images_batch WHERE object_id = OLD.id
            UNION ALL
            SELECT content_type_id FROM documents_document WHERE object_id = OLD.id) t
        JOIN django_content_type c ON c.id = t.content_type_id
        WHERE c.app_label = 'patients' AND c.model = 'patient')
    THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('patient %s still has photographs or documents', OLD.id),
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
"""

_LINK = """
CREATE CONSTRAINT TRIGGER {trigger} AFTER INSERT OR UPDATE OF object_id, content_type_id ON {relation}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nexus_reimport.refuse_link_to_nobody()
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
        connection.execute(_FUNCTIONS)
        for relation in POINTING:
            _create(connection, _LINK, LINK_TRIGGER, relation)
        _create(connection, _DELETE, DELETE_TRIGGER, "patients")


def remove(url: str) -> None:
    """Take the triggers out of Nexus, with their functions."""
    with _explained(), connect(url, "guard") as connection:
        _drop_triggers(connection)
        connection.execute("DROP FUNCTION IF EXISTS nexus_reimport.refuse_link_to_nobody()")
        connection.execute("DROP FUNCTION IF EXISTS nexus_reimport.refuse_to_leave_links_behind()")


def is_installed(url: str) -> bool:
    """Say whether all of the triggers are in Nexus."""
    with _explained(), connect(url, "guard") as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgname = ANY (%s)", [[LINK_TRIGGER, DELETE_TRIGGER]]
        ).fetchone()
    return bool(row and row[0] == len(POINTING) + 1)


@contextmanager
def _explained() -> Iterator[None]:
    """Say in one line why PostgreSQL would not have it: its own words name relations, and no rows."""
    try:
        yield
    except psycopg.Error as error:
        message = f"PostgreSQL refused: {error.diag.message_primary}. The guard needs the tables' owner."
        raise PublicationError(message) from None


def _create(connection: Connection, statement: str, trigger: str, relation: str) -> None:
    composed = sql.SQL(statement).format(trigger=sql.Identifier(trigger), relation=sql.Identifier(relation))
    connection.execute(composed)


def _drop_triggers(connection: Connection) -> None:
    names = [(LINK_TRIGGER, relation) for relation in POINTING] + [(DELETE_TRIGGER, "patients")]
    for trigger, relation in names:
        statement = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
        connection.execute(statement.format(sql.Identifier(trigger), sql.Identifier(relation)))
