"""The grants that a superuser is to make. The files are psql's, with roles and database as its variables."""

import re
from collections.abc import Mapping
from importlib.resources import files

from psycopg import sql

REIMPORT, PLANNER = "reimport.sql", "planner.sql"
# As psql writes them: :"name" for an identifier, :'name' for a literal.
_VARIABLE = re.compile(r""":(["'])(\w+)\1""")


def grants(database: str, owner: str, role: str, planner: str | None = None) -> str:
    """Return the statements with these names, for any client: the role that reimports, then the planner's."""
    names = {"DBNAME": database, "owner": owner, "role": role, "planner": planner or ""}
    scripts = [REIMPORT, PLANNER] if planner else [REIMPORT]
    return "\n".join(_filled(read_script(script), names) for script in scripts)


def read_script(script: str) -> str:
    """Return a file of grants as it stands."""
    return files(__package__).joinpath(script).read_text()


def _filled(text: str, names: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        quoted = sql.Identifier if found[1] == '"' else sql.Literal
        return quoted(names[found[2]]).as_string()

    return _VARIABLE.sub(value, text)
