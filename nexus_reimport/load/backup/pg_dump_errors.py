"""What pg_dump and pg_restore say of why they failed, without what may be a value of a row or a secret."""

import re

# Details and contexts quote rows: neither is looked at.
_PROGRAM = re.compile(r"^pg_\w+: error: (.+)", re.MULTILINE)
_SERVER = re.compile(r"(?:ERROR|FATAL|PANIC): +(.+)")
_VERSIONS = re.compile(
    r"^pg_\w+: detail: (server version: [\w.]+).*?; pg_dump version: ([\w.]+)", re.MULTILINE
)
# Names of what a database is made of may stand in quotes; anything else there may be a value.
_NOUNS = (
    "table|relation|view|sequence|schema|database|role|user|column|constraint|index|function|extension|type|"
    "collation|parameter|service|encoding|policy|trigger|language|tablespace|server at|host name"
)
_QUOTED = re.compile(rf"""(?P<noun>\b(?:{_NOUNS}) )?(?:"[^"]*"?|'[^']*'?)""")
_MAYBE_VALUES = re.compile(r"\b0x[0-9a-f]{2}\b|\S+@\S+|\b\d{6,}\b")
_ADVICE = {
    "server version mismatch": "it is older than the server; say in PG_DUMP where a newer one is",
    "password authentication failed": "the server does not take the role's password",
    "lack SELECT privilege": "apply again what nexus-reimport grants prints",
    "permission denied": "apply again what nexus-reimport grants prints",
    "row-level security": "a policy hides rows from the role, so its dump would be short",
    "could not write": "there is no room for its file",
    "No space left": "there is no room for its file",
}
LONGEST = 300


def reason(said: bytes) -> str:
    """Return the reason in a program's last words, led in by a colon; empty where it gives none."""
    text = said.decode(errors="replace")
    words = _first(_PROGRAM, text)
    if not _SERVER.search(words) and (server := _first(_SERVER, text)):
        words = f"{words}: {server}" if words else server
    if not words:
        return ""
    if versions := _VERSIONS.search(text):
        words += f" ({versions[1]}, its own: {versions[2]})"
    advice = next((f" ({meaning})" for known, meaning in _ADVICE.items() if known in words), "")
    return f": {_without_values(words)[:LONGEST]}{advice}"


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1].rstrip(" .") if found else ""


def _without_values(words: str) -> str:
    """Return the words up to a quotation that is no name: a value may have quotes in it, it ends anywhere."""
    unknown = next((found.start() for found in _QUOTED.finditer(words) if not found["noun"]), None)
    known = words if unknown is None else words[:unknown] + "…"
    return _MAYBE_VALUES.sub("…", known)
