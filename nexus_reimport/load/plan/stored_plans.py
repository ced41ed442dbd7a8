"""Plans as they are kept: JSON, with an id made of what the plan depends on."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import obstore
import orjson
from obstore.store import ObjectStore

from nexus_reimport.load.exceptions import PlanUnknown
from nexus_reimport.load.plan.making import NexusSnapshot, Planned
from nexus_reimport.model.options import of_plan

_FOLDER = "plans"
REJECTS_SHOWN = 10
_ID = re.compile("[0-9a-f]{16}")

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
    fingerprints = fingerprints_of(planned.standing, inputs)
    return {
        "id": _id(fingerprints, inputs.options),
        **made,
        "options": dict(inputs.options),
        "fingerprints": fingerprints,
        "rows": planned.standing.rows,
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
        "left_over": _listed(planned.left_over, inputs.options),
        "mass_changes": [one.as_json() for one in planned.excesses],
        "thumbnails": {"to_make": thumbnails_to_make},
    }


def _listed(left_over: Mapping[str, list[str]], options: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the rows of older imports that a plan lists: not those of which it was said that they stay."""
    planned = of_plan(options)
    return {
        name: ids for name, ids in left_over.items() if ids and planned.word("older_imports", name) != "stay"
    }


def fingerprints_of(standing: NexusSnapshot, inputs: Inputs) -> dict[str, Any]:
    """Return digests of all that a plan depends on: sources, Nexus's tables and schema, and the code."""
    return {
        "sources": dict(inputs.sources),
        "target": standing.target,
        "schema": standing.schema,
        "code": inputs.code,
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


def save_plan(store: ObjectStore, plan: PlanRecord) -> None:
    """Keep a plan under its id."""
    obstore.put(store, f"{_FOLDER}/{plan['id']}.json", orjson.dumps(plan, option=orjson.OPT_INDENT_2))


def load_plan(store: ObjectStore, plan_id: str) -> PlanRecord:
    """Return a kept plan. Raises PlanUnknown."""
    unknown = PlanUnknown(f"There is no plan {plan_id!r}. List them: nexus-reimport plan --list")
    if not _ID.fullmatch(plan_id):
        raise unknown
    try:
        content = bytes(obstore.get(store, f"{_FOLDER}/{plan_id}.json").bytes())
    except FileNotFoundError:
        raise unknown from None
    plan: PlanRecord = orjson.loads(content)
    return plan


def list_plans(store: ObjectStore) -> list[PlanRecord]:
    """Return every kept plan, the newest first."""
    names = [one["path"] for chunk in obstore.list(store, prefix=f"{_FOLDER}/") for one in chunk]
    plans = [load_plan(store, name.rpartition("/")[2].removesuffix(".json")) for name in names]
    return sorted(plans, key=lambda plan: str(plan["made_at"]), reverse=True)
