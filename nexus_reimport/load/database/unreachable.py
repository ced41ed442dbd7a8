"""Why no connection to a database came about, told from the words of PostgreSQL and its client."""

import re

import psycopg

# The words of PostgreSQL 15 to 18 and libpq, in their order: the first that fits is the cause. libpq gives no
# SQLSTATE for a connection that was never made, only text (psycopg.Error.sqlstate is None), and a server that
# speaks another language is not understood: OTHERWISE.
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        "failed to resolve|could not translate host name",
        "there is no host of the name in {setting}, or no name server that knows it.",
    ),
    (
        r"on socket .*(No such file|Connection refused)",
        "no PostgreSQL of this machine listens at the socket. Start it, or name its host in {setting}.",
    ),
    (
        "Connection refused",
        "its port refuses the connection. Correct host and port in {setting}, or start it.",
    ),
    ("No route to host|Network is unreachable", "there is no route to its host from this machine."),
    (
        "timeout expired|Connection timed out",
        "nothing answers at its host and port, or what answers is no PostgreSQL. Correct them in {setting}.",
    ),
    ("no password supplied", "it asks for a password, and {setting} has none."),
    (
        "password authentication failed|pgpassfile",
        "it does not take the role and password in {setting}. No second try was made.",
    ),
    (
        "(Peer|Ident|GSSAPI|LDAP|PAM|certificate) authentication failed",
        "it does not take the role in {setting}.",
    ),
    (r"role .* is not permitted to log in", "the role in {setting} may not log in."),
    (r"role .* does not exist", "it has no role of the name in {setting}."),
    (r"database .* does not exist", "it has no database of the name in {setting}."),
    ("permission denied for database", "the role in {setting} may not connect to the database."),
    (
        "no pg_hba.conf entry|pg_hba.conf rejects",
        "its pg_hba.conf lets in neither this machine nor the role in {setting}, or only with TLS.",
    ),
    (
        "too many clients|remaining connection slots|too many connections for",
        "it has no connection left (too many connections). Close some, or run again later.",
    ),
    (
        "starting up|shutting down|in recovery mode|not yet accepting",
        "it is starting or stopping. Run again soon.",
    ),
    ("does not support SSL", "it does not speak TLS, and {setting} asks for it."),
    (
        "certificate verify failed|does not match host name",
        "its TLS certificate is not trusted, has expired or is for another name. Name a private authority's "
        "file by sslrootcert= in {setting}; verification can't be switched off.",
    ),
    (
        "root certificate file|private key file|certificate file",
        "a certificate's file named in {setting} can't be read.",
    ),
    (
        "SSL error|SSL negotiation|SSL SYSCALL",
        "what answers there does not speak PostgreSQL's TLS: a proxy, or no PostgreSQL.",
    ),
    ("server closed the connection", "what answers there broke off: a proxy, or no PostgreSQL."),
)
_OTHERWISE = "it refuses the connection. Its own log says why."


def why_unreachable(error: psycopg.OperationalError, database: str, setting: str) -> str:
    """Return one sentence: what kept a connection from being made, and what to do about it.

    `database` is what people call it; `setting` names where its URL is, of which nothing is told: the
    client's words may quote it.
    """
    said = str(error)
    cause = next((words for pattern, words in _CAUSES if re.search(pattern, said)), _OTHERWISE)
    return f"{database} can't be reached: {cause.format(setting=setting)}"
