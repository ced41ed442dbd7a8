"""Plans as they are kept: JSON with an id made of what the plan depends on, and what has moved since."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import obstore
import orjson
from obstore.store import ObjectStore

from nexus_reimport.publish.exceptions import PlanStale, PlanUnknown
from nexus_reimport.publish.planning import Planned

FOLDER = "plans"
REJECTS_SHOWN = 10

PlanRecord = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """What a plan was made from: digests of the sources by asset, of the code, and the run's options."""

    sources: Mapping[str, str]
    code: str
    options: Mapping[str, Any]


def plan_record(
    planned: Planned,
    inputs: Inputs,
    rejects: Mapping[str, list[dict[str, str]]],
    made: Mapping[str, str],
    thumbnails_to_make: int,
) -> PlanRecord:
    """Return a plan as it is kept. `made`: run_id, made_at, as_of; `rejects`: by table, key, field, reason.

    The id depends on the inputs, on Nexus's rows and schema and on the options, and on nothing else: a
    plan made again over the same is the same plan.
    """
    fingerprints = {
        "sources": dict(inputs.sources),
        "target": planned.target,
        "schema": planned.schema,
        "code": inputs.code,
    }
    return {
        "id": _id(fingerprints, inputs.options),
        **made,
        "options": dict(inputs.options),
        "fingerprints": fingerprints,
        "rows": planned.rows,
        "writes": planned.writes,
        "tables": {
            name: {
                **asdict(table.counts),
                "rejected": _by_reason(rejects[name]),
                "fields": table.fields,
                "samples": {**table.samples, **_rejects_shown(rejects[name])},
            }
            for name, table in planned.tables.items()
        },
        "thumbnails": {"to_make": thumbnails_to_make},
    }


def _id(fingerprints: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    content = orjson.dumps([fingerprints, options], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]


def _by_reason(rejects: list[dict[str, str]]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for reject in rejects:
        counted[reject["reason"]] = counted.get(reject["reason"], 0) + 1
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _rejects_shown(rejects: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    shown = [{name: one[name] for name in ("key", "field", "reason")} for one in rejects[:REJECTS_SHOWN]]
    return {"rejected": shown} if shown else {}


def refuse_if_moved(old: PlanRecord, new: PlanRecord, applied: Mapping[str, int]) -> None:
    """Raise PlanStale, saying what has moved, unless the old plan made again now is the same plan.

    `applied`: the publications that stand, by the id of the plan they applied.
    """
    if old["id"] in applied:
        raise PlanStale(
            f"Plan {old['id']} was applied already, as publication {applied[old['id']]}. Make a new plan."
        )
    if not any(new["rows"].values()) and any(old["rows"].values()):
        raise PlanStale(
            f"Plan {old['id']} was made for a Nexus with rows in it, and this one is empty. Is "
            "NEXUS_DATABASE_URL the right database? Nothing was written."
        )
    if moved := what_moved(old, new):
        raise PlanStale(
            f"Plan {old['id']} does not hold any more: {'; '.join(moved)}. Nothing was written. Make a new "
            f"plan; the old one can be looked at with: nexus-reimport plan --show {old['id']}"
        )


def what_moved(old: PlanRecord, new: PlanRecord) -> list[str]:
    """Return what is another between two plans, in words: sources, target, schema, code, options."""
    was, now = old["fingerprints"], new["fingerprints"]
    moved = []
    if sources := _different(was["sources"], now["sources"]):
        moved.append(f"the source moved ({', '.join(sources)})")
    if target := _different(was["target"], now["target"]):
        moved.append(f"Nexus moved ({', '.join(target)})")
    if was["schema"] != now["schema"]:
        moved.append("the schema of Nexus's database moved")
    if was["code"] != now["code"]:
        moved.append("this program is another release than the one that planned")
    if old["options"] != new["options"]:
        moved.append("the run's options are others")
    return moved


def _different(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))


def save_plan(store: ObjectStore, plan: PlanRecord) -> None:
    """Keep a plan under its id."""
    obstore.put(store, f"{FOLDER}/{plan['id']}.json", orjson.dumps(plan, option=orjson.OPT_INDENT_2))


def load_plan(store: ObjectStore, plan_id: str) -> PlanRecord:
    """Return a kept plan. Raises PlanUnknown."""
    try:
        content = bytes(obstore.get(store, f"{FOLDER}/{plan_id}.json").bytes())
    except (FileNotFoundError, ValueError):
        raise PlanUnknown(f"There is no plan {plan_id!r}. List them: nexus-reimport plan --list") from None
    plan: PlanRecord = orjson.loads(content)
    return plan


def list_plans(store: ObjectStore) -> list[PlanRecord]:
    """Return every kept plan, the newest first."""
    names = [one["path"] for chunk in obstore.list(store, prefix=f"{FOLDER}/") for one in chunk]
    plans = [load_plan(store, name.rpartition("/")[2].removesuffix(".json")) for name in names]
    return sorted(plans, key=lambda plan: str(plan["made_at"]), reverse=True)
