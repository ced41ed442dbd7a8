"""Our own schema in Nexus: the numbered SQL files that make it, and how a database is brought to the newest.

Plain psycopg and no migration tool: a step is part of the publication's own transaction, under its lock, and
is made by a role that owns nothing but this schema. A file that has landed is never changed again.
"""

from nexus_reimport.load.our_tables.migrations.exceptions import SchemaNewer
from nexus_reimport.load.our_tables.migrations.files import NEWEST
from nexus_reimport.load.our_tables.migrations.readers import reading, see_newest
from nexus_reimport.load.our_tables.migrations.upgrading import upgrade
from nexus_reimport.load.our_tables.migrations.versions import SCHEMA, find_version

__all__ = ["NEWEST", "SCHEMA", "SchemaNewer", "find_version", "reading", "see_newest", "upgrade"]
