"""How a plan is shown in the UI: tables of counts, of fields, and of the first rows by key. Never a value."""

from typing import Any

import dagster as dg

from nexus_reimport.load.plan.stored_plans import PlanRecord
from nexus_reimport.model.counts import COUNTED, PARTS, READ, WRITTEN
from nexus_reimport.model.outcome import as_planned, in_numbers
from nexus_reimport.model.reasons import explain
from nexus_reimport.orchestration.assets.metadata import Metadata
from nexus_reimport.orchestration.assets.publishing import PLAN_ID

SAMPLES_SHOWN = 100


def plan_metadata(plan: PlanRecord) -> Metadata:
    """Return the metadata of a plan's materialization."""
    tables: dict[str, Any] = plan["tables"]
    touched = sum(one[count] for one in tables.values() for count in WRITTEN)
    return {
        PLAN_ID: plan["id"],
        "as_of": plan["as_of"],
        "rows_to_write": touched,
        "counts": _table(_counts_shown(tables)),
        "fields": _table(
            [
                {"table": name, "field": field, "rows": rows}
                for name, one in tables.items()
                for field, rows in one["fields"].items()
            ]
        ),
        "rejected": _table(
            [
                {"table": name, "reason": reason, "rows": rows, "meaning": explain(name, reason)}
                for name, one in tables.items()
                for reason, rows in one["rejected"].items()
            ]
        ),
        "first_rows": _table(_samples(tables)[:SAMPLES_SHOWN]),
        "tables": dg.MetadataValue.json({name: as_planned(one) for name, one in tables.items()}),
        "mass_changes": _table([_mass_change(one) for one in plan["mass_changes"]]),
        "thumbnails_to_make": plan["thumbnails"]["to_make"],
        "apply_it": f"nexus-reimport run --plan {plan['id']}",
    }


def _counts_shown(tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the counts by table, without those that are nought in all: a page shows six or seven."""
    counts = {name: in_numbers(one) for name, one in tables.items()}
    names = [
        count
        for count in dict.fromkeys((*PARTS, READ, *COUNTED))
        if count in PARTS or any(c[count] for c in counts.values())
    ]
    return [{"table": name, **{count: one[count] for count in names}} for name, one in counts.items()]


def _samples(tables: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "table": name,
            "what": kind,
            "fields": ", ".join(one.get("fields", [])) or one.get("reason", ""),
            "key": one.get("key") or "",
            "id": one.get("id") or "",
        }
        for name, table in tables.items()
        for kind, samples in table["samples"].items()
        for one in samples
    ]


def _mass_change(one: dict[str, Any]) -> dict[str, Any]:
    return {"column": one["column"], "stops": "yes" if one["stops"] else "no", "says": one["says"]}


def _table(rows: list[dict[str, Any]]) -> dg.TableMetadataValue | str:
    if not rows:
        return "none"
    columns = [
        dg.TableColumn(name, "int" if isinstance(value, int) else "string") for name, value in rows[0].items()
    ]
    return dg.MetadataValue.table(
        [dg.TableRecord(row) for row in rows], schema=dg.TableSchema(columns=columns)
    )
