"""Why pg_dump and pg_restore failed, in their own words, without a value of a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_reimport.load.backup.pg_dump_errors import reason

SAID = [
    (
        "pg_dump: error: query failed: ERROR:  permission denied for sequence auth_user_id_seq\n"
        "pg_dump: detail: Query was: SELECT last_value",
        ": query failed: ERROR:  permission denied for sequence auth_user_id_seq (apply again what"
        " nexus-reimport grants prints)",
    ),
    (
        "pg_dump: error: aborting because of server version mismatch\n"
        "pg_dump: detail: server version: 18.4; pg_dump version: 15.18 (Debian 15.18-0+deb12u1)",
        ": aborting because of server version mismatch (server version: 18.4, its own: 15.18) (it is older"
        " than the server; say in PG_DUMP where a newer one is)",
    ),
    (
        'pg_dump: error: Dumping the contents of table "notes" failed: PQgetResult() failed.\n'
        "pg_dump: detail: Error message from server: ERROR:  character with byte sequence 0xe2 0x80 0x99 in"
        ' encoding "UTF8" has no equivalent in encoding "LATIN1"\npg_dump: detail: Command was: COPY',
        ': Dumping the contents of table "notes" failed: PQgetResult() failed: character with byte sequence'
        ' … … … in encoding "UTF8" has no equivalent in encoding "LATIN1"',
    ),
    (
        'pg_dump: error: could not translate host name "db.example.org" to address: Name or service not'
        " known",
        ': could not translate host name "db.example.org" to address: Name or service not known',
    ),
    (
        'pg_dump: error: query would be affected by row-level security policy for table "notes"',
        ': query would be affected by row-level security policy for table "notes" (a policy hides rows from'
        " the role, so its dump would be short)",
    ),
]
QUOTING = [
    'pg_restore: error: COPY failed for table "patients": ERROR:  invalid input syntax for type date: "{}"\n'
    'CONTEXT:  COPY patients, line 1, column dob: "{}"',
    'pg_restore: error: ERROR:  duplicate key value violates unique constraint "k"\nDETAIL:  Key (mrn)=({}).',
    "pg_dump: error: query failed: ERROR:  could not parse '{}'",
    "CONTEXT:  COPY notes, line 7: {}\npg_dump: error: out of memory",
    "{}: error: something of another program",
]


@pytest.mark.parametrize(("said", "told"), SAID)
def test_the_reason_is_told_as_it_was_given(said: str, told: str) -> None:
    assert reason(said.encode()) == told


@pytest.mark.parametrize("said", QUOTING)
@pytest.mark.parametrize(
    "value", ["Smith", 'Ann "Bo" Smith', "12 Long St", "ann@example.org", "a 'b", "0412 345 678"]
)
def test_no_value_of_a_row_is_told(said: str, value: str) -> None:
    told = reason(said.format(value, value).encode())
    assert not {part for part in value.replace('"', " ").split() if len(part) > 1 and part in told}


@pytest.mark.parametrize(
    "said", [b"", b"Killed", b"\xff\xfe", b"pg_dump: warning: there are circular foreign keys"]
)
def test_where_no_reason_is_given_none_is_told(said: bytes) -> None:
    assert reason(said) == ""


@given(st.binary(max_size=300))
def test_whatever_is_said_the_reason_is_one_short_line(said: bytes) -> None:
    assert "\n" not in reason(b"pg_dump: error: " + said)
    assert len(reason(b"pg_dump: error: " + said)) < 500
