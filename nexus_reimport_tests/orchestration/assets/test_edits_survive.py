"""Edits made in Nexus between two runs, in a whole line: every column from FileMaker, of every table."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from nexus_reimport.model.columns import Column, Table
from nexus_reimport.model.nexus import TABLES
from nexus_reimport.sandbox.clinic import SyntheticClinic
from nexus_reimport.sandbox.readers.patient_page import Shown, saved_address, saved_contact, shown_contact
from nexus_reimport_tests.line import ALL_MAY_CHANGE, Line, query
from nexus_reimport_tests.line_fixtures import MakeLine, ServeFileMaker

# What a person puts into a column of that kind: an expression over the column's own value.
EDITS = {
    "text": "'edited'",
    "varchar": "'edited'",
    "date": "DATE '1999-12-31'",
    "timestamptz": "{column} + interval '1 day'",
    "integer": "coalesce({column}, 0) + 1",
    "boolean": "NOT {column}",
    "jsonb": "'{{\"edited\": true}}'",
}
# Fields that FileMaker has changed by the second run, so that there are conflicts as well.
MOVED = {
    "API_Contacts": "nameLast",
    "API_Notes": "Note",
    "API_event": "note",
    "API_Messages": "MessageBody",
    "API_Docs": "Type",
}


def edited_value(url: str, table: Table, column: Column) -> str:
    """What a person puts there: another value that the column, and what it points at, allow."""
    if column.choices:
        first, last = column.choices[0], column.choices[-1]
        return f"CASE WHEN {column.name} = '{last}' THEN '{first}' ELSE '{last}' END"
    if column.name == "content_type_id":
        return "(SELECT max(id) FROM django_content_type)"
    if column.kind == "uuid":
        links = {link.column: link.relation for link in table.links}
        if column.name not in links:
            return "gen_random_uuid()"
        return (
            f"(SELECT max(o.id::text)::uuid FROM {links[column.name]} o"  # noqa: S608 - ours
            f" WHERE o.id IS DISTINCT FROM t.{column.name})"
        )
    return EDITS[column.kind].format(column=f't."{column.name}"')


def edits_of(url: str, table: Table) -> dict[str, tuple[str, Any]]:
    """Edit each source column in a row of its own; return by column the row and the value it has now."""
    columns = table.named("source")
    ids = [row for (row,) in query(url, f"SELECT id::text FROM {table.relation} ORDER BY id")]  # noqa: S608 - ours
    assert len(ids) >= len(columns), table.name
    found = {}
    for column, row_id in zip(columns, ids, strict=False):
        value = edited_value(url, table, column)
        name, here = f'"{column.name}"::text', f"{table.relation} t"
        before = query(url, f"SELECT {name} FROM {here} WHERE id = %s", row_id)  # noqa: S608 - ours
        edit = f'UPDATE {here} SET "{column.name}" = {value} WHERE id = %s RETURNING {name}'  # noqa: S608 - ours
        [(now,)] = query(url, edit, row_id)
        assert [(now,)] != before, (table.name, column.name)
        found[column.name] = (row_id, now)
    return found


def moved(clinic: SyntheticClinic) -> Mapping[str, list[dict[str, Any]]]:
    """Every record of FileMaker with a field that has another value now."""
    return {
        entity: [
            {**row, name: f"{row[name]} moved"} if row.get(name) else row for row in clinic.entities[entity]
        ]
        for entity, name in MOVED.items()
    }


def test_every_edit_of_every_column_survives_a_run_with_a_changed_source(
    line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker
) -> None:
    assert line.run().right
    edits = {table.name: edits_of(line.url, table) for table in TABLES}
    line.filemaker = filemaker_with(**moved(clinic))
    outcome = line.run(allow_change=ALL_MAY_CHANGE)
    assert outcome.right, (outcome.failures, line.failed_checks(outcome))
    for table in TABLES:
        for column, (row_id, value) in edits[table.name].items():
            found = query(line.url, f'SELECT "{column}"::text FROM {table.relation} WHERE id = %s', row_id)  # noqa: S608 - ours
            assert found == [(value,)], (table.name, column)
        counts = outcome.tables[table.name]
        assert counts["edits_kept"] + counts["conflicts"] == len(table.named("source")), table.name
    for name in ("patients", "appointments", "notes", "sms_messages", "documents"):
        assert outcome.tables[name]["updated"] > 0, name
        assert outcome.tables[name]["conflicts"] > 0 or name == "documents", name


def contact_of(url: str, filemaker_id: str) -> dict[str, Any]:
    [(found,)] = query(
        url,
        "SELECT contact_json FROM patients WHERE filemaker_metadata->>'filemaker_id' = %s",
        filemaker_id,
    )
    contact: dict[str, Any] = found
    return contact


def test_a_number_corrected_on_the_page_stays_and_the_patients_other_entries_follow_filemaker(
    line: Line, clinic: SyntheticClinic, filemaker_with: ServeFileMaker
) -> None:
    assert line.run().right
    edited: dict[str, Shown] = {}
    for row_id, owner, contact, address in query(
        line.url,
        "SELECT id, filemaker_metadata->>'filemaker_id', contact_json, address_json FROM patients"
        " WHERE jsonb_array_length(contact_json->'phones') > 1 AND address_json ? 'street'"
        " ORDER BY id LIMIT 20",
    ):
        saved, label = saved_contact(contact), contact["phones"][0]["label"]
        saved[contact["phones"][0]["type"]][label]["value"] = "0400 000 000"
        corrected = {**saved_address(address), "street": "9 New Rd"}
        query(
            line.url,
            "UPDATE patients SET contact_json = %s, address_json = %s WHERE id = %s RETURNING 1",
            orjson.dumps(saved).decode(),
            orjson.dumps(corrected).decode(),
            row_id,
        )
        edited[owner] = shown_contact(saved)
    assert edited
    details = [
        {**row, "ph": f"99 {row['ph']}"}
        if str(row["type"]).lower() in ("phone", "mobile") and row["ph"]
        else row
        for row in clinic.entities["API_Contact_Details"]
    ]
    line.filemaker = filemaker_with(API_Contact_Details=details)
    outcome = line.run(allow_change=["patients.contact_json"])
    assert outcome.right, (outcome.failures, line.failed_checks(outcome))
    for owner, before in edited.items():
        now = shown_contact(contact_of(line.url, owner))
        for kind in ("phone", "mobile"):
            wanted = sorted(
                number if number == "0400 000 000" else f"99 {number}" for number in before[kind].values()
            )
            assert sorted(now[kind].values()) == wanted
        assert now["email"] == before["email"]
    assert outcome.tables["patients"]["conflicts"] == len(edited)
    again = line.run()
    assert again.right
    assert again.tables["patients"]["updated"] == 0


@pytest.mark.parametrize("state", ["older:P1", "older:P2+P3"])
def test_a_number_put_in_on_the_page_of_an_older_imports_patient_stays_beside_filemakers(
    make_line: MakeLine, state: str
) -> None:
    line = make_line(state)
    edited = {}
    for row_id, contact, address in query(
        line.url,
        "SELECT id::text, contact_json, address_json FROM patients"
        " WHERE filemaker_metadata->>'filemaker_id' IS NOT NULL ORDER BY id LIMIT 12",
    ):
        saved = saved_contact(contact or {})
        saved["mobile"]["Carer"] = {"value": "0400 000 000", "default": False}
        corrected = {**saved_address(address or {}), "street": "9 New Rd"}
        query(
            line.url,
            "UPDATE patients SET contact_json = %s, address_json = %s, updated_at = now() WHERE id = %s",
            orjson.dumps(saved).decode(),
            orjson.dumps(corrected).decode(),
            row_id,
        )
        edited[row_id] = saved
    outcome = line.run()
    assert outcome.right, (outcome.failures, line.failed_checks(outcome))
    fresh = make_line()
    assert fresh.run().right
    compared = (
        "SELECT i.source_key, p.id::text, p.contact_json, p.address_json FROM patients p"
        " JOIN nexus_reimport.identities i ON i.table_name = 'patients' AND i.id = p.id"
    )
    wanted = {one: (contact, address) for one, _, contact, address in query(fresh.url, compared)}
    found = query(line.url, compared)
    assert outcome.tables["patients"]["edits_kept"] == len(
        edited.keys() & {row_id for _, row_id, *_ in found}
    )
    for owner, row_id, contact, address in found:
        if row_id not in edited:
            assert (contact, address) == wanted[owner]
            continue
        numbers = [one["number"] for one in contact["phones"]]
        assert sorted(numbers) == sorted(
            ["0400 000 000", *(one["number"] for one in wanted[owner][0]["phones"])]
        )
        assert address["street"] == "9 New Rd"
        assert address["addresses"][1:] == wanted[owner][1].get("addresses", [])
    again = line.run()
    assert again.right
    assert again.tables["patients"]["updated"] == 0
